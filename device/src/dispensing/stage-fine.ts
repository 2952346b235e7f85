import { type Grams, type Milliseconds, MOTOR_SLICE_MS_MAX, type Turns } from '@cat-feeder/shared';
import {
  answeredTurns,
  CHANCE_GRAMS,
  chanceGrams,
  couldPassBound,
  FLOWS_SHARE,
  hangingGrams,
  hasResumed,
  hasStood,
  noteFlow,
  turnsUntilFull,
} from './hanging.ts';
import { close, go, halt, turn, turnsLeft, turnsToMs } from './motion.ts';
import type { Run } from './run.ts';
import { stopOnMotorFault } from './stage-coarse.ts';
import { bookStretch, type Level, lacksFlow, lookMs, stillLevel } from './still-levels.ts';
import { touch } from './touch.ts';

/** A look that finds no rest for this long, beyond its own time, was disturbed. */
const RESTLESS_MS: Milliseconds = 1300;
/** Shorter pulses move nothing, for the shaft has to start. */
const PULSE_MS_MIN: Milliseconds = 30;
/** With less than this left of the turns that a portion may take, it is over. */
const TURNS_MIN = 0.03;
/** Longer turns are no short pulse. */
const SHORT_TURNS: Turns = 0.1;
/** A rest worth more than one slice goes to coarse motion again. */
const COARSE_SLICES = 1.5;
/** It must also leave room for the margin that coarse motion keeps. */
const COARSE_GRAMS: Grams = 0.5;
const COARSE_PIECES = 1.3;
/** A rise below this part of a piece, and within so many spreads of the weighing, is none. */
const EMPTY_PIECES = 0.3;
const EMPTY_SIGMAS = 2.5;
/** With what may have let go at each stop, so many pieces never stay away by chance. */
const HIDDEN_PIECES = 4;
/** A rest below this is left: pieces come whole, and now and then two at once. */
const ENOUGH_GRAMS: Grams = 0.12;
const ENOUGH_PIECES = 0.52;
const ENOUGH_MORE = 0.15;
/** Never is more than this share of the portion left, however large the pieces are. */
const LEFT_SHARE = 0.5;
/** Pulses aim this many pieces short; the last ones move this part of a piece. */
const SHORT_PIECES = 0.7;
const LAST_PIECES = 0.42;
/** When pulses bring nothing, a rest as small as this is left: it is within the promise. */
const SMALL_GRAMS: Grams = 0.9;
const ROOM_GRAMS: Grams = 0.5;
const OVER_GRAMS: Grams = 0.9;
const OVER_PIECES = 1;
const HIGH_PIECES = 1.9;
/** Share of the three sigmas above an estimate that is held back. */
const CAUTION = 0.5;
/** Weighing is never better than this. */
const WEIGHING_GRAMS: Grams = 0.1;
/** More than this is not left for fear of a rich pulse, and neither is more than a piece. */
const PROMISED_GRAMS: Grams = 0.95;
/** The part of a turn that even the shortest pulse makes. */
const LEAST_TURNS: Turns = 0.015;

/** One sample of the pulses and the looks between them. */
export function stepFine(run: Run): void {
  if (stopOnMotorFault(run)) return;
  if (run.pulseEndsAtMs !== null) {
    continuePulse(run);
    return;
  }
  const windowMs = lookMs(run);
  const level = stillLevel(run, windowMs);
  if (level === null) {
    const waitedMs = run.nowMs - Math.max(run.stageAtMs, run.meter.lastOnAtMs);
    const patienceMs = run.flow.lagMs + windowMs + RESTLESS_MS;
    if (waitedMs > patienceMs) {
      touch(run, run.stopOnsetMs ?? run.meter.lastOnAtMs, run.meter.lastOnAtMs);
      go(run, 'disturb');
    }
    return;
  }
  look(run, level);
}

/** The mass below which another pulse would rather make it worse. */
export function enoughGrams(run: Run): Grams {
  const { kibbleGrams } = run.flow;
  const byPieces = (ENOUGH_PIECES + ENOUGH_MORE * kibbleGrams) * kibbleGrams;
  return leftAtMost(run, Math.max(ENOUGH_GRAMS, byPieces));
}

/** What may be left of a portion: a wish no larger than a piece is not left whole. */
function leftAtMost(run: Run, grams: Grams): Grams {
  return Math.min(grams, LEFT_SHARE * run.limits.aimGrams);
}

/** What is still to be served, with respect for what may already have been. */
export function missingGrams(run: Run): Grams {
  const { account, limits } = run;
  const byLikely = limits.aimGrams - account.likelyGrams;
  const doubt = CAUTION * account.aboveGrams + account.possibleGrams;
  const byHigh = limits.aimGrams + overGrams(run) - account.likelyGrams - doubt;
  return Math.min(byLikely, byHigh);
}

/**
 * The longest pulse, by what it should bring, of which even a rich one stays within what may come
 * too much, wherever the truth lies within the doubt about what was served.
 */
export function mostPulseGrams(run: Run): Grams {
  const { account, limits, flow, pulse } = run;
  const { kibbleGrams } = flow;
  const piece = pulse.short.pieceGrams(kibbleGrams);
  const missing = limits.aimGrams - Math.max(0, account.likelyGrams) - account.possibleGrams;
  const doubt = Math.hypot(CAUTION * account.aboveGrams, WEIGHING_GRAMS);
  const usualRoom = missing + Math.max(OVER_GRAMS, piece);
  const highRoom = missing + Math.max(OVER_GRAMS, HIGH_PIECES * piece);
  let low = 0;
  let high = Math.max(0, usualRoom);
  for (let i = 0; i < 16; i += 1) {
    const middle = (low + high) / 2;
    const usual = pulse.short.usualExcessGrams(middle, kibbleGrams);
    const rich = Math.hypot(pulse.short.highExcessGrams(middle, kibbleGrams), doubt);
    if (middle + usual <= usualRoom && middle + rich <= highRoom) low = middle;
    else high = middle;
  }
  return low;
}

/** What may come too much where only an estimate is to be had. */
export function overGrams(run: Run): Grams {
  return Math.max(OVER_GRAMS, OVER_PIECES * run.pulse.short.pieceGrams(run.flow.kibbleGrams));
}

function look(run: Run, level: Level): void {
  const rise = hasStood(run) ? 0 : level.grams - run.account.anchorGrams;
  const turns = run.meter.forwardTurns - run.account.anchorTurns;
  const isLacking = lacksFlow(run, level);
  const isClean = bookStretch(run, level);
  if (isLacking && isClean) {
    leaveForNoFlow(run);
    return;
  }
  if (isClean) learnFromLook(run, level, { rise, turns });
  const missing = missingGrams(run);
  if (missing <= enoughGrams(run)) {
    go(run, 'enough');
    return;
  }
  const isFlowing =
    rise > FLOWS_SHARE * turns * run.flow.gramsPerTurn && rise > 2 * run.flow.kibbleGrams;
  if (isFlowing || hasResumed(run)) {
    noteFlow(run, answeredTurns(run), run.account.likelyGrams);
  }
  const made = {
    rise: isClean ? rise : Math.max(0, rise),
    turns,
    sigma: Math.sqrt(2 * level.variance),
  };
  const isStopped = isNothingFlowing(run, made) || turnsUntilFull(run) < TURNS_MIN;
  if (!isStopped && turnsLeft(run) < TURNS_MIN) {
    if (run.emptyPulses > 0) run.hasStopped = true;
    close(run, { result: null, fault: 'slow_flow' });
    return;
  }
  if (isStopped) {
    if (missing <= leftAtMost(run, SMALL_GRAMS)) leaveRest(run);
    else leaveForNoFlow(run);
    return;
  }
  // What hangs in the chute may come down at once: no more may follow than would fit beside it.
  const room = missing - hangingGrams(run);
  const isFull = run.hasStopped && room < Math.max(ROOM_GRAMS, run.flow.kibbleGrams);
  if (isFull || couldPassBound(run)) {
    leaveForNoFlow(run);
    return;
  }
  const least = LEAST_TURNS * run.flow.gramsPerTurn;
  const most = Math.max(least, mostPulseGrams(run));
  const promised = Math.max(PROMISED_GRAMS, run.pulse.short.pieceGrams(run.flow.kibbleGrams));
  if (most <= least && missing <= leftAtMost(run, promised)) {
    go(run, 'enough');
    return;
  }
  const wanted = Math.min(pulseGrams(run, missing), most, Math.max(room, 0));
  const pulseMs = turnsToMs(run, wanted / run.flow.gramsPerTurn);
  const pulseMsMax = COARSE_SLICES * MOTOR_SLICE_MS_MAX;
  const isMuch = wanted > COARSE_GRAMS + 2 * COARSE_PIECES * run.flow.kibbleGrams;
  // Where coarse motion has just ended without a turn, its own bound leaves it none.
  if (pulseMs > pulseMsMax && isMuch && turns > 0) {
    go(run, 'lacking');
    return;
  }
  startPulse(run, Math.min(pulseMsMax, Math.max(PULSE_MS_MIN, pulseMs)));
}

/** A small rest is not worth another attempt, and no top-up may go on with what brought nothing. */
function leaveRest(run: Run): void {
  run.hasStopped = true;
  close(run, { result: null, fault: null });
}

function leaveForNoFlow(run: Run): void {
  run.hasStopped = true;
  run.suspicion = 'no_flow';
  run.hasJammed = true;
  go(run, 'stuck');
}

function learnFromLook(run: Run, level: Level, made: { rise: Grams; turns: number }): void {
  if (!Number.isNaN(run.stopGrams)) {
    run.inFlightSeen = Math.max(0, level.grams - run.stopGrams);
    run.stopGrams = Number.NaN;
    return;
  }
  const expected = made.turns * run.flow.gramsPerTurn;
  const isSeen = made.rise > 4 * Math.sqrt(level.variance) && made.rise > 0.02;
  const isSmall = expected < Math.max(1.6 * run.flow.kibbleGrams, 0.9 * made.rise);
  if (expected > 0 && isSmall && isSeen) run.pieceRises.push(made.rise);
  if (!(expected > 0) || made.turns > SHORT_TURNS || run.hasJammed) return;
  run.pulse.short.learn({
    expectedGrams: expected,
    grams: made.rise,
    kibbleGrams: run.flow.kibbleGrams,
    isSeen: isSeen && made.turns < 0.75 * SHORT_TURNS,
  });
}

/** Too little for a piece, or for anything that this scale can tell from its noise. */
function isEmptyRise(run: Run, rise: Grams, sigma: Grams): boolean {
  return rise <= Math.max(EMPTY_PIECES * run.flow.kibbleGrams, EMPTY_SIGMAS * sigma);
}

/**
 * When pulses that should have moved more than chance keeps back moved nothing, nothing flows; and
 * when too many in a row did not, however short, for each stop lets pieces go that then hang.
 */
function isNothingFlowing(run: Run, made: { rise: Grams; turns: Turns; sigma: Grams }): boolean {
  const { rise, turns } = made;
  const expected = turns * run.flow.gramsPerTurn;
  run.rowGrams += rise;
  if (!isEmptyRise(run, run.rowGrams, made.sigma)) {
    beginRow(run);
    if (!run.hasStopped) {
      run.dribbledGrams = 0;
      run.idleStops = 0;
    }
    return false;
  }
  run.fruitlessGrams += expected;
  if (turns !== 0) {
    run.emptyPulses += 1;
    run.dribbledGrams += run.pulse.short.hiddenGrams(expected) - expected;
  }
  const hiddenGrams =
    run.fruitlessGrams + run.emptyPulses * run.pulse.short.dribbleGrams(run.flow.kibbleGrams);
  const hasFlow =
    run.fruitlessGrams < chanceGrams(run) &&
    hiddenGrams < hiddenMax(run) &&
    run.emptyPulses < run.pulse.short.emptyRowMax;
  if (hasFlow) return false;
  run.pulse.short.forgetEmpty();
  beginRow(run);
  return true;
}

/** What pulses bring is summed up from here until it is more than nothing. */
function beginRow(run: Run): void {
  run.rowGrams = 0;
  run.fruitlessGrams = 0;
  run.emptyPulses = 0;
}

/**
 * What may lie unseen in a chute that is blocked, with all that lets go at each stop: no more than
 * the rest of the portion and half a turn, and not so little that chance alone would keep it back.
 */
function hiddenMax(run: Run): Grams {
  const room = Math.max(0, missingGrams(run)) + 0.5 * run.flow.gramsPerTurn;
  return Math.max(CHANCE_GRAMS, HIDDEN_PIECES * run.flow.kibbleGrams, room);
}

/** A pulse that will hardly pass the rest; the last ones are for less than one piece. */
function pulseGrams(run: Run, missing: Grams): Grams {
  const { kibbleGrams } = run.flow;
  const careful = (missing - SHORT_PIECES * kibbleGrams) / (1 + 2 * run.flow.phaseSpread);
  const boost = 1 + run.fruitlessGrams / (2 * kibbleGrams);
  return Math.max(careful, Math.min(LAST_PIECES * kibbleGrams * boost, missing));
}

function startPulse(run: Run, pulseMs: Milliseconds): void {
  run.pulseEndsAtMs = run.nowMs + pulseMs;
  run.idleStops += 1;
  turn(run, 'forward', pulseMs);
}

function continuePulse(run: Run): void {
  const leftMs = (run.pulseEndsAtMs ?? 0) - run.nowMs;
  if (leftMs >= 1 && !run.isPaused) {
    turn(run, 'forward', leftMs);
    return;
  }
  run.pulseEndsAtMs = null;
  halt(run);
}
