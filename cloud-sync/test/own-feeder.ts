import { randomBytes } from 'node:crypto';
import {
  type Batch,
  canonicalJson,
  chainText,
  type EventName,
  eventKinds,
  type WireEvent,
} from '@cat-feeder/shared';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { realSystem } from '../src/platform/system.ts';
import { ask, newId, type OwnHome, PUBLIC_URL, type Said } from './own-cloud.ts';

const text8 = () => randomBytes(8).toString('base64url');

export interface FeederKey {
  readonly privateKey: CryptoKey;
  readonly jwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  readonly thumbprint: string;
}

export async function newFeederKey(): Promise<FeederKey> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { x = '' } = await exportJWK(pair.publicKey);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x } as const;
  return { privateKey: pair.privateKey, jwk, thumbprint: await calculateJwkThumbprint(jwk) };
}

/** What a proof says besides the usual; for attacks, anything may be otherwise. */
export interface ProofPart {
  readonly purpose?: string;
  readonly audience?: string;
  readonly nonce?: string;
  readonly ageS?: number;
  readonly lifeS?: number;
  readonly sub?: string;
  readonly next?: string;
  readonly key?: FeederKey;
}

/** A feeder of the tests: a key, a chain, and the protocol by hand. */
export class OwnFeeder {
  /** The node that it speaks to. */
  url: string;
  key: FeederKey;
  deviceId = '';
  token = '';
  session = 0;
  epoch = 0;
  seq = 0;
  genesis = text8();
  hash = this.genesis;
  readonly boot = text8();

  private constructor(url: string, key: FeederKey) {
    this.url = url;
    this.key = key;
  }

  static async make(url: string): Promise<OwnFeeder> {
    return new OwnFeeder(url, await newFeederKey());
  }

  /** One that belongs to a home and has its token. */
  static async claimed(url: string, home: OwnHome): Promise<OwnFeeder> {
    const feeder = await OwnFeeder.make(url);
    await feeder.claim(home);
    await feeder.login();
    return feeder;
  }

  async nonce(): Promise<string> {
    return String((await ask(this.url, '/v1/time')).body['nonce']);
  }

  async proof(part: ProofPart = {}): Promise<string> {
    const { purpose = 'token', audience = PUBLIC_URL, ageS = 0, lifeS = 120 } = part;
    const { sub = this.deviceId, key = this.key, next } = part;
    const nonce = part.nonce ?? (await this.nonce());
    const iat = Math.floor(realSystem.wallMs() / 1000) - ageS;
    return new SignJWT({
      nonce,
      ...(sub === '' ? {} : { sub }),
      ...(next === undefined ? {} : { next }),
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: `cf-${purpose}+jwt`, kid: key.thumbprint })
      .setAudience(audience)
      .setIssuedAt(iat)
      .setExpirationTime(iat + lifeS)
      .sign(key.privateKey);
  }

  async startClaim(): Promise<Said> {
    const body = { key: this.key.jwk, hw: text8(), model: 'test feeder' };
    const proof = await this.proof({ purpose: 'claim' });
    return ask(this.url, '/v1/claim/start', { body: { ...body, proof } });
  }

  async pollClaim(claim: string, agreed: boolean): Promise<Said> {
    const proof = await this.proof({ purpose: 'claim' });
    return ask(this.url, '/v1/claim/poll', { body: { claim, proof, agreed } });
  }

  /** The whole way: start, the member types the code, the press, the identity. */
  async claim(home: OwnHome): Promise<void> {
    const { body } = await this.startClaim();
    const { claim, code } = body as { claim: string; code: string };
    const token = await home.anotherToken();
    await ask(this.url, '/v1/claim/confirm', { token, body: { code } });
    const claimed = await this.pollClaim(claim, true);
    if (claimed.body['state'] !== 'claimed') throw new Error(JSON.stringify([body, claimed]));
    this.deviceId = String(claimed.body['device']);
  }

  async login(): Promise<Said> {
    const said = await ask(this.url, '/v1/token', { body: { assertion: await this.proof() } });
    if (said.status === 200) this.token = String(said.body['token']);
    return said;
  }

  post(path: string, body: unknown): Promise<Said> {
    return ask(this.url, path, { token: this.token, body });
  }

  get(path: string): Promise<Said> {
    return ask(this.url, path, { token: this.token });
  }

  /** As after a fork or a change of owner: another stretch of the ledger, with nothing in it yet. */
  beginEpoch(): void {
    this.genesis = text8();
    this.hash = this.genesis;
    this.epoch = 0;
    this.seq = 0;
  }

  /** With the digest of its documents, if all entries about them are there. */
  async hello(docs: string | null = null): Promise<Said> {
    const seg = { epoch: this.epoch, gen: this.genesis, base: 1, head: this.seq };
    const said = await this.post('/v1/sync/hello', {
      ...{ v: 1, proto: { min: 1, max: 1 }, caps: ['gz'], fw: 'test', boot: this.boot },
      ...{ session_prev: this.session, segs: [seg], dcur: 0, docs, now: {}, t0: 0 },
    });
    if (said.status === 200) {
      this.session = Number(said.body['session']);
      const [answer] = said.body['segs'] as { epoch: number }[];
      this.epoch = answer?.epoch ?? this.epoch;
    }
    return said;
  }

  /** An entry of a kind, or of one that nobody knows. */
  event(b: unknown, name?: EventName): WireEvent {
    const k = name === undefined ? 60_000 : eventKinds[name].number;
    return { e: text8(), k, kv: 1, t: realSystem.wallMs(), tq: 2, bt: 0, mo: 1, b };
  }

  /** The next entries as a batch; `take` moves the chain on when it was acknowledged. */
  batch(events: readonly WireEvent[]): { body: Batch; take: () => void; hash: string } {
    const { session, epoch } = this;
    const { seq, hash: prev } = this;
    let hash = prev;
    for (const { e: eid, k: kind, kv: kver, mo: monoMs, b } of events) {
      const chained = { eid, kind, kver, boot: this.boot, monoMs, body: canonicalJson(b) };
      hash = chainText(realSystem.sha256, hash, chained);
    }
    const boots = [this.boot];
    const frame = { session, epoch, first: seq + 1, prev, boots, dcur: 0 };
    const take = () => {
      this.seq = seq + events.length;
      this.hash = hash;
    };
    return { body: { v: 1, ...frame, events: [...events] }, take, hash };
  }

  async send(events: readonly WireEvent[]): Promise<Said> {
    const { body, take } = this.batch(events);
    const said = await this.post('/v1/sync/events', body);
    if (said.status === 200) take();
    return said;
  }
}

/** A document as an entry. */
export function docChanged(part: object = {}): unknown {
  const label = { label: { name: 'Breakfast' } };
  return {
    ...{ kind: 'meal', id: newId(), rev: 1, deleted: false, groups: label, grevs: { label: 1 } },
    ...part,
  };
}
