import type { Grams, Milliseconds } from '@cat-feeder/shared';
import { nameFault } from './fault-names.ts';
import { answeredTurns, FLOWS_SHARE, hangingGrams, noteFlow, noteLevel } from './hanging.ts';
import { close, go, halt, turn, turnsLeft, turnsToMs } from './motion.ts';
import type { Run, Suspicion } from './run.ts';

/** Coarse stops this many pieces and grams before the portion, and leaves the rest to pulses. */
const MARGIN_PIECES = 1.3;
const MARGIN_GRAMS: Grams = 0.25;
const MARGIN_SIGMAS = 2.2;
/** Without a still level in between, a known kibble may not turn further than this allows. */
const STRETCH_SHARE = 1.1;
/** The flow is checked each time this much should have come down. */
const CHECK_GRAMS: Grams = 2.5;
const CHECK_PIECES = 6;
const CHECK_TURNS = 0.5;
/** Looking at the flow waits a little longer than the mean lag. */
const CHECK_LATE_MS: Milliseconds = 200;
/**
 * Less than this share of what should have come puts the flow in doubt, and a still level then
 * decides; less than the next is a slow one.
 */
const NO_FLOW_SHARE = 0.15;
const SLOW_FLOW_SHARE = 0.5;
const SLOW_CHECKS_MAX = 3;
/** Without a scale a missing edge may be a lost index, and each attempt food that nobody sees. */
const BLIND_ATTEMPTS_MAX = 1;

/** One sample of the fast part of a portion. */
export function stepCoarse(run: Run): void {
  if (stopOnMotorFault(run)) return;
  if (run.isBlind) {
    stepBlind(run);
    return;
  }
  if (run.isTouched) {
    go(run, 'disturb');
    return;
  }
  const { account, flow, meter, limits } = run;
  const mass = Number.isNaN(run.level.grams) ? account.anchorGrams : run.level.grams;
  const arrivedTurns = Math.max(account.anchorTurns, meter.forwardTurnsAt(run.nowMs - flow.lagMs));
  const flightTurns = meter.forwardTurnsAt(run.nowMs - flow.flightMs);
  const unseenTurns = meter.forwardTurns - Math.max(account.anchorTurns, flightTurns);
  const rise = mass - account.anchorGrams;
  flow.seen(Math.max(0, rise), arrivedTurns - account.anchorTurns);
  noteLevel(run, mass, arrivedTurns, run.bowl.noiseGrams);
  const from = meter.angleAt(meter.forwardTurns - unseenTurns);
  const swing = run.pulse.swing(from, meter.angleAt(meter.forwardTurns));
  const unseenGrams = Math.max(0, unseenTurns + swing) * flow.gramsPerTurn;
  const predicted = account.servedGrams(mass) + unseenGrams;
  const margin =
    MARGIN_GRAMS + MARGIN_PIECES * flow.kibbleGrams + MARGIN_SIGMAS * flow.spreadGrams(unseenTurns);
  const leftGrams = limits.aimGrams - margin - predicted;
  const wantedGrams = Math.min(leftGrams, leftGrams - hangingGrams(run, account.servedGrams(mass)));
  const leftTurns = Math.min(wantedGrams / flow.gramsPerTurn, turnsBound(run, unseenTurns, mass));
  if (isFlowMissing(run, mass)) return;
  const forMs = turnsToMs(run, Math.min(leftTurns, turnsLeft(run)));
  if (forMs < 8) {
    noteStop(run, mass);
    go(run, 'near');
    return;
  }
  turn(run, 'forward', forMs);
}

/**
 * Forward turns that cannot make too much even if the scale lags, sticks or is pushed: what was
 * weighed for sure plus the most that everything after it can deliver stays within the portion.
 */
function turnsBound(run: Run, unseenTurns: number, mass: Grams): number {
  const { account, flow, meter, limits } = run;
  const sureGrams =
    account.likelyGrams + account.aboveGrams + Math.max(0, mass - account.anchorGrams);
  const room = limits.aimGrams + 0.5 * flow.kibbleGrams - sureGrams;
  const byUnseen = room / flow.highGramsPerTurn - unseenTurns;
  const stretch =
    (STRETCH_SHARE * (limits.aimGrams - account.likelyGrams)) / flow.gramsPerTurn + 0.15;
  const byStretch = stretch - (meter.forwardTurns - account.anchorTurns);
  return Math.min(byUnseen, byStretch);
}

/** Checks the flow in steps. True when the stage was left because nothing comes. */
function isFlowMissing(run: Run, mass: Grams): boolean {
  const { flow, bowl, meter, order } = run;
  const arrivedTurns = meter.forwardTurnsAt(run.nowMs - flow.lagMs - CHECK_LATE_MS);
  const turns = arrivedTurns - run.checkTurns;
  const gramsPerTurn = order.model.samples === 0 ? flow.lowGramsPerTurn : flow.gramsPerTurn;
  const expected = turns * gramsPerTurn;
  const wanted = Math.max(CHECK_GRAMS, CHECK_PIECES * flow.kibbleGrams, 8 * bowl.noiseGrams);
  if (expected < wanted || turns < CHECK_TURNS) return false;
  const came = mass - run.checkGrams;
  if (came < NO_FLOW_SHARE * expected) {
    const unseen = meter.forwardTurns - arrivedTurns;
    const expectedGrams = (turns + unseen) * flow.gramsPerTurn;
    run.doubt = { fromGrams: run.checkGrams, expectedGrams };
    run.stopGrams = Number.NaN;
    run.stopOnsetMs = run.push.suspectedSinceMs;
    go(run, 'near');
    return true;
  }
  run.checkTurns = arrivedTurns;
  run.checkGrams = mass;
  if (came > FLOWS_SHARE * turns * flow.gramsPerTurn) {
    noteFlow(run, Math.min(arrivedTurns, answeredTurns(run)), run.account.servedGrams(mass));
  }
  run.slowChecks = came < SLOW_FLOW_SHARE * expected ? run.slowChecks + 1 : 0;
  return run.slowChecks >= SLOW_CHECKS_MAX ? leaveFor(run, 'slow_flow') : false;
}

function leaveFor(run: Run, suspicion: Suspicion): boolean {
  run.suspicion = suspicion;
  run.slowChecks = 0;
  run.hasJammed = true;
  go(run, 'stuck');
  return true;
}

/** The shaft does not follow: leaves for unjamming. Also used by the other stages with motion. */
export function stopOnMotorFault(run: Run): boolean {
  const { meter } = run;
  if (!meter.isStalled && !meter.isDead) return false;
  const suspicion = meter.isDead ? 'dead' : 'stall';
  const isSure = meter.isDead || meter.isHeld;
  meter.clearStall();
  if (run.isBlind && !isSure && run.attempts >= BLIND_ATTEMPTS_MAX) {
    run.suspicion = suspicion;
    close(run, { result: null, fault: nameFault(run) });
    return true;
  }
  return leaveFor(run, suspicion);
}

/** By turns alone, to where the model says that the portion has been served. */
function stepBlind(run: Run): void {
  const left = Math.min(run.blindEndTurns - run.meter.mostTurns, turnsLeft(run));
  const forMs: Milliseconds = turnsToMs(run, left);
  if (forMs < 4) {
    halt(run);
    go(run, 'enough');
    return;
  }
  turn(run, 'forward', forMs);
}

/** Notes the moment of the stop, so that what still comes down can be learned. */
function noteStop(run: Run, mass: Grams): void {
  const { meter, account, flow } = run;
  const fullTurns = (flow.lagMs / 1000) * meter.ratePerSecond * 1.3;
  const isLongEnough = meter.forwardTurns - account.anchorTurns > fullTurns;
  run.stopOnsetMs = run.push.suspectedSinceMs;
  run.stopGrams = isLongEnough && !run.hasJammed ? mass : Number.NaN;
}
