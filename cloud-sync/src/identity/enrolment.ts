import {
  type ClaimPollAnswerSchema,
  type ClaimPollSchema,
  type ClaimStartAnswerSchema,
  type ClaimStartSchema,
  makeUlid,
  type RotateSchema,
} from '@cat-feeder/shared';
import type * as v from 'valibot';
import { type Answer, accepted, refused } from '../core/answer.ts';
import type { System } from '../platform/system.ts';
import { bytesToParty } from '../storage/mysql/row-values.ts';
import { makeClaimCode } from './claim-codes.ts';
import type { ClaimRow, IdentityStore } from './identity-store.ts';
import { checkProof, claimedSubject, keyId, type ProofRules, type PublicKey } from './proofs.ts';
import type { ServiceKeys } from './service-keys.ts';

/*
 * How a feeder comes to belong to a home.
 *
 *   feeder: start (proves its key) --> code, shown on its own page only
 *   member: types the code         --> named
 *   feeder: its page shows the account, somebody presses --> agreed --> claimed
 *
 * E1 Nobody is linked without a hand at the feeder and one at the account.
 * E2 Every step may be repeated: each is a transaction on one key, found again by the claim's id.
 * E3 The code is in the database as a keyed digest only.
 */

const CLAIM_MS = 600_000;
const CLAIM_KEPT_MS = 86_400_000;
const CODES_TRIED_MAX = 3;
/** After a rotation the former key is believed for this long. */
const OLD_KEY_MS = 7 * 86_400_000;

export interface EnrolmentContext {
  readonly store: IdentityStore;
  readonly keys: ServiceKeys;
  readonly system: Pick<System, 'wallMs' | 'random'>;
  /** The service's own address as feeders know it. */
  readonly audience: string;
}

type Body<Schema extends v.GenericSchema> = v.InferOutput<Schema>;

function rules({ keys, system, audience }: EnrolmentContext): ProofRules {
  return { keys, audience, nowMs: system.wallMs() };
}

function asKey(publicX: string): PublicKey {
  return { kty: 'OKP', crv: 'Ed25519', x: publicX };
}

function codeDigest({ keys }: EnrolmentContext, code: string): Buffer {
  return keys.mac('claim-code', code);
}

/** Begins a claim of the holder of a key. */
export async function startClaim(
  context: EnrolmentContext,
  request: Body<typeof ClaimStartSchema>,
): Promise<Answer<Body<typeof ClaimStartAnswerSchema>>> {
  const { store, system } = context;
  const { key, hw, model } = request;
  const proof = await checkProof(request.proof, { key, purpose: 'claim' }, rules(context));
  if (proof === null) return refused('bad_token');
  const nowMs = system.wallMs();
  const deviceId = await formerIdentity(context, proof.sub, key);
  await store.forgetClaims(nowMs - CLAIM_KEPT_MS);
  for (let tried = 0; tried < CODES_TRIED_MAX; tried++) {
    const code = makeClaimCode(system.random);
    const claimId = makeUlid(nowMs, system.random);
    const claim = { claimId, publicX: key.x, hw, model, expiresMs: nowMs + CLAIM_MS, deviceId };
    const isAdded = await store.addClaim(claim, codeDigest(context, code));
    if (isAdded) return accepted({ claim: claimId, code, expires_s: CLAIM_MS / 1000 });
  }
  return refused('overloaded');
}

/** The identity that a feeder had before, if its key speaks for it. */
async function formerIdentity(
  { store, system }: EnrolmentContext,
  deviceId: string | undefined,
  key: PublicKey,
): Promise<string | null> {
  if (deviceId === undefined) return null;
  const known = await store.keys(deviceId, system.wallMs());
  return known.some(({ publicX }) => publicX === key.x) ? deviceId : null;
}

/** A member types a code: whether there is such a claim, and of what. */
export async function confirmClaim(
  context: EnrolmentContext,
  member: { readonly homeId: string; readonly account: string },
  code: string,
): Promise<Answer<{ readonly model: string }>> {
  const nowMs = context.system.wallMs();
  const named = await context.store.nameClaim(codeDigest(context, code), { ...member, nowMs });
  return named === undefined ? refused('not_found') : accepted({ model: named.model });
}

/** The feeder asks how its claim stands; with `agreed` it carries the press on its page. */
export async function pollClaim(
  context: EnrolmentContext,
  request: Body<typeof ClaimPollSchema>,
): Promise<Answer<Body<typeof ClaimPollAnswerSchema>>> {
  const { store, system } = context;
  const claim = await store.claim(request.claim);
  if (claim === undefined) return refused('not_found');
  const by = { key: asKey(claim.publicX), purpose: 'claim' } as const;
  if ((await checkProof(request.proof, by, rules(context))) === null) return refused('bad_token');
  const isOpen = claim.state === 'waiting' || claim.state === 'named';
  if (isOpen && system.wallMs() > claim.expiresMs) return accepted({ state: 'expired' });
  if (claim.state === 'waiting') return accepted({ state: 'waiting' });
  if (claim.state === 'named' && !request.agreed) {
    return accepted({ state: 'confirm', account: claim.account ?? '' });
  }
  const agreed = await store.agree(claim.claimId, bytesToParty(system.random(16)));
  return agreed === undefined ? refused('not_found') : settle(context, agreed);
}

/** E2: the former home's list, the device, the new home's list, the claim: each begins from what is there. */
async function settle(
  { store, system }: EnrolmentContext,
  claim: ClaimRow,
): Promise<Answer<Body<typeof ClaimPollAnswerSchema>>> {
  const { claimId, deviceId, homeId, hw, model, publicX } = claim;
  if (deviceId === null || homeId === null) return refused('not_found');
  if (claim.state !== 'claimed') {
    const nowMs = system.wallMs();
    const kid = await keyId(asKey(publicX));
    const former = await store.homeOf(deviceId);
    if (former !== null && former !== homeId) await store.leaveHome(former, deviceId, nowMs);
    await store.linkDevice({ deviceId, homeId, hw, model, kid, publicX }, nowMs);
    await store.joinHome(homeId, deviceId, nowMs);
    await store.finishClaim(claimId);
  }
  return accepted({ state: 'claimed', device: deviceId, home: homeId, epoch: 0 });
}

/** Whom an assertion speaks for; null when it is worth nothing. */
export async function identify(
  context: EnrolmentContext,
  assertion: string,
): Promise<string | null> {
  const deviceId = claimedSubject(assertion);
  if (deviceId === null) return null;
  const { store, system } = context;
  for (const { publicX } of await store.keys(deviceId, system.wallMs())) {
    const by = { key: asKey(publicX), purpose: 'token' } as const;
    if ((await checkProof(assertion, by, rules(context))) !== null) return deviceId;
  }
  return null;
}

/** Takes a new key that the old one and the new one both vouch for. */
export async function rotateKey(
  context: EnrolmentContext,
  request: Body<typeof RotateSchema>,
): Promise<Answer<{ readonly ok: true }>> {
  const { store, system } = context;
  const { key } = request;
  const deviceId = claimedSubject(request.by_old);
  if (deviceId === null) return refused('bad_token');
  const nowMs = system.wallMs();
  const kid = await keyId(key);
  const next = kid.toString('base64url');
  const byNew = await checkProof(request.by_new, { key, purpose: 'rotate' }, rules(context));
  if (byNew?.next !== next || byNew.sub !== deviceId) return refused('bad_token');
  for (const old of await store.keys(deviceId, nowMs)) {
    const by = { key: asKey(old.publicX), purpose: 'rotate' } as const;
    const byOld = await checkProof(request.by_old, by, rules(context));
    if (byOld?.next !== next) continue;
    const times = { nowMs, othersEndMs: nowMs + OLD_KEY_MS };
    await store.rotateKey(deviceId, { kid, publicX: key.x }, times);
    return accepted({ ok: true });
  }
  return refused('bad_token');
}
