import type { Fault, Milliseconds, Turns } from '@cat-feeder/shared';
import { nameFault } from './fault-names.ts';
import { close, go, halt, turn, turnsToMs } from './motion.ts';
import type { Run, Stroke, Suspicion } from './run.ts';

/** The shaft rests before it changes its direction. */
const PAUSE_MS: Milliseconds = 250;
/** A stroke that takes this much longer than it should is over. */
const STROKE_PATIENCE = 1.7;
const STROKE_MS_MORE: Milliseconds = 250;

/** Forward turns after a reverse stroke that may deliver nothing. */
const BACKLASH_TURNS: Turns = 0.4;

const back = (turns: Turns): Stroke => ({ direction: 'reverse', turns });
const forth = (turns: Turns): Stroke => ({ direction: 'forward', turns });

/**
 * A stuck shaft is drawn back; food that hangs is shaken loose. Where nothing flows at all, no
 * stroke goes forward: the food may hang in the chute, and more must not follow it.
 */
const patterns: Readonly<Record<Suspicion, readonly Stroke[]>> = {
  stall: [back(0.55)],
  dead: [back(0.3)],
  no_flow: [back(0.3), back(0.3)],
  slow_flow: [back(0.3), forth(0.15), back(0.3)],
};

/** One sample of freeing the dispenser; begins the next attempt when it is new here. */
export function stepUnjam(run: Run): void {
  if (run.strokes.length === 0) {
    beginAttempt(run);
    return;
  }
  if (run.isTouched && !run.isBlind) {
    run.strokes = [];
    go(run, 'disturb');
    return;
  }
  const stroke = run.strokes[run.strokeIndex];
  if (stroke === undefined) {
    run.strokes = [];
    run.meter.clearStall();
    run.checkTurns = run.meter.forwardTurns + BACKLASH_TURNS;
    run.checkGrams = run.level.grams;
    run.freedTurns = run.meter.forwardTurns;
    run.freedGrams = run.account.likelyGrams;
    run.rowGrams = 0;
    run.fruitlessGrams = -BACKLASH_TURNS * run.flow.gramsPerTurn;
    go(run, 'freed');
    return;
  }
  const sinceMs = run.nowMs - run.strokeAtMs;
  if (sinceMs < PAUSE_MS) {
    halt(run);
    return;
  }
  const { meter } = run;
  const turned = stroke.direction === 'forward' ? meter.forwardTurns : meter.reverseTurns;
  if (sinceMs === 0 || Number.isNaN(run.strokeFromTurns)) run.strokeFromTurns = turned;
  const left = stroke.turns - (turned - run.strokeFromTurns);
  const patienceMs = PAUSE_MS + turnsToMs(run, stroke.turns) * STROKE_PATIENCE + STROKE_MS_MORE;
  const forMs = turnsToMs(run, left);
  if (forMs < 5 || sinceMs > patienceMs || meter.isStalled) {
    meter.clearStall();
    run.strokeIndex += 1;
    run.strokeFromTurns = Number.NaN;
    run.strokeAtMs = run.nowMs;
    halt(run);
    return;
  }
  turn(run, stroke.direction, Math.max(forMs, 5));
}

function beginAttempt(run: Run): void {
  halt(run);
  const suspicion = run.suspicion ?? 'no_flow';
  if (run.attempts >= run.limits.attemptsMax) {
    const fault: Fault = nameFault(run);
    close(run, { result: null, fault });
    return;
  }
  run.attempts += 1;
  run.strokes = patterns[suspicion];
  run.strokeIndex = 0;
  run.strokeFromTurns = Number.NaN;
  run.strokeAtMs = run.nowMs;
}
