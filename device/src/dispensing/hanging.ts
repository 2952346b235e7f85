import type { Grams, Turns } from '@cat-feeder/shared';
import type { Estimate } from './food-account.ts';
import type { Run } from './run.ts';

/** A rise of this share of what the turns should have brought says that food flows freely. */
export const FLOWS_SHARE = 0.6;

/**
 * Food that was turned out since it last flowed freely and has not been seen: it may hang in the
 * chute and come down at once. Nothing hangs as long as no lack of flow was seen.
 */
export function hangingGrams(run: Run, servedGrams: Grams = run.account.likelyGrams): Grams {
  return run.hasStopped ? lackingGrams(run, servedGrams) + run.dribbledGrams : 0;
}

/** What was turned out since food last flowed freely, beyond what has come. */
function lackingGrams(run: Run, servedGrams: Grams): Grams {
  const turned = (run.meter.forwardTurns - run.flowedTurns) * run.flow.unseenGramsPerTurn;
  return Math.max(0, turned - (servedGrams - run.flowedGrams));
}

/** So many pulses may always be tried. */
const IDLE_STOPS_MIN = 5;

/**
 * Whether what stops have let go could bring more than the portion's bound on turns lets through, if
 * the chute is blocked and one more pulse follows: no turn shows it, and all of it may come at once.
 */
export function couldPassBound(run: Run): boolean {
  const { account, order, pulse, flow, idleStops } = run;
  if (idleStops < IDLE_STOPS_MIN) return false;
  const served = Math.max(0, account.likelyGrams);
  const byStops = pulse.short.dribbledMostGrams(idleStops + 1, flow.kibbleGrams);
  const most = turnsAllowed(run) * order.model.gramsPerTurn;
  return served + byStops > most;
}

/** Each attempt to free the dispenser may cost so many turns on top of those for the portion. */
const ATTEMPT_TURNS: Turns = 0.5;

/** Forward turns for the portion, and for the attempts by now. */
export function turnsAllowed({ limits, attempts }: Run): Turns {
  return limits.turnsMax + attempts * ATTEMPT_TURNS;
}

/** More than this, in grams and in pieces, does not stay away by chance while food flows. */
export const CHANCE_GRAMS: Grams = 2;
const CHANCE_PIECES = 6;
/** Noise alone does not move a level by so many spreads. */
const MOVED_SIGMAS = 2.5;

/** What may stay away by chance: pulses bring whole pieces, and often none. */
export function chanceGrams(run: Run): Grams {
  return Math.max(CHANCE_GRAMS, CHANCE_PIECES * run.flow.kibbleGrams);
}

/**
 * Forward turns until the chute could hold the rest of the portion: from where the weight last
 * moved, or since the flow stopped from there on, all that is turned out may come down later.
 * What chance alone keeps back comes on top, for no run may end by that.
 */
export function turnsUntilFull(run: Run): Turns {
  const { limits, meter, flow, order } = run;
  const rest = (limits.aimGrams - run.flowedGrams) / flow.unseenGramsPerTurn;
  const byChance = chanceGrams(run) / order.model.gramsPerTurn;
  return Math.max(0, rest) + byChance - (meter.forwardTurns - run.flowedTurns);
}

/** Takes a level and the turns whose food it shows: a piece or more on top of the last moves it. */
export function noteLevel(run: Run, grams: Grams, turns: Turns, sigmaGrams: Grams): void {
  const least = run.flow.kibbleGrams + MOVED_SIGMAS * sigmaGrams;
  if (grams - run.movedGrams < least) return;
  run.movedGrams = grams;
  run.movedTurns = turns;
  if (!run.hasStopped) assumeFlow(run, turns, run.account.servedGrams(grams));
}

/** The turns that the weight answers for: what turned since it last moved has brought nothing. */
export function answeredTurns(run: Run): Turns {
  const { forwardTurns } = run.meter;
  const idleGrams = (forwardTurns - run.movedTurns) * run.flow.unseenGramsPerTurn;
  return idleGrams > chanceGrams(run) ? run.movedTurns : forwardTurns;
}

/** Less of a turn than this moves nothing. */
const STOOD_TURNS: Turns = 0.01;

/** What must have come since the last attempt to free the dispenser, in grams and in pieces. */
const RESUMED_GRAMS: Grams = 1.5;
const RESUMED_PIECES = 3;

/** Whether food flows freely again since the last attempt, judged by what was weighed since. */
export function hasResumed(run: Run): boolean {
  const turns = run.meter.forwardTurns - run.freedTurns;
  const grams = run.account.likelyGrams - run.freedGrams;
  const least = Math.max(RESUMED_GRAMS, RESUMED_PIECES * run.flow.kibbleGrams);
  return run.attempts > 0 && grams > least && grams > FLOWS_SHARE * turns * run.flow.gramsPerTurn;
}

/** Food flows freely: what seemed to hang has come down, or never was there. */
export function noteFlow(run: Run, turns: Turns, servedGrams: Grams): void {
  assumeFlow(run, turns, servedGrams);
  run.flow.confirm();
  run.hasStopped = false;
  run.dribbledGrams = 0;
  run.idleStops = 0;
}

/** What came by then is accounted for: what may hang in the chute is reckoned from there. */
export function assumeFlow(run: Run, turns: Turns, servedGrams: Grams): void {
  run.flowedTurns = turns;
  run.flowedGrams = servedGrams;
}

/** The most that can have come down at all by now: everything that was ever turned out. */
export function turnedOutGrams(run: Run): Grams {
  return run.meter.mostTurns * run.flow.highGramsPerTurn + 2 * run.flow.kibbleGrams;
}

/** The present stretch by turns alone, for a scale that says nothing. */
export function blindStretch(run: Run): Estimate {
  const { account, flow, meter } = run;
  return doubtTurns(run, flow.blindEstimate(meter.forwardTurns - account.anchorTurns));
}

/** Turns of the present stretch that a dead motor did not make. */
function standingTurns({ account, meter }: Run): Turns {
  return meter.standingTurns - account.anchor.standingTurns;
}

/** Whether the motor was dead through all of the present stretch: nothing of it brought food. */
export function hasStood(run: Run): boolean {
  const turns = run.meter.forwardTurns - run.account.anchorTurns;
  return standingTurns(run) > 0 && turns - standingTurns(run) < STOOD_TURNS;
}

/**
 * An estimate that rests on turns, with respect for what index and current say of them: turns that
 * the index did not confirm promise nothing, those that it may have missed count against the caps,
 * and those without current are not likely.
 */
export function doubtTurns(run: Run, estimate: Estimate): Estimate {
  const { account, flow, meter } = run;
  const turns = Math.max(1e-6, meter.forwardTurns - account.anchorTurns);
  const doubt = Math.max(0, meter.doubtTurns - account.anchor.doubtTurns);
  const hidden = meter.hiddenTurns - account.anchor.hiddenTurns;
  const madeShare = Math.max(0, 1 - standingTurns(run) / turns);
  const sureShare = Math.max(0, madeShare - doubt / turns);
  return {
    lowGrams: estimate.lowGrams * sureShare,
    likelyGrams: estimate.likelyGrams * madeShare,
    highGrams: estimate.highGrams + Math.max(0, hidden) * flow.highGramsPerTurn,
  };
}
