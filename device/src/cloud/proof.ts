import { sign } from 'node:crypto';
import type { EpochMs } from '@cat-feeder/shared';
import type { SigningKey } from './device-identity.ts';

/** How long a proof is good for; the cloud's own nonce in it is good for as long. */
const PROOF_S = 120;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What a proof says. Its times are the cloud's: this feeder's clock may know none. */
export interface ProofWords {
  readonly purpose: 'claim' | 'token' | 'rotate';
  /** The address of the cloud: a proof for one is nothing for another. */
  readonly audience: string;
  readonly nonce: string;
  readonly nowMs: EpochMs;
  /** Null: nobody has a name for this feeder yet. */
  readonly deviceId: string | null;
  /** The thumbprint of the key that is to follow. */
  readonly next?: string;
}

/** A JSON Web Token, signed with a key of the feeder (EdDSA). */
export function makeProof(by: SigningKey, words: ProofWords): string {
  const { purpose, audience: aud, nonce, nowMs, deviceId, next } = words;
  const iat = Math.floor(nowMs / 1000);
  const about = deviceId === null ? {} : { iss: deviceId, sub: deviceId };
  const follows = next === undefined ? {} : { next };
  const head = part({ alg: 'EdDSA', typ: `cf-${purpose}+jwt` });
  const body = part({ ...about, ...follows, aud, nonce, iat, exp: iat + PROOF_S });
  const signature = sign(null, Buffer.from(`${head}.${body}`), by.privateKey);
  return `${head}.${body}.${signature.toString('base64url')}`;
}
