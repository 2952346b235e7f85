import type { Grams, Turns } from '@cat-feeder/shared';
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
  return run.meter.forwardTurns * run.flow.highGramsPerTurn + 2 * run.flow.kibbleGrams;
}
