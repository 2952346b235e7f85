import type { Grams, Milliseconds } from '@cat-feeder/shared';
import { BOWL_MISSING_GRAMS } from '../weighing/load-cell.ts';
import type { SeenPart } from './flow-estimate.ts';
import type { Estimate } from './food-account.ts';
import {
  answeredTurns,
  assumeFlow,
  doubtTurns,
  hangingGrams,
  hasStood,
  noteLevel,
  turnedOutGrams,
} from './hanging.ts';
import { quietMs } from './motion.ts';
import type { Run } from './run.ts';
import { resetTouch } from './touch.ts';

/** A still level is wanted this exactly, if the noise allows it in time. */
const LEVEL_SIGMA_GRAMS: Grams = 0.05;
const LOOK_MS_MIN: Milliseconds = 160;
const LOOK_MS_MAX: Milliseconds = 1500;
/** After the motor has stopped, the last pieces need this much longer than the mean. */
const LATE_MS: Milliseconds = 110;
/** A bowl that rests this soon after what was on its way was not held by anybody. */
const AT_ONCE_MS: Milliseconds = 350;
/** A level after a disturbance must stand this long. */
const REST_MS: Milliseconds = 700;
const REST_READINGS = 40;
/** A last level must stand this long; longer where nothing shows that the shaft has turned at all. */
const VERIFY_MS: Milliseconds = 900;
const VERIFY_READINGS = 22;
const UNPROVEN_MS: Milliseconds = 2000;
/** No more readings than this are remembered for looking back. */
const KEPT_READINGS = 200;
/** Error of a level seen in motion, and of one that may have been touched already. */
const SEEN_SIGMA_GRAMS: Grams = 0.15;
const SLOW_SIGMA_GRAMS: Grams = 0.4;
const SLOW_SAMPLES_PER_SECOND = 30;
/** What a free flow may have delivered less, and will still deliver, than it seems at the end. */
const OVERFLOW_LESS_GRAMS: Grams = 2;
const OVERFLOW_MORE_GRAMS: Grams = 15;
/** What hung in the chute was reckoned by turns, and may have been more. */
const HANGING_FACTOR = 1.5;
/** Readings that overlap in the converter carry less than their number says. */
const OVERLAP = 1.7;
/** A stretch whose turns are less certain than this teaches nothing of grams per turn. */
const HIDDEN_TURNS_MAX = 0.1;
/** So many readings, still all the while, are no paw; and how surely turns bring food. */
const CONFIRMING_READINGS = 12;
const SURE_SIGMAS = 3;
/** A level this far below the one before is food that was taken away. */
const TAKEN_SIGMAS = 5;
const TAKEN_GRAMS: Grams = 0.15;
/** At rest, less than this share of what should have come is no flow. */
const LACK_SHARE = 0.3;

/** A level that stood still. */
export interface Level {
  readonly grams: Grams;
  readonly variance: number;
  /** Readings behind it; many keep still under no paw. */
  readonly readings: number;
}

/** How long the bowl must be watched for a level that is good enough. */
export function lookMs(run: Run): Milliseconds {
  const perSecond = run.traits.dispenseSamplesPerSecond;
  const readings = OVERLAP * (run.bowl.noiseGrams / LEVEL_SIGMA_GRAMS) ** 2;
  const byNoise = (1000 * Math.max(3.2, readings)) / perSecond;
  return Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, byNoise));
}

/** How long a level must stand after something was on the bowl. */
export function restMs(run: Run): Milliseconds {
  return Math.max(REST_MS, (REST_READINGS * 1000) / run.traits.dispenseSamplesPerSecond);
}

/** The level of the last `windowMs` if everything has come down and the bowl stands still. */
export function stillLevel(run: Run, windowMs: Milliseconds): Level | null {
  if (!run.bowl.isAlive || !run.bowl.isFresh) return null;
  if (quietMs(run) < run.flow.lagMs + LATE_MS + windowMs * 0.9) return null;
  const view = run.bowl.look(windowMs);
  if (!view.isStill) return null;
  const variance = (OVERLAP * view.sdGrams ** 2) / view.readings;
  const level = { grams: view.meanGrams, variance, readings: view.readings };
  return run.stage === 'disturbed' || hasStoodStill(run, windowMs) ? level : null;
}

/**
 * Food that has come down lies still. Where nothing but the clock says that the shaft turned, a
 * nose may be all there is on the bowl: then the bowl must have been still ever since, or somebody
 * is there who keeps still for the length of a look now and then.
 */
function hasStoodStill(run: Run, windowMs: Milliseconds): boolean {
  if (run.meter.hasTurned) return true;
  const landedAtMs = run.meter.lastOnAtMs + run.flow.lagMs + LATE_MS;
  const sinceMs = run.nowMs - Math.max(landedAtMs, run.stretchAtMs);
  const keptMs = (KEPT_READINGS * 1000) / run.traits.dispenseSamplesPerSecond;
  return sinceMs <= windowMs || run.bowl.look(Math.min(sinceMs, keptMs)).isStill;
}

/** How long the last level of a portion must stand. */
export function verifyMs(run: Run): Milliseconds {
  const readingsMs = (VERIFY_READINGS * 1000) / run.traits.dispenseSamplesPerSecond;
  const usualMs = Math.max(VERIFY_MS, readingsMs);
  return run.meter.hasTurned ? usualMs : Math.max(usualMs, restMs(run), UNPROVEN_MS);
}

/** Whether a level says that the bowl itself is gone. */
export function isBowlMissing(run: Run, grams: Grams): boolean {
  const from = run.bowlBeforeGrams ?? run.emptyGrams;
  return grams < Math.min(from, run.emptyGrams) + BOWL_MISSING_GRAMS;
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
  const hanging = HANGING_FACTOR * hangingGrams(run);
  const hiddenTurns = meter.hiddenTurns - account.anchor.hiddenTurns;
  const ceiling = hasStood(run)
    ? -floor
    : flow.mostGrams(turns + hiddenTurns) + hanging + flow.inFlightSlackGrams + 0.4 + 5 * sigma;
  const isUntouched = !run.isTouched || cameToRestAtOnce(run);
  const isFlowing = run.isTouched && !run.hasStopped && !lacksFlow(run, level);
  const isClean = isUntouched && rise >= floor && rise <= ceiling;
  if (isClean) {
    notePress(run, level, { rise, turns });
    account.closeClean(level.grams, meter.mark());
    noteLevel(run, level.grams, meter.forwardTurns, sigma);
    run.movedGrams = Math.min(run.movedGrams, level.grams);
    compare(run, turns > 0 && hiddenTurns < HIDDEN_TURNS_MAX);
  } else {
    account.closeEstimated(estimateStretch(run, rise), level.grams, meter.mark());
    run.levelVariance += 2 * level.variance;
    run.movedGrams = level.grams;
    run.movedTurns = meter.forwardTurns;
    compare(run, false);
    if (isFlowing) assumeFlow(run, meter.forwardTurns, account.likelyGrams);
  }
  resetTouch(run);
  run.doubt = null;
  run.checkTurns = meter.forwardTurns;
  run.checkGrams = level.grams;
  return isClean;
}

/** Learns what a turn delivers, up to where the weight answers for the turns. */
function compare(run: Run, mayLearn: boolean): void {
  const { account, flow } = run;
  const turns = answeredTurns(run);
  const grams = Math.max(0, account.likelyGrams - run.learnedGrams);
  if (mayLearn && turns > run.learnedTurns) flow.weighed(grams, turns - run.learnedTurns);
  run.learnedTurns = turns;
  run.learnedGrams = account.likelyGrams;
}

/** Whether a still level confirms the doubt that food flows: less came than any flow brings. */
export function lacksFlow(run: Run, level: Level): boolean {
  if (run.doubt === null) return false;
  return level.grams - run.doubt.fromGrams <= LACK_SHARE * run.doubt.expectedGrams;
}

/** A short look may have caught a paw: only what the turns surely brought is beyond doubt then. */
function notePress(run: Run, level: Level, seen: { rise: Grams; turns: number }): void {
  const { account, flow, meter } = run;
  const isLong = level.readings >= (meter.hasTurned ? CONFIRMING_READINGS : REST_READINGS);
  if (isLong) {
    account.confirm();
    return;
  }
  if (!meter.hasTurned) {
    account.suspectPress(seen.rise);
    return;
  }
  const sure = flow.gramsPerTurn * seen.turns - SURE_SIGMAS * flow.spreadGrams(seen.turns);
  account.suspectPress(Math.min(seen.rise, seen.rise - sure));
}

/**
 * Whether the bowl stood still as soon as the last piece had come down. Whatever seemed to touch
 * it was then no cat: one that is there does not keep still.
 */
function cameToRestAtOnce(run: Run): boolean {
  if (run.meter.forwardTurns <= run.account.anchorTurns) return false;
  const windowMs = restMs(run);
  return quietMs(run) < run.flow.lagMs + LATE_MS + windowMs + Math.max(AT_ONCE_MS, windowMs / 2);
}

/** Books a stretch that has no end to weigh: the scale is given up, or the cat stays. */
export function bookUnweighed(run: Run): void {
  const { account, meter } = run;
  if (meter.forwardTurns <= account.anchorTurns && Number.isNaN(account.anchorGrams)) return;
  const isFlowing = run.closing?.fault === 'overflow' && !Number.isNaN(account.anchorGrams);
  const estimate = isFlowing ? flowingAway(run) : estimateStretch(run, Number.NaN);
  account.closeEstimated(estimate, null, meter.mark());
  resetTouch(run);
}

/** Food that flows by itself: what the bowl shows by now, and more to come. */
function flowingAway(run: Run): Estimate {
  const likelyGrams = Math.max(0, run.bowl.filter.massGrams - run.account.anchorGrams);
  return {
    lowGrams: Math.max(0, likelyGrams - OVERFLOW_LESS_GRAMS),
    likelyGrams,
    highGrams: likelyGrams + OVERFLOW_MORE_GRAMS,
  };
}

/**
 * What fell in a stretch in which something touched the bowl. Up to the last believed point the
 * scale counts, after it the turns and what is learned to be in flight. Taking food away can only
 * have lowered the level, so that a rise which the turns allow is a lower bound.
 */
function estimateStretch(run: Run, rise: Grams): Estimate {
  const { account, flow } = run;
  flow.forgetSeen();
  const turns = run.meter.forwardTurns - account.anchorTurns;
  const byTurns = doubtTurns(run, flow.estimateAfter(seenPart(run), turns));
  const refined = flow.refine(byTurns, pressedPart(run));
  const hanging = hangingGrams(run);
  const surely =
    run.doubt === null
      ? refined.lowGrams
      : clamp(run.doubt.fromGrams - account.anchorGrams - 0.5, 0, refined.lowGrams);
  const estimate = {
    ...refined,
    lowGrams: Math.max(0, surely - hanging),
  };
  account.possibleGrams = Math.max(account.possibleGrams, hanging);
  const { lowGrams, likelyGrams, highGrams } = estimate;
  if (!(rise > lowGrams)) return estimate;
  if (hasStood(run)) {
    // The motor drew nothing: what stands in the bowl may be food all the same, but is not likely.
    const most = flow.mostGrams(turns) + HANGING_FACTOR * hanging;
    return { ...estimate, highGrams: Math.max(highGrams, Math.min(rise, most)) };
  }
  if (rise > highGrams) {
    // More than these turns can bring: an avalanche, or no food at all. It may be food as far as
    // there is any that was turned out, so no more may follow it.
    const most = flow.mostGrams(turns) + HANGING_FACTOR * hanging;
    const possible = Math.min(rise - likelyGrams, turnedOutGrams(run) - account.likelyGrams);
    if (rise > most) {
      account.possibleGrams = Math.max(account.possibleGrams, possible);
      return estimate;
    }
    return { lowGrams, likelyGrams: rise, highGrams: rise + 0.3 };
  }
  return {
    lowGrams: Math.max(lowGrams, rise - 0.2),
    likelyGrams: Math.max(rise, likelyGrams),
    highGrams: Math.max(rise + 0.2, highGrams),
  };
}

/** What the lowest readings under the cat say of the present stretch. */
function pressedPart(run: Run): { grams: Grams; sigmaGrams: Grams } | null {
  const level = run.pressed.level(run.bowl.noiseGrams);
  if (level === null || Number.isNaN(run.account.anchorGrams)) return null;
  return { grams: level.grams - run.account.anchorGrams, sigmaGrams: level.sigmaGrams };
}

/** Whether everything that was on its way has come down. */
export function hasCalmed(run: Run): boolean {
  return quietMs(run) > run.flow.lagMs + LATE_MS;
}

/** How far the last believed level may be off: few readings a second show a touch late. */
function seenSigma(run: Run): Grams {
  const slowness = SLOW_SAMPLES_PER_SECOND / run.traits.dispenseSamplesPerSecond;
  return run.touchOnsetMs === null
    ? SLOW_SIGMA_GRAMS * (1 + slowness)
    : SEEN_SIGMA_GRAMS * (1 + slowness);
}

/** What the scale had seen of the present stretch before it was touched. */
function seenPart(run: Run): SeenPart | null {
  const trusted = run.trail.trusted(run.touchOnsetMs, run.touchedAtMs);
  const { account, flow } = run;
  if (trusted === null || Number.isNaN(account.anchorGrams)) return null;
  const turns = trusted.shownTurns - account.anchorTurns;
  const seen = trusted.grams - account.anchorGrams;
  const isAbsurd = seen > flow.mostGrams(turns) || seen < -1 - 4 * run.bowl.noiseGrams;
  if (turns < 0 || isAbsurd) return null;
  return {
    grams: Math.max(0, seen),
    turns,
    swing: run.pulse.swing(
      run.meter.angleAt(trusted.shownTurns),
      run.meter.angleAt(run.meter.forwardTurns),
    ),
    sigmaGrams: seenSigma(run),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
