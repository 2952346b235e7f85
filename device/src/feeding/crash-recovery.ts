import type {
  Dose,
  FeedingResult,
  Kibble,
  KibbleModel,
  Milliseconds,
  Verdict,
} from '@cat-feeder/shared';
import type { FeedStation, WeighResult } from '../dispensing/feed-station.ts';
import type { StationClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { SURE_SHARE } from '../scheduling/food-clock.ts';
import { onTimeMs } from '../scheduling/lateness.ts';
import { explainOutcome } from './explain.ts';
import type { FeedingJournal, OpenFeeding } from './feeding-journal.ts';
import { type OccurrenceVerdict, outcomeVerdict } from './outcome-verdict.ts';
import type { UnwrittenOutcomes } from './unwritten-outcomes.ts';

/** Patience with a cat that sits on the bowl when the feeder starts. */
const WEIGH_TRIES = 3;
const WEIGH_TIMEOUT_MS: Milliseconds = 20_000;

/** What can be known of a feeding that was cut off: pure, from the evidence alone. */
export type CloseAfterCrash = (evidence: {
  readonly open: OpenFeeding;
  readonly weight: WeighResult;
  readonly model: KibbleModel;
}) => Dose;

export interface CrashRecoveryParts {
  readonly station: Pick<FeedStation, 'weigh'>;
  readonly journal: FeedingJournal;
  readonly unwritten: UnwrittenOutcomes;
  readonly time: StationClock;
  readonly model: () => KibbleModel;
  readonly closeAfterCrash: CloseAfterCrash;
  readonly logger: Logger;
}

/**
 * Closes the feedings that a crash or a power cut left open: measure first, then write what is
 * known. Nothing is ever fed again on this account; the motor does not move here.
 */
export async function recoverOpenFeedings(parts: CrashRecoveryParts): Promise<number> {
  const open = parts.journal.open();
  if (open.length === 0) return 0;
  const weight = await weighWithPatience(parts.station);
  for (const feeding of open) closeOne(feeding, weight, parts);
  return open.length;
}

async function weighWithPatience(station: Pick<FeedStation, 'weigh'>): Promise<WeighResult> {
  let weight: WeighResult = { kind: 'unstable' };
  for (let tries = 0; tries < WEIGH_TRIES; tries++) {
    weight = await station.weigh(WEIGH_TIMEOUT_MS);
    if (weight.kind !== 'unstable') return weight;
  }
  return weight;
}

function closeOne(open: OpenFeeding, weight: WeighResult, parts: CrashRecoveryParts): void {
  const dose = parts.closeAfterCrash({ open, weight, model: parts.model() });
  const { portionGrams } = open.feeding;
  const result = crashResult(dose, portionGrams);
  const why = `The feeder was interrupted in the middle. ${explainOutcome({ result, fault: null, portionGrams, dose })}`;
  const { turns, motorMs, attempts, bowlBeforeGrams } = open.lastProgress;
  parts.unwritten.write({
    feedingId: open.feeding.id,
    result,
    fault: null,
    dose,
    bowlBeforeGrams,
    bowlAfterGrams: weight.kind === 'stable' ? weight.grams : null,
    turns,
    attempts,
    motorMs: Math.round(motorMs),
    trace: [],
    verdict: crashVerdict(open, dose, result),
    time: parts.time.now(),
    why,
    learned: null,
  });
  parts.logger.warn({ feedingId: open.feeding.id, result, dose }, why);
}

/** Known well enough to be called short: the interval is no wider than this, or this share. */
const NARROW_GRAMS = 2;
const NARROW_SHARE = 0.2;

/** What the interval proves: enough surely arrived, or it is known how little; else it is not known. */
function crashResult(dose: Dose, portionGrams: number): FeedingResult {
  const enoughGrams = portionGrams - Math.max(1, portionGrams * 0.1);
  if (dose.lowGrams >= Math.max(enoughGrams, portionGrams * SURE_SHARE)) return 'served';
  const isNarrow =
    dose.highGrams - dose.lowGrams <= Math.max(NARROW_GRAMS, portionGrams * NARROW_SHARE);
  return isNarrow ? 'short' : 'unknown_after_crash';
}

function crashVerdict(
  open: OpenFeeding,
  dose: Dose,
  result: FeedingResult,
): OccurrenceVerdict | null {
  const { occurrence, claimedAt, feeding } = open;
  if (occurrence === null) return null;
  const { portionGrams } = feeding;
  const isLate = claimedAt.wallMs - occurrence.dueAtMs > onTimeMs(claimedAt.quality);
  const verdict = intendedVerdict(portionGrams < occurrence.portionGrams, isLate);
  const intended = { verdict, rule: 'measured_after_crash' };
  return outcomeVerdict({ result, fault: null, dose, portionGrams, intended });
}

function intendedVerdict(
  isReduced: boolean,
  isLate: boolean,
): Extract<Verdict, 'fed' | 'fed_late' | 'fed_reduced'> {
  if (isReduced) return 'fed_reduced';
  return isLate ? 'fed_late' : 'fed';
}

/** The model to judge by: of the named kibble, or the dispenser maker's guess. */
export function modelOf(kibble: Kibble | null, guess: KibbleModel): KibbleModel {
  return kibble?.model ?? guess;
}
