import type { Grams, Turns } from '@cat-feeder/shared';
import type { Run } from './run.ts';
import type { TrailPoint } from './trust-trail.ts';

/** Readings over which roughness is averaged. */
const ROUGHNESS_WEIGHT = 0.12;
/** A piece that lands pushes about its mass times this long, spread over a few conversions. */
const LANDING_SECONDS = 0.15;
const CONVERSION_SHARE = 0.35;
/** Time over which the lift is averaged. */
const LIFT_SECONDS = 0.35;
/** Nothing but food may lift the level by more than this above what the turns explain. */
const EXCESS_GRAMS: Grams = 0.6;
/** An auger delivers up to this many times its mean within a part of a turn. */
const SURGE_FACTOR = 1.9;
/** The level never falls by itself. */
const FALL_GRAMS: Grams = 0.4;

/**
 * Looks whether anything but food acts on the bowl while it may be filling: a roughness or a lift
 * that landing pieces do not explain, a rise that the motor does not explain, or a fall. Decides
 * on `isTouched` and keeps a trail of levels that were believed.
 */
export function watchTouch(run: Run): void {
  const { bowl, meter, account, trail, level, flow } = run;
  const innovation = bowl.filter.innovationGrams;
  run.unrest += ROUGHNESS_WEIGHT * (innovation * innovation - run.unrest);
  if (Number.isNaN(account.anchorGrams)) return;
  const arrivedTurns = meter.forwardTurnsAt(run.nowMs - flow.lagMs);
  level.push(run.nowMs, bowl.grams, { turns: arrivedTurns, gramsPerTurn: flow.gramsPerTurn });
  const isRough = run.unrest > roughnessMax(run) ** 2;
  const isLifted = level.liftGrams > liftMax(run);
  const isFalling = run.floor.hasFallen(run.nowMs, bowl.grams, fallMax(run));
  const isExcess =
    isSurge(run, trail.oldest, arrivedTurns) || isSurge(run, trail.newest, arrivedTurns);
  if (isRough || isLifted || isFalling || isExcess) run.isTouched = true;
  if (run.isTouched || !trail.isDue(run.nowMs)) return;
  trail.push(run.nowMs, { grams: level.grams, arrivedTurns, turns: meter.forwardTurns });
}

/** Begins a stretch in which nothing has touched the bowl yet. */
export function resetTouch(run: Run): void {
  run.isTouched = false;
  run.unrest = 0;
  run.floor.reset(run.account.anchorGrams);
  run.trail.reset();
  run.level.reset();
}

/** How far one reading may lie off because pieces are landing. */
export function landingSpread(run: Run): Grams {
  const { flow, traits } = run;
  const seconds = 1 / traits.dispenseSamplesPerSecond;
  const bump = CONVERSION_SHARE * flow.kibbleGrams * (LANDING_SECONDS / seconds);
  const pieces =
    (flow.gramsPerTurn * traits.nominalTurnsPerSecond * seconds) / Math.max(0.02, flow.kibbleGrams);
  return bump * Math.sqrt(Math.min(3, 4 * pieces));
}

/** Whether the level rose faster since that point than any flow of food. */
function isSurge(run: Run, point: TrailPoint | null, arrivedTurns: Turns): boolean {
  if (point === null) return false;
  const { flow, bowl } = run;
  const rise = run.level.grams - point.grams;
  const explained = SURGE_FACTOR * flow.gramsPerTurn * Math.max(0, arrivedTurns - point.arrivedTurns);
  const slack =
    EXCESS_GRAMS + 2.5 * bowl.noiseGrams + 1.5 * flow.kibbleGrams;
  return rise > explained + slack;
}

function roughnessMax(run: Run): Grams {
  return 0.3 + 4 * run.bowl.noiseGrams + 2 * run.bowl.landingGrams;
}

/** Landing pieces press by flow times their push in the mean, and by chance more. */
function liftMax(run: Run): Grams {
  const { flow, traits, bowl } = run;
  const push = LANDING_SECONDS * flow.gramsPerTurn * traits.nominalTurnsPerSecond;
  const chance = Math.sqrt((LANDING_SECONDS / LIFT_SECONDS) * push * flow.kibbleGrams);
  return 0.3 + 3 * bowl.noiseGrams + 1.5 * push + 3 * chance;
}

/** The level sinks by the push of landing pieces when the flow pauses, and by a bite. */
function fallMax(run: Run): Grams {
  const { flow, traits, bowl } = run;
  const push = LANDING_SECONDS * flow.gramsPerTurn * traits.nominalTurnsPerSecond;
  return FALL_GRAMS + 3 * bowl.noiseGrams + push;
}
