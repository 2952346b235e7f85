import { sign } from 'node:crypto';
import type { EpochMs } from '@cat-feeder/shared';
import type { DeviceIdentity } from './device-identity.ts';

/** How long a proof is good for; the cloud's own nonce in it is good for as long. */
const PROOF_S = 120;

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What a proof says. Its times are the cloud's: this feeder's clock may know none. */
export interface ProofWords {
  readonly purpose: 'claim' | 'token';
  /** The address of the cloud: a proof for one is nothing for another. */
  readonly audience: string;
  readonly nonce: string;
  readonly nowMs: EpochMs;
  /** Null: nobody has a name for this feeder yet. */
  readonly deviceId: string | null;
}

/** A JSON Web Token, signed with the feeder's key (EdDSA). */
export function makeProof(identity: DeviceIdentity, words: ProofWords): string {
  const { purpose, audience: aud, nonce, nowMs, deviceId } = words;
  const iat = Math.floor(nowMs / 1000);
  const about = deviceId === null ? {} : { iss: deviceId, sub: deviceId };
  const head = part({ alg: 'EdDSA', typ: `cf-${purpose}+jwt` });
  const body = part({ ...about, aud, nonce, iat, exp: iat + PROOF_S });
  const signature = sign(null, Buffer.from(`${head}.${body}`), identity.privateKey);
  return `${head}.${body}.${signature.toString('base64url')}`;
}
