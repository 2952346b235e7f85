import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  PublicKeySchema,
  RotateSchema,
  type SyncRefusal,
  syncRefusals,
  TokenRequestSchema,
} from '@cat-feeder/shared';
import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CloudHttp } from '../../device/src/cloud/cloud-http.ts';
import { DeviceIdentity } from '../../device/src/cloud/device-identity.ts';
import { rotateKey as changeKey } from '../../device/src/cloud/key-rotation.ts';
import { type EnrolmentContext, identify, rotateKey } from '../src/identity/enrolment.ts';
import type { DeviceKey, IdentityStore } from '../src/identity/identity-store.ts';
import { makeNonce } from '../src/identity/nonces.ts';
import { keyId } from '../src/identity/proofs.ts';
import { newServiceKeys, readServiceKeys } from '../src/identity/service-keys.ts';

/*
 * Key rotation under faults: the feeder's own programs and the service's, with lost requests and
 * answers, crashes, a card from an image, and a cloud from a backup. Whatever was lost in between,
 * the feeder is let in again, as long as the one side that was set back knows one key of the other.
 */

const URL = 'https://cloud.test';
const DEVICE = 'a'.repeat(26);
const DAY_MS = 86_400_000;
const never = new AbortController().signal;

type Row = DeviceKey & { readonly endsMs: number | null };
type Fault = 'none' | 'request lost' | 'answer lost' | 'crash';
type Act =
  | { readonly act: 'rotate' | 'login'; readonly fault: Fault }
  | { readonly act: 'restart' | 'image' | 'card restored' | 'backup' | 'cloud restored' | 'day' };

const faults = fc.constantFrom<Fault>('none', 'request lost', 'answer lost', 'crash');
const acts = fc.oneof(
  fc.record({ act: fc.constantFrom('rotate', 'login'), fault: faults }),
  fc.record({ act: fc.constantFrom('rotate', 'login'), fault: faults }),
  fc.record({
    act: fc.constantFrom('restart', 'image', 'card restored', 'backup', 'cloud restored', 'day'),
  }),
) as fc.Arbitrary<Act>;

/** The program ended in the middle of a request. */
class Crash extends Error {}

class KeyWorld {
  readonly #folder = mkdtempSync(join(tmpdir(), 'feeder-keys-'));
  readonly #path = join(this.#folder, 'identity.json');
  readonly #context: EnrolmentContext;
  #nowMs = 1_800_000_000_000;
  #rows: readonly Row[] = [];
  #backup: readonly Row[] = [];
  #identity: DeviceIdentity;
  #fault: Fault = 'none';

  constructor(keys: EnrolmentContext['keys']) {
    onTestFinished(() => rmSync(this.#folder, { recursive: true, force: true }));
    const store = {
      keys: async (_: string, nowMs: number) =>
        this.#rows.filter(({ endsMs }) => endsMs === null || endsMs > nowMs),
      rotateKey: async (_: string, key: DeviceKey, { othersEndMs }: { othersEndMs: number }) => {
        const isKnown = this.#rows.some(({ publicX }) => publicX === key.publicX);
        const all = isKnown ? this.#rows : [...this.#rows, { ...key, endsMs: null }];
        this.#rows = all.map((row) =>
          row.publicX === key.publicX ? row : { ...row, endsMs: row.endsMs ?? othersEndMs },
        );
      },
    } as unknown as IdentityStore;
    const system = { wallMs: () => this.#nowMs, random: (n: number) => new Uint8Array(n) };
    this.#context = { store, keys, system, audience: URL };
    this.#identity = DeviceIdentity.open(this.#path, 'board');
    this.#identity.setAccount({ url: URL, device: DEVICE, home: DEVICE, account: 'ada' });
    copyFileSync(this.#path, `${this.#path}.image`);
  }

  async claim(): Promise<void> {
    const { publicKey } = this.#identity;
    const kid = await keyId(v.parse(PublicKeySchema, publicKey));
    this.#rows = [{ kid, publicX: publicKey.x, endsMs: null }];
    this.#backup = this.#rows;
  }

  async perform(step: Act): Promise<void> {
    const { act } = step;
    if (act === 'rotate' || act === 'login') {
      this.#fault = step.fault;
      await this.#speak(act).catch((error: unknown) => {
        if (step.fault === 'none' && act === 'login') throw error;
      });
      if (step.fault === 'crash') this.#restart();
      this.#fault = 'none';
    } else if (act === 'restart') this.#restart();
    else if (act === 'image') copyFileSync(this.#path, `${this.#path}.image`);
    else if (act === 'card restored') {
      copyFileSync(`${this.#path}.image`, this.#path);
      this.#restart();
    } else if (act === 'backup') this.#backup = this.#rows;
    else if (act === 'cloud restored') this.#rows = this.#backup;
    else this.#nowMs += DAY_MS;
  }

  /** Whether a feeder without faults is let in, as itself. */
  async isLetIn(): Promise<boolean> {
    const answer = await this.#http().send(
      { method: 'POST', path: '/v1/sync/hello', body: {}, timeoutMs: 1000 },
      never,
    );
    return answer.status === 200;
  }

  #restart(): void {
    this.#identity = DeviceIdentity.open(this.#path, 'board');
  }

  async #speak(act: 'rotate' | 'login'): Promise<void> {
    if (act === 'login') await this.isLetIn();
    else await changeKey({ http: this.#http(), identity: this.#identity, deviceId: DEVICE });
  }

  #http(): CloudHttp {
    const fetch = (async (url: string, init: { body?: Uint8Array }) => {
      const path = url.slice(URL.length);
      const isHit = path === '/v1/token' || path === '/v1/keys/rotate';
      if (isHit && this.#fault === 'request lost') throw new TypeError('lost');
      const body = init.body === undefined ? null : JSON.parse(Buffer.from(init.body).toString());
      const answer = await this.#serve(path, body);
      if (isHit && this.#fault === 'answer lost') throw new TypeError('lost');
      if (isHit && this.#fault === 'crash') throw new Crash();
      return answer;
    }) as unknown as typeof globalThis.fetch;
    return new CloudHttp({ url: URL, identity: this.#identity, monoMs: () => 0, fetch });
  }

  async #serve(path: string, body: unknown): Promise<Response> {
    const { keys, system } = this.#context;
    const now = system.wallMs();
    const refuse = (err: SyncRefusal) =>
      Response.json({ err }, { status: syncRefusals[err].status });
    if (path === '/v1/time') {
      return Response.json({ now, nonce: makeNonce(keys, now, system.random) });
    }
    if (path === '/v1/token') {
      const { assertion } = v.parse(TokenRequestSchema, body);
      const deviceId = await identify(this.#context, assertion);
      if (deviceId !== DEVICE) return refuse('bad_token');
      return Response.json({ token: 'a.b.c', expires_s: 900 });
    }
    if (path === '/v1/keys/rotate') {
      const answer = await rotateKey(this.#context, v.parse(RotateSchema, body));
      return answer.ok ? Response.json(answer.body) : refuse(answer.refusal);
    }
    return Response.json({ ok: true });
  }
}

describe('key rotation under faults', () => {
  const story = fc.array(acts, { minLength: 4, maxLength: 12 });
  const without = (all: readonly Act[], what: readonly Act['act'][]) =>
    all.filter(({ act }) => !what.includes(act));

  it.each([
    [
      'whatever was lost on the way',
      (all: readonly Act[]) => without(all, ['card restored', 'cloud restored']),
    ],
    [
      'to a cloud from a backup of before a rotation',
      (all: readonly Act[]) => withinReach(without(all, ['card restored'])),
    ],
    [
      'with a card from an image of before a rotation, within a week',
      (all: readonly Act[]) => withinReach(without(all, ['cloud restored'])),
    ],
  ])('lets the feeder in again %s', { timeout: 60_000 }, async (_, possible) => {
    const keys = await readServiceKeys(await newServiceKeys());
    let rotations = 0;
    await fc.assert(
      fc.asyncProperty(story, async (drawn) => {
        const world = new KeyWorld(keys);
        await world.claim();
        for (const step of possible(drawn)) {
          if (step.act === 'rotate') rotations += 1;
          await world.perform(step);
        }
        expect(await world.isLetIn()).toBe(true);
      }),
      { numRuns: 60 },
    );
    expect(rotations).toBeGreaterThan(10);
  });
});

/**
 * Takes out what nobody promises: a second rotation behind the image or the backup that comes
 * back, and a week between it and them.
 */
function withinReach(all: readonly Act[]): readonly Act[] {
  const kept: Act[] = [];
  let rotated = 0;
  let days = 0;
  for (const step of all) {
    if (step.act === 'image' || step.act === 'backup') continue;
    if (step.act === 'rotate') {
      if (rotated > 0) continue;
      rotated += 1;
    }
    if (step.act === 'day' && days >= 5) continue;
    if (step.act === 'day') days += 1;
    kept.push(step);
  }
  return kept;
}
