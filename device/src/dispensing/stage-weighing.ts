import type { Grams, Milliseconds } from '@cat-feeder/shared';
import type { WindowView } from '../weighing/settling.ts';
import { blindStretch } from './hanging.ts';
import { KNOWN_SAMPLES } from './kibble-model.ts';
import { close, go, quietMs } from './motion.ts';
import type { Run } from './run.ts';
import { enoughGrams, missingGrams } from './stage-fine.ts';
import {
  bookStretch,
  bookUnweighed,
  hasCalmed,
  isBowlMissing,
  type Level,
  lookMs,
  restMs,
  stillLevel,
  verifyMs,
} from './still-levels.ts';
import { landingSpread, resetTouch, touch } from './touch.ts';

const BASELINE_MS: Milliseconds = 700;
/** A bowl that does not come to rest at first may only be noisier than it was when tared. */
const LEARN_NOISE_AFTER_MS: Milliseconds = 3000;
/** So many readings is worth what the tare, and what earlier runs say of the noise. */
const NOISE_WEIGHT_TARE = 10;
const NOISE_WEIGHT_KNOWN = 80;
const NOISE_LEARNED_MAX: Grams = 0.8;
/** Patience with something on the bowl before the first motion, and with all of it later on. */
const BASELINE_PATIENCE_MS: Milliseconds = 8000;
const SETTLING_PATIENCE_MS: Milliseconds = 2500;
const CLOSING_PATIENCE_MS: Milliseconds = 12_000;
const DISTURBED_PATIENCE_MS: Milliseconds = 200_000;
/** How long a cell may be silent or repeat itself, and be at its end, before it is given up. */
const DEAD_CELL_MS: Milliseconds = 3000;
const SATURATED_MS: Milliseconds = 25_000;
const TOP_UPS_MAX = 4;
/** An estimated rest is served this cautiously: doubts count against more food. */
const BLIND_CAUTION_SIGMAS = 1.5;

/** Waits for the level that everything is counted from. */
export function stepBaseline(run: Run): void {
  if (run.order.openLoop) {
    goBlind(run, 0);
    return;
  }
  if (giveUpDeadCell(run)) return;
  const waitedMs = run.nowMs - run.stageAtMs;
  const view = run.bowl.look(BASELINE_MS);
  const isStill = view.isStill && run.bowl.isFresh && waitedMs >= BASELINE_MS * 0.9;
  if (isStill) {
    beginFrom(run, {
      grams: view.meanGrams,
      variance: (1.7 * view.sdGrams ** 2) / view.readings,
      readings: view.readings,
    });
    run.bowl.learnNoise(pooledNoise(run, view));
    run.bowl.landingGrams = landingSpread(run);
    return;
  }
  if (waitedMs > LEARN_NOISE_AFTER_MS && view.sdGrams > 0) {
    const isLevel = Math.abs(view.trendGrams) < 4 * view.sdGrams * Math.sqrt(4 / view.readings);
    if (isLevel && view.sdGrams < NOISE_LEARNED_MAX) run.bowl.learnNoise(view.sdGrams);
  }
  if (waitedMs > BASELINE_PATIENCE_MS) go(run, 'disturb');
}

/** The noise of this cell at this rate: what earlier runs saw and what the baseline shows. */
function pooledNoise(run: Run, view: WindowView): Grams {
  const known = run.knownNoiseGrams ?? run.bowl.calibration.noiseGrams;
  const weight = run.knownNoiseGrams === null ? NOISE_WEIGHT_TARE : NOISE_WEIGHT_KNOWN;
  const squares = weight * known ** 2 + view.readings * view.sdGrams ** 2;
  return Math.sqrt(squares / (weight + view.readings));
}

function beginFrom(run: Run, level: Level): void {
  if (isBowlMissing(run, level.grams)) {
    close(run, { result: 'failed', fault: 'bowl_missing' });
    return;
  }
  const isFirst = run.bowlBeforeGrams === null;
  if (isFirst) {
    run.bowlBeforeGrams = level.grams;
    run.hopperBeforeGrams = run.hopper.median(BASELINE_MS);
  }
  run.account.begin(level.grams, run.meter.mark());
  run.levelVariance += 2 * level.variance;
  run.checkGrams = level.grams;
  run.movedGrams = level.grams;
  run.movedTurns = run.meter.forwardTurns;
  run.checkTurns = run.meter.forwardTurns;
  resetTouch(run);
  go(run, 'still');
}

/** The motor is off for good, or so it seems: what is on its way comes down. */
export function stepSettling(run: Run): void {
  if (run.isBlind) {
    if (quietMs(run) > run.flow.lagMs + 600) go(run, 'calm');
    return;
  }
  if (run.closing === null && giveUpDeadCell(run)) return;
  if (stillLevel(run, lookMs(run)) !== null) {
    go(run, 'calm');
    return;
  }
  waitNoLonger(run, run.nowMs - run.stageAtMs - run.flow.lagMs);
}

/** The last weighing, longer and better than the looks before it. */
export function stepVerifying(run: Run): void {
  if (run.isBlind) {
    finishBlind(run);
    return;
  }
  if (run.closing === null && giveUpDeadCell(run)) return;
  const windowMs = verifyMs(run);
  const level = stillLevel(run, windowMs);
  if (level === null) {
    waitNoLonger(run, run.nowMs - run.stageAtMs - windowMs - run.flow.lagMs);
    return;
  }
  if (Number.isNaN(run.account.anchorGrams)) run.account.begin(level.grams, run.meter.mark());
  else bookStretch(run, level);
  run.bowlAfterGrams = level.grams;
  run.levelVariance += 0.5 * level.variance;
  const isShort = missingGrams(run) > 1.3 * enoughGrams(run) + 0.05;
  if (isShort && run.closing === null && run.topUps < TOP_UPS_MAX) {
    run.topUps += 1;
    go(run, 'lacking');
    return;
  }
  go(run, 'enough');
}

/** Something is on the bowl, or the scale says nothing: the motor is off until that is over. */
export function stepDisturbed(run: Run, elapsedMs: Milliseconds): void {
  run.disturbedMs += elapsedMs;
  if (giveUpDeadCell(run)) return;
  if (run.bowl.isFresh && hasCalmed(run)) run.pressed.push(run.nowMs, run.bowl.grams);
  const windowMs = restMs(run);
  const level = stillLevel(run, windowMs);
  if (level !== null && run.nowMs - run.stageAtMs > windowMs) {
    if (isBowlMissing(run, level.grams)) {
      bookUnweighed(run);
      close(run, { result: null, fault: 'bowl_missing' });
      return;
    }
    if (run.bowlBeforeGrams === null) {
      beginFrom(run, level);
      return;
    }
    touch(run, null);
    if (Number.isNaN(run.account.anchorGrams)) beginFrom(run, level);
    else {
      bookStretch(run, level);
      go(run, run.closing === null ? 'still' : 'give_up');
    }
    return;
  }
  if (run.disturbedMs > DISTURBED_PATIENCE_MS) goBlind(run, BLIND_CAUTION_SIGMAS);
}

/** Gives the cell up when it has been dead for too long. True: the stage was left. */
function giveUpDeadCell(run: Run): boolean {
  const { state } = run.bowl.cell;
  if (state === 'ok') {
    run.deadSinceMs = run.nowMs;
    return false;
  }
  const patienceMs = state === 'saturated' ? SATURATED_MS : DEAD_CELL_MS;
  if (run.nowMs - run.deadSinceMs < patienceMs) return false;
  run.fault = `scale_${state}`;
  goBlind(run, run.account.chains === 0 ? 0 : BLIND_CAUTION_SIGMAS);
  return true;
}

/** The rest goes by turns. `cautionSigmas` of doubt are held back. */
function goBlind(run: Run, cautionSigmas: number): void {
  if (run.closing !== null) {
    bookUnweighed(run);
    go(run, run.stage === 'disturbed' ? 'give_up' : 'finish');
    run.isBlind = true;
    return;
  }
  bookUnweighed(run);
  run.isBlind = true;
  const { account, flow, limits, meter } = run;
  const missing = Math.max(0, limits.aimGrams - account.likelyGrams);
  const turns = missing / blindGramsPerTurn(run);
  const doubt = missing > 0 ? (cautionSigmas * flow.spreadGrams(turns)) / missing : 0;
  account.anchor = meter.mark();
  run.blindEndTurns = meter.mostTurns + Math.min(turns / (1 + doubt), turns);
  go(run, 'blind');
}

/** A food that is not known well is turned no further than the maker's figure would turn it. */
function blindGramsPerTurn({ flow, order, traits }: Run): Grams {
  const isKnown = order.model.samples >= KNOWN_SAMPLES;
  const grams = flow.blindGramsPerTurn;
  return isKnown ? grams : Math.max(grams, traits.nominalGramsPerTurn);
}

function finishBlind(run: Run): void {
  const { account, meter } = run;
  if (meter.mostTurns > account.anchorTurns + account.anchor.hiddenTurns) {
    account.closeEstimated(blindStretch(run), null, meter.mark());
  }
  go(run, 'enough');
}

/** Patience in settling and verifying; afterwards a cat is waited for, or the end is guessed. */
function waitNoLonger(run: Run, waitedMs: Milliseconds): void {
  if (run.closing === null) {
    if (waitedMs <= SETTLING_PATIENCE_MS) return;
    touch(run, null);
    go(run, 'disturb');
    return;
  }
  if (waitedMs <= CLOSING_PATIENCE_MS) return;
  bookUnweighed(run);
  go(run, 'finish');
}
