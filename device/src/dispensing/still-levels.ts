import type { Grams, Milliseconds } from '@cat-feeder/shared';
import { BOWL_MISSING_GRAMS } from '../weighing/load-cell.ts';
import { quietMs } from './motion.ts';
import type { Run } from './run.ts';
import { resetTouch } from './touch.ts';

/** A still level is wanted this exactly, if the noise allows it in time. */
const LEVEL_SIGMA_GRAMS: Grams = 0.05;
const LOOK_MS_MIN: Milliseconds = 160;
const LOOK_MS_MAX: Milliseconds = 1500;
/** After the motor has stopped, the last pieces need this much longer than the mean. */
const LATE_MS: Milliseconds = 110;
/** Readings that overlap in the converter carry less than their number says. */
const OVERLAP = 1.7;
/** A level this far below the one before is food that was taken away. */
const TAKEN_SIGMAS = 5;
const TAKEN_GRAMS: Grams = 0.15;

/** A level that stood still. */
export interface Level {
  readonly grams: Grams;
  readonly variance: number;
}

/** How long the bowl must be watched for a level that is good enough. */
export function lookMs(run: Run): Milliseconds {
  const perSecond = run.traits.dispenseSamplesPerSecond;
  const readings = OVERLAP * (run.bowl.noiseGrams / LEVEL_SIGMA_GRAMS) ** 2;
  const byNoise = (1000 * Math.max(3.2, readings)) / perSecond;
  return Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, byNoise));
}

/** The level of the last `windowMs` if everything has come down and the bowl stands still. */
export function stillLevel(run: Run, windowMs: Milliseconds): Level | null {
  if (!run.bowl.isAlive || !run.bowl.isFresh) return null;
  if (quietMs(run) < run.flow.lagMs + LATE_MS + windowMs * 0.9) return null;
  const view = run.bowl.look(windowMs);
  if (!view.isStill) return null;
  const variance = (OVERLAP * view.sdGrams ** 2) / view.readings;
  return { grams: view.meanGrams, variance };
}

/** Whether a level says that the bowl itself is gone. */
export function isBowlMissing(run: Run, grams: Grams): boolean {
  const from = run.bowlBeforeGrams === null ? 0 : Math.min(0, run.bowlBeforeGrams);
  return grams < from + BOWL_MISSING_GRAMS;
}

/**
 * Books the stretch that ends at this still level: by its rise when the motor explains it and
 * nothing else touched the bowl, by an estimate otherwise. Returns whether it was clean.
 */
export function bookStretch(run: Run, level: Level): boolean {
  const { account, meter, flow } = run;
  const turns = meter.forwardTurns - account.anchorTurns;
  const rise = level.grams - account.anchorGrams;
  const sigma = Math.sqrt(level.variance);
  const floor = -Math.max(TAKEN_GRAMS, TAKEN_SIGMAS * sigma);
  const slack = 2 * flow.kibbleGrams + 0.5 + 5 * sigma;
  const ceiling = turns * flow.highGramsPerTurn + flow.inFlightSlackGrams + slack;
  const isClean = !run.isTouched && rise >= floor && rise <= ceiling;
  if (isClean) {
    if (turns > 0) flow.weighed(Math.max(0, rise), turns);
    account.closeClean(level.grams, meter.forwardTurns);
  } else {
    account.closeEstimated(estimateStretch(run, rise), level.grams, meter.forwardTurns);
    run.levelVariance += 2 * level.variance;
  }
  resetTouch(run);
  run.peakGrams = level.grams;
  run.checkTurns = meter.forwardTurns;
  run.checkGrams = level.grams;
  return isClean;
}

/** Books a stretch that has no end to weigh: the scale is given up, or the cat stays. */
export function bookUnweighed(run: Run): void {
  const { account, meter } = run;
  if (meter.forwardTurns <= account.anchorTurns && Number.isNaN(account.anchorGrams)) return;
  account.closeEstimated(estimateStretch(run, Number.NaN), null, meter.forwardTurns);
  resetTouch(run);
}

/**
 * What fell in a stretch in which something touched the bowl. Up to the last believed point the
 * scale counts, after it the turns. Taking food away can only have lowered the level, so that a
 * rise which the turns allow is a lower bound.
 */
function estimateStretch(run: Run, rise: Grams) {
  const { account, meter, flow } = run;
  const hasTrust = !Number.isNaN(run.trustedGrams) && run.trustedTurns >= account.anchorTurns;
  const seenTurns = hasTrust ? run.trustedTurns - account.anchorTurns : 0;
  const seenMax = seenTurns * flow.highGramsPerTurn + flow.kibbleGrams;
  const seen = hasTrust ? clamp(run.trustedGrams - account.anchorGrams, 0, seenMax) : 0;
  const seenDoubt = hasTrust ? 0.4 + 2 * run.bowl.noiseGrams + flow.kibbleGrams : 0;
  const unseen = flow.estimate(meter.forwardTurns - account.anchorTurns - seenTurns);
  const likely = seen + unseen.likelyGrams;
  const low = Math.max(0, seen - seenDoubt + unseen.lowGrams);
  const high = seen + seenDoubt + unseen.highGrams;
  if (!(rise > low) || rise > high) return { lowGrams: low, likelyGrams: likely, highGrams: high };
  const nearGrams = rise > likely ? rise : (rise + likely) / 2;
  return {
    lowGrams: Math.max(low, rise - 0.2),
    likelyGrams: nearGrams,
    highGrams: Math.max(rise + 0.2, high),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
