import {
  type BowlReading,
  type Fault,
  FEEDING_MS_CEILING,
  FeederError,
  type Grams,
  type HopperReading,
  type Milliseconds,
  type ScaleCalibration,
} from '@cat-feeder/shared';
import type { ControlBoard } from '../../dispensing/control-board.ts';
import { cancelRun, servedSoFar, step } from '../../dispensing/control-loop.ts';
import type {
  DispenseOrder,
  DispenseOutcome,
  DispenseProgress,
  FeedStation,
  HopperLevel,
  StationHealth,
  WeighResult,
} from '../../dispensing/feed-station.ts';
import { MotorGuard } from '../../dispensing/motor-guard.ts';
import { outcomeOf } from '../../dispensing/outcome.ts';
import { PulseModel } from '../../dispensing/pulse-model.ts';
import { createRun, type Run } from '../../dispensing/run.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Sample } from '../../weighing/sample.ts';
import { HopperWatch } from './hopper-watch.ts';
import { RestWatch } from './rest-watch.ts';

const PROGRESS_MS: Milliseconds = 500;
const READING_MS: Milliseconds = 200;
/** Without any sample for this long in a run, the loop is told that nothing came. */
const NO_SAMPLE_MS: Milliseconds = 300;
const WEIGH_MS_MIN: Milliseconds = 500;
const WEIGH_MS_MAX: Milliseconds = 60_000;
/** Lateness of the last step of a run, over the ceiling that the loop itself keeps. */
const RUN_SLACK_MS: Milliseconds = 5000;

export interface InlineStationOptions {
  readonly board: ControlBoard;
  readonly clock: Clock;
  readonly calibration: ScaleCalibration;
  /** Whether the motor may move; false while the main thread gives no sign of life (FMEA-06). */
  readonly permission?: () => boolean;
}

interface ActiveRun {
  readonly run: Run;
  readonly onProgress: (progress: DispenseProgress) => void;
  readonly resolve: (outcome: DispenseOutcome) => void;
  readonly reject: (reason: unknown) => void;
  progressAtMs: Milliseconds;
  stage: Run['stage'];
}

interface Weighing {
  readonly resolve: (result: WeighResult) => void;
  readonly cancelTimeout: Cancel;
}

type ReadingListener = (reading: BowlReading, hopper: HopperReading) => void;

/**
 * The feed station in the caller's thread: it joins a board, a clock and the control loop. The
 * worker on a device runs this same class.
 */
export class InlineStation implements FeedStation {
  readonly #board: ControlBoard;
  readonly #clock: Clock;
  readonly #permission: () => boolean;
  readonly #guard: MotorGuard;
  readonly #rest: RestWatch;
  readonly #hopper: HopperWatch;
  readonly #listeners = new Set<ReadingListener>();
  readonly #faultListeners = new Set<(fault: Fault) => void>();
  #calibration: ScaleCalibration;
  #active: ActiveRun | null = null;
  #weighing: Weighing | null = null;
  #cancelWatchdog: Cancel = () => {};
  #readingAtMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastSampleAtMs: Milliseconds;
  #undervoltage = false;
  #motorUnreachable = false;
  /** What runs have learned of the screw, and where its shaft stands. */
  readonly #pulse = new PulseModel();
  #angle = 0;
  #noiseGrams: Grams | null = null;
  /** What the last run saw last, and when: shown until the first reading at rest. */
  #left: { readonly grams: Grams | null; readonly sigmaGrams: Grams; readonly atMs: Milliseconds };
  #isClosed = false;

  constructor(options: InlineStationOptions) {
    this.#board = options.board;
    this.#clock = options.clock;
    this.#calibration = options.calibration;
    this.#permission = options.permission ?? (() => true);
    this.#guard = new MotorGuard(this.#board.drive, this.#board.traits);
    this.#rest = new RestWatch(this.#board.traits, options.calibration);
    this.#hopper = new HopperWatch(this.#board.traits, this.#clock);
    this.#lastSampleAtMs = this.#clock.monoMs();
    this.#left = { grams: null, sigmaGrams: 0, atMs: this.#lastSampleAtMs };
    this.#board.onSamples((batch) => this.#onSamples(batch));
    this.#board.setMode('rest');
  }

  dispense(
    order: DispenseOrder,
    onProgress: (progress: DispenseProgress) => void,
  ): Promise<DispenseOutcome> {
    if (this.#isClosed) return Promise.reject(new FeederError('ERR_UNAVAILABLE'));
    if (this.#active !== null) return Promise.reject(new FeederError('ERR_BUSY'));
    const problem = problemOf(order);
    if (problem !== null) {
      return Promise.reject(new FeederError('ERR_VALIDATION', { details: [problem] }));
    }
    this.#endWeighing({ kind: 'unstable' });
    this.#hopper.giveUp();
    const nowMs = this.#clock.monoMs();
    const run = createRun({
      order,
      traits: this.#board.traits,
      calibration: this.#calibration,
      nowMs,
      emptyGrams: this.#rest.emptyGrams,
      pulse: this.#pulse,
      startAngle: this.#angle,
      knownNoiseGrams: this.#noiseGrams,
    });
    this.#guard.open({
      motorMsMax: run.limits.motorMsMax,
      forwardTurnsMax: run.limits.forwardTurnsMax,
      untilMs: nowMs + FEEDING_MS_CEILING,
    });
    return new Promise((resolve, reject) => {
      this.#active = {
        run,
        onProgress,
        resolve,
        reject,
        progressAtMs: Number.NEGATIVE_INFINITY,
        stage: run.stage,
      };
      this.#board.setMode('dispense');
      this.#watch();
    });
  }

  cancel(fault?: Fault): void {
    if (this.#active === null) return;
    this.#guard.stop(this.#clock.monoMs());
    cancelRun(this.#active.run, fault);
  }

  weigh(timeoutMs: Milliseconds): Promise<WeighResult> {
    if (this.#isClosed) return Promise.reject(new FeederError('ERR_UNAVAILABLE'));
    if (this.#active !== null || this.#weighing !== null) {
      return Promise.reject(new FeederError('ERR_BUSY'));
    }
    const waitMs = Math.min(WEIGH_MS_MAX, Math.max(WEIGH_MS_MIN, timeoutMs));
    this.#rest.beginWeighing(this.#clock.monoMs());
    return new Promise((resolve) => {
      const cancelTimeout = this.#clock.after('weighing', waitMs, () =>
        this.#endWeighing(this.#rest.whyNotWeighed()),
      );
      this.#weighing = { resolve, cancelTimeout };
    });
  }

  weighHopper(timeoutMs: Milliseconds): Promise<HopperLevel> {
    if (this.#isClosed) return Promise.reject(new FeederError('ERR_UNAVAILABLE'));
    if (this.#active !== null) return Promise.reject(new FeederError('ERR_BUSY'));
    return this.#hopper.weigh(Math.min(WEIGH_MS_MAX, Math.max(WEIGH_MS_MIN, timeoutMs)));
  }

  onReading(listener: ReadingListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  onFault(listener: (fault: Fault) => void): () => void {
    this.#faultListeners.add(listener);
    return () => {
      this.#faultListeners.delete(listener);
    };
  }

  setCalibration(calibration: ScaleCalibration): void {
    this.#calibration = calibration;
    this.#noiseGrams = null;
    this.#left = { ...this.#left, grams: null };
    this.#rest.setCalibration(calibration);
  }

  setHopperCalibration(calibration: ScaleCalibration | null): void {
    this.#hopper.setCalibration(calibration);
  }

  health(): StationHealth {
    const nowMs = this.#clock.monoMs();
    return {
      bowl: this.#reading(nowMs),
      bowlStill: this.#rest.lastStill(nowMs),
      ...this.#hopper.reading(),
      motorOn: this.#guard.isOn(nowMs),
      undervoltage: this.#undervoltage,
      fault: this.#active === null ? this.#faultAtRest(nowMs) : null,
      loopAgeMs: Math.max(0, nowMs - this.#lastSampleAtMs),
    };
  }

  close(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    this.#isClosed = true;
    this.#cancelWatchdog();
    this.#guard.shut(this.#clock.monoMs());
    const active = this.#active;
    this.#active = null;
    this.#endWeighing({ kind: 'unstable' });
    this.#hopper.giveUp();
    this.#board.close();
    this.#listeners.clear();
    this.#faultListeners.clear();
    active?.reject(new FeederError('ERR_UNAVAILABLE'));
    return Promise.resolve();
  }

  #onSamples(batch: readonly Sample[]): void {
    if (this.#isClosed) return;
    this.#lastSampleAtMs = this.#clock.monoMs();
    for (const sample of batch) {
      this.#undervoltage = sample.undervoltage;
      this.#motorUnreachable = sample.motorUnreachable ?? false;
      this.#hopper.accept(sample);
      if (this.#active === null) this.#atRest(sample);
      else this.#inRun(this.#active, sample, this.#permission());
    }
    if (this.#active === null) this.#afterRestBatch();
    else this.#watch();
  }

  /** What the motor or the flap did wrong comes first; a scale matters only where a motor turns. */
  #faultAtRest(nowMs: Milliseconds): Fault | null {
    const seen = this.#rest.fault(nowMs);
    if (seen === 'overflow' || seen === 'motor_runaway') return seen;
    return this.#motorUnreachable ? 'motor_unreachable' : seen;
  }

  #atRest(sample: Sample): void {
    if (!this.#rest.accept(sample)) return;
    this.#board.drive.stop();
    const alarm = this.#rest.takeNewAlarm();
    if (alarm === null) return;
    for (const listener of this.#faultListeners) listener(alarm);
  }

  #afterRestBatch(): void {
    const nowMs = this.#clock.monoMs();
    this.#hopper.afterRestBatch();
    const reading = this.#rest.reading(nowMs);
    if (this.#weighing !== null) {
      const weighed = this.#rest.weighed(nowMs);
      if (weighed !== null) this.#endWeighing(weighed);
    }
    if (this.#listeners.size > 0) this.#tell(reading);
  }

  /** One step of the loop; whatever it throws, the motor is off before anybody hears of it. */
  #inRun(active: ActiveRun, sample: Sample, mayMove: boolean): void {
    const nowMs = this.#clock.monoMs();
    const { run } = active;
    try {
      const command = step(run, sample, mayMove);
      if (command.kind === 'run') this.#guard.run(command, nowMs);
      else if (command.kind === 'stop') this.#guard.stop(nowMs);
    } catch (error) {
      this.#endRun();
      active.reject(error);
      return;
    }
    this.#report(active, nowMs);
    if (run.stage !== 'done') return;
    if (run.bowlBeforeGrams !== null) this.#noiseGrams = run.bowl.noiseGrams;
    this.#angle = run.meter.angleAt(run.meter.forwardTurns) % 1;
    this.#endRun();
    active.resolve(outcomeOf(run));
  }

  #endRun(): void {
    const nowMs = this.#clock.monoMs();
    this.#guard.shut(nowMs);
    this.#cancelWatchdog();
    if (this.#active !== null) {
      const { grams, sigmaGrams, ageMs } = this.#runReading(this.#active.run, nowMs);
      this.#left = { grams, sigmaGrams, atMs: nowMs - ageMs };
    }
    this.#active = null;
    this.#rest.restart(nowMs);
    if (!this.#isClosed) this.#board.setMode('rest');
  }

  #report(active: ActiveRun, nowMs: Milliseconds): void {
    const { run } = active;
    if (this.#listeners.size > 0 && nowMs - this.#readingAtMs >= READING_MS) {
      this.#readingAtMs = nowMs;
      this.#tell(this.#runReading(run, nowMs));
    }
    const isDue = nowMs - active.progressAtMs >= PROGRESS_MS || active.stage !== run.stage;
    if (!isDue) return;
    active.progressAtMs = nowMs;
    active.stage = run.stage;
    active.onProgress({
      feedingId: run.order.feedingId,
      stage: run.stage,
      servedGrams: servedSoFar(run),
      turns: run.meter.mostTurns,
      motorMs: run.meter.motorMs,
      attempts: run.attempts,
      bowlBeforeGrams: run.bowlBeforeGrams,
    });
  }

  /** A board that delivers nothing must not leave a run without an end. */
  #watch(): void {
    this.#cancelWatchdog();
    const active = this.#active;
    if (active === null) return;
    this.#cancelWatchdog = this.#clock.after('sample watchdog', NO_SAMPLE_MS, () => {
      if (this.#active !== active) return;
      const nowMs = this.#clock.monoMs();
      const lateMs = nowMs - active.run.startedAtMs - FEEDING_MS_CEILING;
      if (lateMs > RUN_SLACK_MS) {
        this.#endRun();
        active.reject(new FeederError('ERR_INTERNAL', { message: 'The control loop is lost.' }));
        return;
      }
      this.#inRun(active, nothingCame(nowMs), false);
      this.#watch();
    });
  }

  #reading(nowMs: Milliseconds): BowlReading {
    if (this.#active !== null) return this.#runReading(this.#active.run, nowMs);
    const atRest = this.#rest.reading(nowMs);
    if (atRest.grams !== null || atRest.state !== 'moving') return atRest;
    // Readings at rest come in batches; the bowl is not unknown until the first.
    const { grams, sigmaGrams, atMs } = this.#left;
    return { grams, sigmaGrams, state: 'moving', ageMs: Math.max(0, nowMs - atMs) };
  }

  #runReading(run: Run, nowMs: Milliseconds): BowlReading {
    const { bowl } = run;
    const ageMs = Math.max(0, Math.min(nowMs - bowl.lastReadingAtMs, 1e9));
    const { state } = bowl.cell;
    if (state !== 'ok') return { grams: null, sigmaGrams: 0, state, ageMs };
    const { massGrams, sigmaGrams } = bowl.filter;
    const isDisturbed = run.stage === 'disturbed' || run.isTouched;
    return { grams: massGrams, sigmaGrams, state: isDisturbed ? 'disturbed' : 'moving', ageMs };
  }

  #tell(reading: BowlReading): void {
    const hopper = this.#hopper.reading();
    for (const listener of this.#listeners) listener(reading, hopper);
  }

  #endWeighing(result: WeighResult): void {
    const weighing = this.#weighing;
    if (weighing === null) return;
    this.#weighing = null;
    weighing.cancelTimeout();
    weighing.resolve(result);
  }
}

function nothingCame(atMs: Milliseconds): Sample {
  return {
    atMs,
    bowl: null,
    hopper: null,
    indexEdges: null,
    motorMilliamps: null,
    undervoltage: false,
  };
}

/** Orders are checked above; what is no number at all must still not reach the motor. */
function problemOf(order: DispenseOrder): { path: string; message: string } | null {
  const { portionGrams, gramsMax, model } = order;
  if (!(portionGrams > 0) || !Number.isFinite(portionGrams)) {
    return { path: 'portionGrams', message: 'must be a mass above zero' };
  }
  if (!(gramsMax > 0)) return { path: 'gramsMax', message: 'must be a mass above zero' };
  if (!(model.gramsPerTurn > 0)) {
    return { path: 'model.gramsPerTurn', message: 'must be a mass above zero' };
  }
  return null;
}
