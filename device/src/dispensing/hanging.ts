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
  if (!run.hasStopped) return 0;
  const turned = (run.meter.forwardTurns - run.flowedTurns) * run.order.model.gramsPerTurn;
  const lacking = Math.max(0, turned - (servedGrams - run.flowedGrams));
  return lacking + run.dribbledGrams;
}

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
  run.flowedTurns = turns;
  run.flowedGrams = servedGrams;
  run.hasStopped = false;
  run.dribbledGrams = 0;
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

/**
 * An estimate that rests on turns, with respect for what the index left open: turns that it did
 * not confirm promise nothing, and those that it may have missed count against the caps.
 */
export function doubtTurns(run: Run, estimate: Estimate): Estimate {
  const { account, flow, meter } = run;
  const turns = meter.forwardTurns - account.anchorTurns;
  const doubt = meter.doubtTurns - account.anchor.doubtTurns;
  const hidden = meter.hiddenTurns - account.anchor.hiddenTurns;
  const sureShare = doubt > 0 ? Math.max(0, 1 - doubt / Math.max(turns, 1e-6)) : 1;
  return {
    ...estimate,
    lowGrams: estimate.lowGrams * sureShare,
    highGrams: estimate.highGrams + Math.max(0, hidden) * flow.highGramsPerTurn,
  };
}
