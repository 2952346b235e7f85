import {
  type Fault,
  type FeedingStage,
  type Grams,
  type Milliseconds,
  MOTOR_RUN_MS_CEILING,
} from '@cat-feeder/shared';
import type { Sample } from '../weighing/sample.ts';
import { motionStages } from './dispense-machine.ts';
import { close, go, halt, quietMs } from './motion.ts';
import type { MotorCommand } from './motor-command.ts';
import type { Run } from './run.ts';
import { stepCoarse } from './stage-coarse.ts';
import { stepFine } from './stage-fine.ts';
import { stepUnjam } from './stage-unjam.ts';
import { stepBaseline, stepDisturbed, stepSettling, stepVerifying } from './stage-weighing.ts';
import { isBowlMissing } from './still-levels.ts';
import { touch, watchTouch } from './touch.ts';

/*
 * The control loop of one run: one call for each sample, which changes the run in place and says
 * what the motor shall do. It knows samples, traits, calibration and model; nothing else.
 *
 * L1 Each slice is renewed by a fresh sample: a sample without a bowl reading renews nothing, but
 *    when the scale has been given up.
 * L2 Outside coarse, fine and unjam, and once the run is closing, the command is never `run`.
 * L3 Forward turns, motor time and the time of the run are bounded before any stage is asked.
 * L4 Without permission, voltage or a driver nothing turns; the run waits, and its deadline goes on.
 */

/** Sag, lost heartbeat and a driver that is away together may last this long within one run. */
const PAUSED_MS_MAX: Milliseconds = 20_000;
/** Signs of a motor that turns by itself. */
const RUNAWAY_TURNS = 0.15;
const RUNAWAY_EDGES_MIN = 3;
const RUNAWAY_CURRENT_MS: Milliseconds = 700;
/** The level must have been far too low for so many readings before the bowl counts as gone. */
const MISSING_READINGS = 12;
/** Once closing, the run ends after this long, weighed or not. */
const CLOSING_MS_MAX: Milliseconds = 14_000;

const stages: Readonly<Record<FeedingStage, (run: Run, elapsedMs: Milliseconds) => void>> = {
  claimed: halt,
  baseline: stepBaseline,
  coarse: stepCoarse,
  fine: stepFine,
  unjam: stepUnjam,
  disturbed: stepDisturbed,
  settling: stepSettling,
  verifying: stepVerifying,
  done: halt,
};

/** Takes one sample. `mayMove` is the caller's permission; the command is reused between calls. */
export function step(run: Run, sample: Sample, mayMove: boolean): MotorCommand {
  const elapsedMs = Math.max(0, sample.atMs - run.nowMs);
  run.nowMs = Math.max(run.nowMs, sample.atMs);
  observe(run, sample);
  run.command.kind = 'hold';
  if (run.stage === 'done') halt(run);
  else {
    if (run.stage === 'claimed') go(run, 'begin');
    guard(run, sample, { elapsedMs, mayMove });
    act(run, elapsedMs);
    enforce(run);
  }
  run.meter.commanded(run.command, run.nowMs);
  return run.command;
}

/** Ends the run on a person's wish, or for a fault that was seen elsewhere; what fell is still weighed. */
export function cancelRun(run: Run, fault: Fault | null = null): void {
  if (run.stage === 'done') return;
  if (fault === 'bowl_missing') touch(run, null);
  close(run, { result: fault === null ? 'cancelled' : null, fault });
}

/** Food since the baseline as it seems now; null while the scale cannot say. */
export function servedSoFar(run: Run): Grams | null {
  const { account, bowl, stage } = run;
  if (stage === 'claimed' || stage === 'baseline') return 0;
  const isBlank = run.isBlind || stage === 'disturbed' || run.isTouched || !bowl.isAlive;
  if (isBlank || Number.isNaN(account.anchorGrams)) return null;
  return Math.max(0, account.servedGrams(bowl.filter.massGrams));
}

function observe(run: Run, sample: Sample): void {
  const { meter, bowl } = run;
  meter.observe(sample);
  bowl.accept(sample, quietMs(run) < 2 * run.flow.lagMs);
  const hopperSpan = run.traits.nominalHopperCountsPerGram;
  if (sample.hopper !== null && hopperSpan !== undefined) {
    run.hopper.push(sample.atMs, sample.hopper / hopperSpan);
  }
  if (!bowl.isFresh) return;
  run.trace.add(sample.atMs, bowl.filter.massGrams);
  if (motionStages.has(run.stage) && !run.isBlind) watchTouch(run);
}

function guard(run: Run, sample: Sample, now: { elapsedMs: Milliseconds; mayMove: boolean }): void {
  run.isPaused = whyPaused(sample, now.mayMove) !== null;
  if (run.isPaused && motionStages.has(run.stage)) run.pausedMs += now.elapsedMs;
  if (run.closing !== null) {
    if (run.nowMs - run.closingAtMs > CLOSING_MS_MAX) go(run, 'finish');
    return;
  }
  if (run.nowMs - run.startedAtMs > run.limits.activeMsMax) {
    close(run, { result: null, fault: 'deadline' });
  } else if (run.pausedMs > PAUSED_MS_MAX) {
    close(run, { result: null, fault: whyPaused(sample, now.mayMove) ?? 'controller_lost' });
  } else if (isRunningAway(run)) {
    close(run, { result: null, fault: 'motor_runaway' });
  } else if (isOverflowing(run)) {
    close(run, { result: null, fault: 'overflow' });
  } else if (isBowlGone(run)) {
    touch(run, null);
    close(run, { result: null, fault: 'bowl_missing' });
  } else if (run.meter.motorMs > Math.min(run.limits.motorMsMax, MOTOR_RUN_MS_CEILING)) {
    close(run, { result: null, fault: 'slow_flow' });
  }
}

/** What keeps the motor off for now, the first cause first; null: nothing does. */
function whyPaused(sample: Sample, mayMove: boolean): Fault | null {
  if (sample.undervoltage) return 'undervoltage';
  if (sample.motorUnreachable === true) return 'motor_unreachable';
  return mayMove ? null : 'controller_lost';
}

function act(run: Run, elapsedMs: Milliseconds): void {
  const mayAct = run.bowl.isFresh || run.isBlind || !motionStages.has(run.stage);
  if (!mayAct && run.bowl.isAlive) return;
  if (!run.bowl.isAlive && !run.isBlind && motionStages.has(run.stage)) {
    touch(run, null);
    go(run, 'disturb');
    return;
  }
  stages[run.stage](run, elapsedMs);
}

/** The last word on the command, whatever the stages said. */
function enforce(run: Run): void {
  const { command, limits, meter } = run;
  if (command.kind !== 'run') {
    if (run.isPaused && meter.isPowered(run.nowMs)) halt(run);
    return;
  }
  const isAllowed =
    motionStages.has(run.stage) && run.closing === null && !run.isPaused && limits.aimGrams > 0;
  const hasTurns =
    command.direction === 'reverse' ||
    (run.isBlind ? meter.mostTurns : meter.forwardTurns) < limits.forwardTurnsMax;
  if (!isAllowed || !hasTurns) halt(run);
}

function isRunningAway(run: Run): boolean {
  const { meter, traits } = run;
  if (meter.currentWhileOffMs > RUNAWAY_CURRENT_MS) return true;
  const perTurn = traits.indexEdgesPerTurn;
  if (perTurn === null) return false;
  return meter.edgesWhileOff >= Math.max(RUNAWAY_EDGES_MIN, RUNAWAY_TURNS * perTurn);
}

function isOverflowing(run: Run): boolean {
  const { bowl, overflow } = run;
  if (quietMs(run) < run.flow.lagMs + 300) {
    overflow.reset();
    return false;
  }
  return bowl.isFresh && overflow.isOverflowing(run.nowMs, bowl.grams, bowl.noiseGrams);
}

function isBowlGone(run: Run): boolean {
  const { bowl } = run;
  if (!bowl.isFresh || run.isBlind || run.bowlBeforeGrams === null) return false;
  run.missingReadings = isBowlMissing(run, bowl.grams) ? run.missingReadings + 1 : 0;
  return run.missingReadings >= MISSING_READINGS;
}
