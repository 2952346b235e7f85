import type { BowlReading, Fault, Grams, Milliseconds, ScaleCalibration } from '@cat-feeder/shared';
import type { BoardTraits } from '../../dispensing/control-board.ts';
import type { WeighResult } from '../../dispensing/feed-station.ts';
import { OverflowWatch } from '../../dispensing/overflow-watch.ts';
import { TurnMeter } from '../../dispensing/turn-meter.ts';
import { BowlView } from '../../weighing/bowl-view.ts';
import { CALIBRATION_HELD_MS } from '../../weighing/calibration.ts';
import { BOWL_MISSING_GRAMS } from '../../weighing/load-cell.ts';
import type { Sample } from '../../weighing/sample.ts';

/** A reading counts as still over this window. */
const STILL_MS: Milliseconds = 1500;
/** A spread above this is somebody at the bowl. */
const DISTURBED_GRAMS: Grams = 1;
/** Readings at rest come at least this often. */
const READING_GAP_MS: Milliseconds = 500;
/** A bowl that is lifted for less long than this is not missing. */
const MISSING_MS: Milliseconds = 5000;
/** What the motor or the flap did wrong stays known this long after it was last seen. */
const ALARM_MS: Milliseconds = 30_000;
/** How often, and in what steps at most, the zero of the empty bowl is followed downwards. */
const EMPTY_CHECK_MS: Milliseconds = 10_000;
const DRIFT_STEP_GRAMS: Grams = 8;
const RUNAWAY_TURNS = 0.15;
const RUNAWAY_EDGES_MIN = 3;
const RUNAWAY_CURRENT_MS: Milliseconds = 1500;
/** What was on its way when a run ended comes down within this time. */
const AFTER_RUN_MS: Milliseconds = 2500;

/** Watches the sensors while nothing is dispensed: readings for people, and faults at rest. */
export class RestWatch {
  readonly #traits: BoardTraits;
  readonly #bowl: BowlView;
  readonly #overflow = new OverflowWatch();
  #meter: TurnMeter;
  #alarm: Extract<Fault, 'overflow' | 'motor_runaway'> | null = null;
  #alarmAtMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #isAlarmNew = false;
  #lowSinceMs: Milliseconds | null = null;
  #quietFromMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #weighFromMs: Milliseconds = Number.POSITIVE_INFINITY;
  #emptyGrams: Grams = 0;
  #emptyCheckAtMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #still: { readonly grams: Grams; readonly atMs: Milliseconds } | null = null;

  constructor(traits: BoardTraits, calibration: ScaleCalibration) {
    this.#traits = traits;
    this.#bowl = new BowlView(calibration, traits.restSamplesPerSecond);
    this.#meter = new TurnMeter(traits);
  }

  setCalibration(calibration: ScaleCalibration): void {
    this.#bowl.setCalibration(calibration);
    this.#overflow.reset();
    this.#emptyGrams = 0;
    this.#still = null;
  }

  /** What the empty bowl shows at present: 0, or less when the zero has drifted down. */
  get emptyGrams(): Grams {
    return this.#emptyGrams;
  }

  /** Begins anew after a run. */
  restart(nowMs: Milliseconds): void {
    this.#bowl.restart();
    this.#overflow.reset();
    this.#meter = new TurnMeter(this.#traits);
    this.#quietFromMs = nowMs + AFTER_RUN_MS;
  }

  /** Takes a sample at rest. True: the motor must be told to stop once more. */
  accept(sample: Sample): boolean {
    const { atMs } = sample;
    this.#bowl.accept(sample, false);
    this.#meter.observe(sample);
    if (this.#bowl.isFresh) {
      const isLow = this.#bowl.grams < this.#emptyGrams + BOWL_MISSING_GRAMS;
      if (atMs - this.#emptyCheckAtMs > EMPTY_CHECK_MS) this.#followDrift(atMs);
      this.#lowSinceMs = isLow ? (this.#lowSinceMs ?? atMs) : null;
      if (atMs >= this.#quietFromMs && this.#isOverflowing(atMs)) {
        this.#raise('overflow', atMs);
      }
    }
    if (this.#isTurning()) {
      this.#raise('motor_runaway', atMs);
      // Only what turns from now on counts: else a fault that a person cleared would come back.
      this.#meter = new TurnMeter(this.#traits);
    }
    return this.#alarmAtMs === atMs;
  }

  /** The condition of the parts at rest; null when all is well. */
  fault(nowMs: Milliseconds): Fault | null {
    if (this.#alarm !== null && nowMs - this.#alarmAtMs < ALARM_MS) return this.#alarm;
    const { state } = this.#bowl.cell;
    if (state !== 'ok') return `scale_${state}`;
    // Only readings prove it: the time after a last one, which may have been a spike, says nothing.
    const lowSinceMs = this.#lowSinceMs ?? Number.POSITIVE_INFINITY;
    const isMissing = this.#bowl.lastReadingAtMs - lowSinceMs > MISSING_MS;
    return isMissing ? 'bowl_missing' : null;
  }

  reading(nowMs: Milliseconds): BowlReading {
    const ageMs = Math.max(0, Math.min(nowMs - this.#bowl.lastReadingAtMs, 1e9));
    const { state } = this.#bowl.cell;
    if (state !== 'ok') return { grams: null, sigmaGrams: 0, state, ageMs };
    const view = this.#bowl.look(STILL_MS);
    if (view.readings === 0) return { grams: null, sigmaGrams: 0, state: 'moving', ageMs };
    const isDisturbed = view.sdGrams > DISTURBED_GRAMS + 3 * this.#bowl.noiseGrams;
    const moving = isDisturbed ? 'disturbed' : 'moving';
    const shown = view.isStill ? view.meanGrams : this.#bowl.grams;
    if (view.isStill) this.#still = { grams: view.meanGrams, atMs: nowMs - ageMs };
    return {
      grams: shown,
      sigmaGrams: view.sdGrams,
      state: view.isStill ? 'stable' : moving,
      ageMs,
    };
  }

  /** The level at the last reading that stood still; null before the first. */
  lastStill(nowMs: Milliseconds): { readonly grams: Grams; readonly ageMs: Milliseconds } | null {
    if (this.#still === null) return null;
    return { grams: this.#still.grams, ageMs: Math.max(0, nowMs - this.#still.atMs) };
  }

  /** Only what is read from now on counts for the next weighing. */
  beginWeighing(nowMs: Milliseconds): void {
    this.#weighFromMs = nowMs;
  }

  /** A level that stood still since `beginWeighing`; null while there is none yet. */
  weighed(nowMs: Milliseconds): Extract<WeighResult, { kind: 'stable' }> | null {
    const { cell, lastReadingAtMs } = this.#bowl;
    // A cell that repeats itself gives no readings: what was read before is not a weight of now.
    const readMs = Math.min(nowMs, lastReadingAtMs + READING_GAP_MS) - this.#weighFromMs;
    if (readMs < CALIBRATION_HELD_MS || cell.state !== 'ok') return null;
    const view = this.#bowl.look(CALIBRATION_HELD_MS);
    if (!view.isStill) return null;
    const sigmaGrams = view.sdGrams;
    const grams = this.#bowl.window.median(CALIBRATION_HELD_MS);
    const { zeroCounts, countsPerGram } = this.#bowl.calibration;
    return { kind: 'stable', grams, sigmaGrams, counts: zeroCounts + grams * countsPerGram };
  }

  /** Why a weighing that ran out of time found nothing. */
  whyNotWeighed(): WeighResult {
    const { state } = this.#bowl.cell;
    return { kind: state === 'ok' ? 'unstable' : state };
  }

  #isOverflowing(atMs: Milliseconds): boolean {
    return this.#overflow.isOverflowing(atMs, this.#bowl.grams, this.#bowl.noiseGrams);
  }

  /**
   * Nothing in a bowl weighs less than nothing: a still level a little below the lowest one is a
   * zero that drifts. A bowl that is taken away goes much further down at once.
   */
  #followDrift(atMs: Milliseconds): void {
    this.#emptyCheckAtMs = atMs;
    const view = this.#bowl.look(STILL_MS);
    const below = this.#emptyGrams - view.meanGrams;
    if (view.isStill && below > 0 && below < DRIFT_STEP_GRAMS) this.#emptyGrams = view.meanGrams;
  }

  /** An alarm that was not yet taken: one for each occasion. */
  takeNewAlarm(): Extract<Fault, 'overflow' | 'motor_runaway'> | null {
    if (!this.#isAlarmNew) return null;
    this.#isAlarmNew = false;
    return this.#alarm;
  }

  #raise(alarm: 'overflow' | 'motor_runaway', atMs: Milliseconds): void {
    if (alarm !== this.#alarm || atMs - this.#alarmAtMs > ALARM_MS) this.#isAlarmNew = true;
    this.#alarm = alarm;
    this.#alarmAtMs = atMs;
  }

  #isTurning(): boolean {
    if (this.#meter.currentWhileOffMs > RUNAWAY_CURRENT_MS) return true;
    const perTurn = this.#traits.indexEdgesPerTurn;
    if (perTurn === null) return false;
    return this.#meter.edgesWhileOff >= Math.max(RUNAWAY_EDGES_MIN, RUNAWAY_TURNS * perTurn);
  }
}
