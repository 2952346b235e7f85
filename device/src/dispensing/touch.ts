import type { Grams, Milliseconds, Turns } from '@cat-feeder/shared';
import type { Run } from './run.ts';
import type { TrailPoint } from './trust-trail.ts';

/** A piece that lands pushes about its mass times this long, spread over a few conversions. */
const LANDING_SECONDS = 0.15;
const CONVERSION_SHARE = 0.35;
/** Nothing but food may lift the level by more than this above what the turns explain. */
const EXCESS_GRAMS: Grams = 0.6;
/** An auger delivers up to this many times its mean within a part of a turn. */
const SURGE_FACTOR = 1.9;
/** Shorter parts of a turn teach nothing of its pulse. */
const PULSE_TURNS_MIN: Turns = 0.08;
/** The level never falls by itself. */
const FALL_GRAMS: Grams = 0.4;

/**
 * Looks whether anything but food acts on the bowl while it may be filling: a push that landing
 * pieces do not explain, a rise that the motor does not explain, or a fall. Decides on `isTouched`
 * and keeps a trail of levels that were believed.
 */
export function watchTouch(run: Run): void {
  const { bowl, meter, account, trail, level, flow } = run;
  if (Number.isNaN(account.anchorGrams)) return;
  const arrivedTurns = meter.forwardTurnsAt(run.nowMs - flow.lagMs);
  const arrivedFood = arrivedTurns + run.pulse.offset(meter.angleAt(arrivedTurns));
  level.push(run.nowMs, bowl.grams, { turns: arrivedFood, gramsPerTurn: flow.gramsPerTurn });
  if (run.isTouched) return;
  const isPushed = run.push.isPushed(run.nowMs, level.aboveGrams);
  const isFalling = run.floor.hasFallen(run.nowMs, bowl.grams, fallMax(run));
  const isExcess =
    isSurge(run, trail.earlier, arrivedTurns) || isSurge(run, trail.newest, arrivedTurns);
  if (isPushed || isFalling || isExcess) {
    touch(run, isPushed || isExcess ? run.push.onsetAtMs : null);
    return;
  }
  if (run.stage !== 'coarse' || !trail.isDue(run.nowMs)) return;
  const shownTurns = meter.forwardTurnsAt(run.nowMs - flow.flightMs);
  learnPulse(run, shownTurns);
  trail.push({ atMs: run.nowMs, grams: level.grams, arrivedTurns, shownTurns });
}

/** What the last part of a turn delivered teaches how the screw pulses. */
function learnPulse(run: Run, shownTurns: Turns): void {
  const { trail, meter, level, flow } = run;
  const from = trail.earlier;
  if (from === null || run.hasJammed || shownTurns - from.shownTurns < PULSE_TURNS_MIN) return;
  run.pulse.learn(meter.angleAt(from.shownTurns), meter.angleAt(shownTurns), {
    grams: level.grams - from.grams,
    gramsPerTurn: flow.gramsPerTurn,
  });
}

/** Notes that something other than food acted on the bowl; the first word stands. */
export function touch(
  run: Run,
  onsetAtMs: Milliseconds | null,
  seenAtMs: Milliseconds = run.nowMs,
): void {
  if (run.isTouched) return;
  run.isTouched = true;
  run.touchOnsetMs = onsetAtMs;
  run.touchedAtMs = seenAtMs;
}

/** Begins a stretch in which nothing has touched the bowl yet. */
export function resetTouch(run: Run): void {
  run.isTouched = false;
  run.touchOnsetMs = null;
  run.stretchAtMs = run.nowMs;
  run.push.reset({
    meanGrams: landingPush(run) + run.bowl.noiseGrams,
    spreadGrams: Math.hypot(run.bowl.noiseGrams, 0.6 * run.bowl.landingGrams, 0.2),
  });
  run.floor.reset(run.account.anchorGrams);
  run.trail.reset();
  run.pressed.reset();
  run.level.reset();
  if (!Number.isNaN(run.account.anchorGrams)) {
    const { forwardTurns } = run.meter;
    const turns = forwardTurns + run.pulse.offset(run.meter.angleAt(forwardTurns));
    const { gramsPerTurn } = run.flow;
    run.level.push(run.nowMs, run.account.anchorGrams, { turns, gramsPerTurn });
  }
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
  const explained =
    SURGE_FACTOR * flow.gramsPerTurn * Math.max(0, arrivedTurns - point.arrivedTurns);
  const slack = EXCESS_GRAMS + 2.5 * bowl.noiseGrams + 1.5 * flow.kibbleGrams;
  return rise > explained + slack;
}

/** How far landing pieces press in the mean while food flows at full speed. */
function landingPush(run: Run): Grams {
  const { flow, traits } = run;
  return LANDING_SECONDS * flow.gramsPerTurn * traits.nominalTurnsPerSecond;
}

/** The level sinks by the push of landing pieces when the flow pauses, and by a bite. */
function fallMax(run: Run): Grams {
  return FALL_GRAMS + 3 * run.bowl.noiseGrams + landingPush(run);
}
