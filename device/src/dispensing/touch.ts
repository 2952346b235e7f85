import type { Grams } from '@cat-feeder/shared';
import type { Run } from './run.ts';

/** Readings over which roughness is averaged. */
const ROUGHNESS_WEIGHT = 0.12;
/** A piece that lands pushes about its mass times this long, spread over a few conversions. */
const LANDING_SECONDS = 0.15;
const CONVERSION_SHARE = 0.35;
/** Nothing but food may lift the level by more than this above what the turns explain. */
const EXCESS_GRAMS: Grams = 1.2;
/** The level never falls by itself. */
const FALL_GRAMS: Grams = 0.6;
/** How often a level is kept as believed. */
const TRUST_MS = 250;

/**
 * Looks whether anything but food acts on the bowl while it may be filling: a roughness that
 * landing pieces do not explain, a rise that the motor does not explain, or a fall. Decides on
 * `isTouched` and keeps the last point that was believed.
 */
export function watchTouch(run: Run): void {
  const { bowl, meter, account } = run;
  const { filter } = bowl;
  const innovation = filter.innovationGrams;
  run.unrest += ROUGHNESS_WEIGHT * (innovation * innovation - run.unrest);
  if (Number.isNaN(account.anchorGrams)) return;
  const rise = filter.massGrams - account.anchorGrams;
  run.peakGrams = Math.max(run.peakGrams, filter.massGrams);
  const isRough = run.unrest > roughnessMax(run) ** 2;
  const isExcess = rise > explainedRise(run);
  const isFalling = run.peakGrams - filter.massGrams > fallMax(run);
  if (isRough || isExcess || isFalling) run.isTouched = true;
  if (run.isTouched || run.nowMs - run.candidateAtMs < TRUST_MS) return;
  run.trustedGrams = run.candidateGrams;
  run.trustedTurns = run.candidateTurns;
  run.candidateGrams = filter.massGrams;
  run.candidateTurns = meter.forwardTurnsAt(run.nowMs - run.flow.lagMs);
  run.candidateAtMs = run.nowMs;
}

/** Begins a stretch in which nothing has touched the bowl yet. */
export function resetTouch(run: Run): void {
  run.isTouched = false;
  run.unrest = 0;
  run.peakGrams = run.account.anchorGrams;
  run.trustedGrams = Number.NaN;
  run.candidateGrams = Number.NaN;
  run.candidateAtMs = run.nowMs;
}

function roughnessMax(run: Run): Grams {
  return 0.3 + 4 * run.bowl.noiseGrams + 2 * landingSpread(run);
}

function fallMax(run: Run): Grams {
  return FALL_GRAMS + 3 * run.bowl.noiseGrams + landingSpread(run);
}

function explainedRise(run: Run): Grams {
  const { account, meter, flow } = run;
  const turns = Math.max(0, meter.forwardTurns - account.anchorTurns);
  const landing = landingSpread(run) + 2 * flow.kibbleGrams;
  const slack = EXCESS_GRAMS + 5 * run.bowl.noiseGrams + landing;
  return turns * flow.highGramsPerTurn + flow.inFlightSlackGrams + slack;
}

/** How far one reading may lie off because pieces are landing. */
function landingSpread(run: Run): Grams {
  const { flow, traits } = run;
  const seconds = 1 / traits.dispenseSamplesPerSecond;
  const bump = CONVERSION_SHARE * flow.kibbleGrams * (LANDING_SECONDS / seconds);
  const pieces =
    (flow.gramsPerTurn * traits.nominalTurnsPerSecond * seconds) / Math.max(0.02, flow.kibbleGrams);
  return bump * Math.sqrt(Math.min(3, 4 * pieces));
}
