import type { Dose, Grams, KibbleModel, Milliseconds, Turns } from '@cat-feeder/shared';
import { gramsPerTurnHigh, gramsPerTurnLow } from './kibble-model.ts';

/** Turns may be fuller than was ever learned: a rise may count for this many times what they say. */
const MOVED_FACTOR = 1.5;
/** Each stop may let go of a piece at the edge, unseen in a blocked chute: so many were not noted. */
const LATE_PIECES = 3;
/** A cat needs longer than this to come, eat and leave a bowl that stands still again. */
const NOBODY_ATE_MS: Milliseconds = 4000;
/** Slow changes of the cell between the two weights: a base and a part per hour. */
const DRIFT_GRAMS = 0.25;
const DRIFT_GRAMS_PER_HOUR = 1;
const DRIFT_GRAMS_MAX: Grams = 5;
const SIGMAS = 3;
/** A last reading in motion may hold a cat that leans: of what no later weight confirms, so much is sure. */
const SEEN_SHARE = 0.5;

/** All that is left of a feeding whose end nobody saw. */
export interface CrashEvidence {
  readonly portionGrams: Grams;
  /** What was booked for it before the motor could move. */
  readonly reservedGrams: Grams;
  readonly progress: {
    readonly stage: string;
    readonly turns: Turns;
    readonly servedGrams: Grams | null;
  };
  readonly bowlBeforeGrams: Grams | null;
  /** A weight that stood still after the restart; null when there is none to be had. */
  readonly weight: { readonly grams: Grams; readonly sigmaGrams: Grams } | null;
  readonly model: KibbleModel;
  /** Time from the last progress to the weight; null when nobody knows. */
  readonly elapsedMs: Milliseconds | null;
}

/**
 * What an interrupted feeding delivered, from evidence alone. The reservation and what was surely
 * turned bound it from above. The time since the last progress bounds nothing: a disk that refuses
 * leaves rows out, so the last row may be from long before the end. The scale's rise is a
 * measurement only when nobody can have eaten in between and the motor explains it; else it is a
 * lower bound. Of what the last reading in motion showed and no weight confirms, half is sure: a cat
 * may have leaned on the bowl. A rise that the motor cannot explain promises nothing, but counts against the caps.
 */
export function closeCrashed(evidence: CrashEvidence): Dose {
  const { model, progress, reservedGrams } = evidence;
  // What was surely turned explains this much, whatever was reserved and whatever a scale says now.
  const byTurned = progress.turns * gramsPerTurnHigh(model);
  const mostGrams = Math.max(0, reservedGrams, byTurned) + LATE_PIECES * model.kibbleGrams;
  const rise = measuredRise(evidence);
  // A cat only takes away: what stands in the bowl now and did not before may have fallen.
  const risen = rise === null ? 0 : rise.grams + rise.spreadGrams;
  const highGrams = Math.max(mostGrams, Math.min(risen, MOVED_FACTOR * mostGrams));
  const seen = seenBefore(evidence, highGrams);
  if (rise === null || rise.grams > mostGrams + rise.spreadGrams) {
    return estimated(evidence, seen, highGrams);
  }
  const lowGrams = clamp(Math.max(rise.grams - rise.spreadGrams, SEEN_SHARE * seen), 0, highGrams);
  const { elapsedMs } = evidence;
  // A cell that shows less than the turns must have brought may be stuck: that measures nothing.
  const expected = Math.max(seen, progress.turns * gramsPerTurnLow(model));
  const isMeasured =
    elapsedMs !== null && elapsedMs <= NOBODY_ATE_MS && rise.grams >= expected - rise.spreadGrams;
  if (isMeasured) {
    return {
      lowGrams,
      likelyGrams: clamp(rise.grams, lowGrams, highGrams),
      highGrams: Math.max(lowGrams, Math.min(highGrams, risen + model.kibbleGrams)),
      method: 'measured',
    };
  }
  const byTurns = Math.min(highGrams, progress.turns * model.gramsPerTurn);
  return {
    lowGrams,
    likelyGrams: clamp(Math.max(rise.grams, byTurns), lowGrams, highGrams),
    highGrams,
    method: 'estimated',
  };
}

/** Food that the scale had already seen while the feeding ran. */
function seenBefore(evidence: CrashEvidence, highGrams: Grams): Grams {
  const { progress, model } = evidence;
  if (progress.servedGrams === null || progress.stage === 'disturbed') return 0;
  const byTurns = progress.turns * gramsPerTurnHigh(model) + model.kibbleGrams;
  const seen = Math.min(progress.servedGrams, byTurns) - model.kibbleGrams - DRIFT_GRAMS;
  return clamp(seen, 0, highGrams);
}

function measuredRise(evidence: CrashEvidence): { grams: Grams; spreadGrams: Grams } | null {
  const { weight, bowlBeforeGrams, elapsedMs } = evidence;
  if (weight === null || bowlBeforeGrams === null) return null;
  const grams = weight.grams - bowlBeforeGrams;
  if (!Number.isFinite(grams)) return null;
  const hours = elapsedMs === null ? DRIFT_GRAMS_MAX : elapsedMs / 3_600_000;
  const drift = Math.min(DRIFT_GRAMS_MAX, DRIFT_GRAMS + hours * DRIFT_GRAMS_PER_HOUR);
  return { grams, spreadGrams: SIGMAS * weight.sigmaGrams + drift };
}

function estimated(evidence: CrashEvidence, seen: Grams, highGrams: Grams): Dose {
  const byTurns = evidence.progress.turns * evidence.model.gramsPerTurn;
  return {
    lowGrams: SEEN_SHARE * seen,
    likelyGrams: clamp(byTurns, seen, highGrams),
    highGrams,
    method: evidence.progress.turns > 0 || seen > 0 ? 'estimated' : 'unknown',
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
