import { type EpochMs, PartyIdSchema, PublicKeySchema } from '@cat-feeder/shared';
import { type CryptoKey, calculateJwkThumbprint, decodeJwt, importJWK, jwtVerify } from 'jose';
import * as v from 'valibot';
import { asDate } from '../platform/system.ts';
import { isFreshNonce } from './nonces.ts';
import type { ServiceKeys } from './service-keys.ts';

/** A proof ends at most this long after it was made. */
const PROOF_S_MAX = 300;
const CLOCK_TOLERANCE_S = 60;

/** What a proof is for: one for one purpose is nothing for another. */
export type ProofPurpose = 'claim' | 'token' | 'rotate';

export type PublicKey = v.InferOutput<typeof PublicKeySchema>;

export interface ProofRules {
  readonly keys: ServiceKeys;
  /** The service's own address as feeders know it: a proof for another service says nothing. */
  readonly audience: string;
  readonly nowMs: EpochMs;
}

const ProofSchema = v.object({
  sub: v.optional(PartyIdSchema),
  nonce: v.string(),
  /** The thumbprint of a key that is to follow. */
  next: v.optional(v.string()),
});
export type Proof = v.InferOutput<typeof ProofSchema>;

/** The number of a key: the SHA-256 thumbprint of RFC 7638 as 32 bytes. */
export async function keyId(key: PublicKey): Promise<Buffer> {
  return Buffer.from(await calculateJwkThumbprint(key), 'base64url');
}

/** Who a proof says that it comes from, before anything of it is believed; null when it says nobody. */
export function claimedSubject(token: string): string | null {
  try {
    const parsed = v.safeParse(PartyIdSchema, decodeJwt(token).sub);
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

/** What a proof says, when its sender has the key's private half; null otherwise. */
export async function checkProof(
  token: string,
  by: { readonly key: PublicKey; readonly purpose: ProofPurpose },
  rules: ProofRules,
): Promise<Proof | null> {
  try {
    const { kty, crv, x } = v.parse(PublicKeySchema, by.key);
    const key = (await importJWK({ kty, crv, x }, 'EdDSA')) as CryptoKey;
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['EdDSA'],
      typ: `cf-${by.purpose}+jwt`,
      audience: rules.audience,
      currentDate: asDate(rules.nowMs),
      clockTolerance: CLOCK_TOLERANCE_S,
      maxTokenAge: PROOF_S_MAX,
      requiredClaims: ['exp', 'iat', 'nonce'],
    });
    const proof = v.parse(ProofSchema, payload);
    return isFreshNonce(rules.keys, proof.nonce, rules.nowMs) ? proof : null;
  } catch {
    // Whatever is wrong with it: it proves nothing, and its sender learns no more than that.
    return null;
  }
}
