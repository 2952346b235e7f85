import { closeCrashed } from '../dispensing/crash-closing.ts';
import type { CloseAfterCrash } from '../feeding/crash-recovery.ts';
import { isTrusted } from '../feeding/elapsed.ts';
import type { Stamp } from '../feeding/feeding-journal.ts';
import type { StationClock, StationTime } from '../platform/clock.ts';

/** Joins what the journal and the scale know of an interrupted feeding. */
export function closeAfterCrash(parts: { readonly time: StationClock }): CloseAfterCrash {
  return ({ open, weight, model }) => {
    const { turns, stage, servedGrams, bowlBeforeGrams } = open.lastProgress;
    const elapsedMs = timeBetween(open.claimedAt, parts.time.now());
    return closeCrashed({
      portionGrams: open.feeding.portionGrams,
      reservedGrams: open.reservedGrams,
      progress: { stage, turns, servedGrams },
      bowlBeforeGrams,
      weight:
        weight.kind === 'stable' ? { grams: weight.grams, sigmaGrams: weight.sigmaGrams } : null,
      model,
      elapsedMs,
    });
  };
}

/** Time from the claim to now; null when no clock vouches for it over the restart. */
function timeBetween(then: Stamp, now: StationTime): number | null {
  if (then.bootId === now.bootId) return now.ageMs - then.ageMs;
  if (!isTrusted(then.quality) || !isTrusted(now.quality)) return null;
  return now.wallMs < then.wallMs ? null : now.wallMs - then.wallMs;
}
