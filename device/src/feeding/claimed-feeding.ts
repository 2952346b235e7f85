import type { Feeding } from '@cat-feeder/shared';
import type { ClaimRecord } from './feeding-journal.ts';

/** A feeding as it is shown from its claim on, while nothing more is known of it. */
export function claimedFeeding(claim: ClaimRecord): Feeding {
  return {
    id: claim.feedingId,
    requestId: claim.requestId,
    cause: claim.cause,
    occurrenceKey: claim.occurrence?.key ?? null,
    petId: claim.petId,
    kibbleId: claim.kibbleId,
    portionGrams: claim.portionGrams,
    state: 'running',
    stage: 'claimed',
    result: null,
    fault: null,
    refusal: null,
    dose: null,
    bowlBeforeGrams: null,
    bowlAfterGrams: null,
    turns: 0,
    attempts: 0,
    motorMs: 0,
    startedAtMs: claim.time.wallMs,
    endedAtMs: null,
    clockQuality: claim.time.quality,
    why: claim.why,
  };
}
