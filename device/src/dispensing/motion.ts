import type { Milliseconds, Turns } from '@cat-feeder/shared';
import { MOTOR_SLICE_MS_MAX } from '@cat-feeder/shared';
import { nextStage, type StageEvent } from './dispense-machine.ts';
import { turnsAllowed, turnsUntilFull } from './hanging.ts';
import type { Run } from './run.ts';

/** A slice outlives this many missing samples, no more. */
const SLICE_SAMPLES = 2.5;
const SLICE_MS_BASE: Milliseconds = 40;

/** Moves the machine on and notes when. Every change of stage begins with the motor off. */
export function go(run: Run, event: StageEvent): void {
  const stage = nextStage(run.stage, event);
  if (stage === run.stage) return;
  run.stage = stage;
  run.stageAtMs = run.nowMs;
  run.pulseEndsAtMs = null;
  halt(run);
}

export function halt(run: Run): void {
  run.command.kind = 'stop';
}

/** Turns on: for one slice, or for less when the stop is already in sight. */
export function turn(run: Run, direction: 'forward' | 'reverse', forMs: Milliseconds): void {
  const sliceMs = SLICE_MS_BASE + (SLICE_SAMPLES * 1000) / run.traits.dispenseSamplesPerSecond;
  const maxMs = Math.floor(Math.min(forMs, sliceMs, MOTOR_SLICE_MS_MAX));
  if (!(maxMs >= 1)) {
    halt(run);
    return;
  }
  run.command.kind = 'run';
  run.command.direction = direction;
  run.command.speed = 1;
  run.command.maxMs = maxMs;
}

/** How long the shaft needs for so many turns at full speed. */
export function turnsToMs(run: Run, turns: Turns): Milliseconds {
  return (1000 * turns) / Math.max(0.01, run.meter.ratePerSecond);
}

/**
 * Forward turns that this run may still make: its own limits with the reserve for unjamming, and
 * what the chute may come to hold of a portion that is weighed.
 */
export function turnsLeft(run: Run): Turns {
  const { limits, meter } = run;
  // Without a scale nothing else would notice turns that the index did not show.
  const turns = run.isBlind ? meter.mostTurns : meter.forwardTurns;
  const left = Math.min(turnsAllowed(run), limits.forwardTurnsMax) - turns;
  return run.isBlind ? left : Math.min(left, turnsUntilFull(run));
}

/** Since power was last on: the time in which what was on its way has come down. */
export function quietMs(run: Run): Milliseconds {
  return run.nowMs - run.meter.lastOnAtMs;
}

/** Ends the run as soon as what fell has been weighed. The first reason stays. */
export function close(run: Run, closing: NonNullable<Run['closing']>): void {
  if (run.closing === null) {
    run.closing = closing;
    run.closingAtMs = run.nowMs;
  }
  run.command.kind = 'stop';
  go(run, 'give_up');
}
