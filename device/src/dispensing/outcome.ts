import type { Dose, Fault, FeedingResult, Grams } from '@cat-feeder/shared';
import { nameFault } from './fault-names.ts';
import type { DispenseOutcome, KibbleObservation } from './feed-station.ts';
import { blindStretch, hangingGrams } from './hanging.ts';
import { gramsPerTurnHigh } from './kibble-model.ts';
import type { Run } from './run.ts';

/** Sides of the interval around a weighed portion: sigmas of weighing, and what else a cell does. */
const SIGMAS = 3;
const CREEP_GRAMS: Grams = 0.08;
/** The span is known to about this share. */
const SPAN_SHARE = 0.003;
/** Pieces that hang in the chute may still come down afterwards. */
const LATE_PIECES = 0.6;
/** Pieces bounce off a cat onto the floor, and what it pushes hides as many more. */
const ASTRAY_SHARE = 0.08;
const ASTRAY_PIECES = 1.8;
/** Where the flow had stopped and nobody saw it come again, so much of it is sure. */
const STOPPED_SHARE = 0.5;
/** Less than the portion by more than this is short. */
const SHORT_GRAMS: Grams = 1;
/** And less than this share of it, where the portion is hardly more than a piece. */
const SERVED_SHARE = 0.5;
/** Flights may be fuller than was ever learned, and a block may have held food of the run before. */
const MOVED_FACTOR = 1.5;
/** A stretch shorter than this teaches nothing of grams per turn. */
const LEARN_TURNS_MIN = 0.4;

/** How a finished run ended. Call once, in stage `done`. */
export function outcomeOf(run: Run): DispenseOutcome {
  const dose = doseOf(run);
  const { result, fault } = verdictOf(run, dose);
  return {
    feedingId: run.order.feedingId,
    result,
    fault,
    dose,
    bowlBeforeGrams: run.bowlBeforeGrams,
    bowlAfterGrams: run.bowlAfterGrams,
    turns: run.meter.forwardTurns,
    attempts: run.attempts,
    motorMs: run.meter.motorMs,
    durationMs: run.nowMs - run.startedAtMs,
    observation: observationOf(run),
    trace: run.trace.points(),
  };
}

function doseOf(run: Run): Dose {
  const { account, meter, flow } = run;
  const unbooked = meter.mostTurns - account.anchorTurns - account.anchor.hiddenTurns;
  if (unbooked > 1e-6 && !Number.isNaN(unbooked)) {
    account.closeEstimated(blindStretch(run), null, meter.mark());
  }
  if (meter.forwardTurns <= 0 && account.chains <= 1 && !account.hasEstimate) {
    const likelyGrams = Math.max(0, account.likelyGrams);
    if (likelyGrams === 0) {
      return { lowGrams: 0, likelyGrams: 0, highGrams: 0, method: 'measured' };
    }
  }
  if (run.bowlAfterGrams === null) account.giveUpUnconfirmed();
  const likelyGrams = Math.max(0, account.likelyGrams);
  const isWeighed = account.chains > 0;
  const weighing = isWeighed
    ? SIGMAS * Math.sqrt(run.levelVariance) + CREEP_GRAMS + SPAN_SHARE * likelyGrams
    : 0;
  const astray = account.hasEstimate
    ? ASTRAY_SHARE * likelyGrams + ASTRAY_PIECES * flow.kibbleGrams
    : 0;
  const unseen = account.hasEstimate ? ASTRAY_PIECES * flow.kibbleGrams : 0;
  const sureShare = account.hasEstimate && run.hasJammed ? STOPPED_SHARE : 1;
  const below = Math.hypot(account.belowGrams, weighing, astray) + account.pressedGrams;
  const late = (isWeighed ? LATE_PIECES * flow.kibbleGrams : 0) + stillHanging(run);
  // Before the first turn a rise is a paw, or food that had hung in the chute: no more than possible.
  const hasTurned = meter.mostTurns > 0;
  const isSure = hasTurned && !meter.isSilent;
  return {
    lowGrams: isSure ? Math.max(0, sureShare * Math.min(likelyGrams, likelyGrams - below)) : 0,
    likelyGrams: hasTurned ? likelyGrams : 0,
    highGrams: Math.max(
      likelyGrams + Math.hypot(account.aboveGrams, weighing, unseen) + account.possibleGrams + late,
      risenGrams(run) + weighing,
    ),
    method: account.hasEstimate || meter.isSilent ? 'estimated' : 'measured',
  };
}

/**
 * What stands in the bowl now and did not before: a cat only takes away, so at least this fell,
 * whatever the account believes. More than the motor can have moved is a cat on the bowl.
 */
function risenGrams(run: Run): Grams {
  const { bowlBeforeGrams, bowlAfterGrams, meter, order } = run;
  if (bowlBeforeGrams === null || bowlAfterGrams === null) return 0;
  const moved = MOVED_FACTOR * meter.mostTurns * gramsPerTurnHigh(order.model);
  return Math.min(bowlAfterGrams - bowlBeforeGrams, moved + hangingGrams(run));
}

/** Food that may still hang in the chute of a dispenser that was given up. */
function stillHanging(run: Run): Grams {
  return run.closing?.fault === undefined || run.closing.fault === null ? 0 : hangingGrams(run);
}

function verdictOf(
  run: Run,
  dose: Dose,
): { result: Exclude<FeedingResult, 'unknown_after_crash'>; fault: Fault | null } {
  const fault = run.closing?.fault ?? run.fault;
  if (run.closing?.result === 'cancelled') return { result: 'cancelled', fault };
  const { aimGrams } = run.limits;
  const shortBy = aimGrams - dose.likelyGrams;
  const isNear = shortBy <= Math.max(SHORT_GRAMS, run.flow.kibbleGrams);
  const isServed = isNear && aimGrams > 0 && dose.likelyGrams >= SERVED_SHARE * aimGrams;
  if (isServed) return { result: 'served', fault };
  // Held back because food may hang in the chute: then that is why the portion is short.
  const isHeldBack = fault === null && run.suspicion !== null && run.account.possibleGrams > 0;
  const named = isHeldBack ? nameFault(run) : fault;
  const isNothing = dose.likelyGrams < Math.max(0.3, 0.5 * run.flow.kibbleGrams);
  return { result: isNothing ? 'failed' : 'short', fault: named };
}

function observationOf(run: Run): KibbleObservation | null {
  const { account, meter } = run;
  const turns = meter.forwardTurns;
  // Nobody has looked whether food still flowed when a person stopped it, or a fault.
  const hasFlowed = !run.hasJammed && !run.hasStopped && run.closing === null;
  const isClean = !account.hasEstimate && hasFlowed && account.chains === 1;
  const mayLearn = isClean && turns >= LEARN_TURNS_MIN && account.likelyGrams > 0.5;
  const gramsPerTurn = mayLearn ? account.likelyGrams / turns : null;
  const inFlightGrams = run.hasJammed ? null : run.inFlightSeen;
  const kibbleGrams = pieceGrams(run.pieceRises);
  if (gramsPerTurn === null && inFlightGrams === null && kibbleGrams === null) return null;
  return { gramsPerTurn, inFlightGrams, kibbleGrams };
}

/** The mass of one piece: the lower middle of what single small pulses brought. */
function pieceGrams(rises: readonly Grams[]): Grams | null {
  if (rises.length === 0) return null;
  const sorted = rises.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.4)] ?? null;
}
