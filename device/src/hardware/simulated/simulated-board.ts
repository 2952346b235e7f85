import { FeederError, type Milliseconds, MOTOR_SLICE_MS_MAX } from '@cat-feeder/shared';
import type {
  BoardTraits,
  ControlBoard,
  FeedDrive,
  MotorSlice,
} from '../../dispensing/control-board.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Sample } from '../../weighing/sample.ts';
import { BoardSampler, type SampleRate } from './board-sampler.ts';
import type { FeederWorld, PoweredBoard } from './feeder-world.ts';

export interface SimulatedBoardOptions {
  readonly world: FeederWorld;
  /** The clock of this boot; it may count from another instant than the world's. */
  readonly clock: Clock;
  /** How often samples are delivered at rest. One second is what a real board does. */
  readonly restBatchMs?: Milliseconds;
  /** Thins out what is delivered at rest to so many samples, evenly spaced; null: all of them. */
  readonly restSamplesPerBatch?: number | null;
}

/** A conversion due within this time is delivered with the ones before it. */
const ROUNDING_MS: Milliseconds = 1e-3;

/**
 * The electronics of one power-up: converter, motor driver and sensors of a feeder that is a
 * model. The driver in the model ends each slice by itself, so a caller that hangs cannot keep
 * the motor on. A closed board, or one without power, ignores commands and delivers nothing.
 */
export class SimulatedBoard implements ControlBoard, PoweredBoard {
  readonly traits: BoardTraits;
  readonly drive: FeedDrive;
  readonly #world: FeederWorld;
  readonly #clock: Clock;
  readonly #sampler: BoardSampler;
  readonly #dispenseRate: SampleRate;
  readonly #restPeriodMs: Milliseconds;
  #restRate: SampleRate;
  #restBatchMs: Milliseconds;
  #isOn = true;
  #mode: 'rest' | 'dispense' = 'rest';
  #listener: ((batch: readonly Sample[]) => void) | null = null;
  #cancelTimer: Cancel = () => {};

  /** Plugs itself into the world, which takes one board at a time. */
  constructor(options: SimulatedBoardOptions) {
    const { world, clock } = options;
    this.#world = world;
    this.#clock = clock;
    this.#restBatchMs = options.restBatchMs ?? 1000;
    this.traits = world.traits;
    this.drive = { run: (slice) => this.#run(slice), stop: () => this.#stop() };
    world.powerUp(this);
    const random = world.forkForBoard();
    const rateFactor = 1 + world.profile.bowlCell.sampleRateErrorFraction * (2 * random.next() - 1);
    this.#restPeriodMs = 1000 / (this.traits.restSamplesPerSecond * rateFactor);
    const dispenseMs = 1000 / (this.traits.dispenseSamplesPerSecond * rateFactor);
    this.#restRate = this.#restPace(options.restSamplesPerBatch ?? null);
    this.#dispenseRate = { isFast: true, periodMs: dispenseMs, spacingMs: dispenseMs };
    this.#sampler = new BoardSampler({
      model: world.model,
      profile: world.profile,
      random,
      offsetMs: clock.monoMs() - world.nowMs(),
    });
    world.model.sampler = this.#sampler;
    this.#sampler.setRate(this.#restRate);
    this.#awaitRest();
  }

  setMode(mode: 'rest' | 'dispense'): void {
    if (!this.#isOn || mode === this.#mode) return;
    this.#world.catchUp();
    this.#mode = mode;
    this.#cancelTimer();
    this.#sampler.setRate(mode === 'rest' ? this.#restRate : this.#dispenseRate);
    if (mode === 'rest') this.#awaitRest();
    else this.#awaitConversion();
  }

  /**
   * Another pace at rest from now on: `samplesPerBatch` as in the options. A simulator slows down
   * while nothing happens.
   */
  paceRest(batchMs: Milliseconds, samplesPerBatch: number | null): void {
    this.#restBatchMs = batchMs;
    this.#restRate = this.#restPace(samplesPerBatch);
    if (!this.#isOn || this.#mode !== 'rest') return;
    this.#world.catchUp();
    this.#cancelTimer();
    this.#sampler.setRate(this.#restRate);
    this.#awaitRest();
  }

  onSamples(listener: (batch: readonly Sample[]) => void): void {
    this.#listener = listener;
  }

  close(): void {
    if (!this.#isOn) return;
    this.#goDark();
    this.#world.powerDown(this);
  }

  losePower(): void {
    this.#goDark();
  }

  #restPace(samplesPerBatch: number | null): SampleRate {
    const spacingMs =
      samplesPerBatch === null ? this.#restPeriodMs : this.#restBatchMs / samplesPerBatch;
    return { isFast: false, periodMs: this.#restPeriodMs, spacingMs };
  }

  #goDark(): void {
    this.#isOn = false;
    this.#cancelTimer();
    this.#listener = null;
  }

  #run(slice: MotorSlice): void {
    const { direction, speed, maxMs } = slice;
    if (!(maxMs >= 1 && maxMs <= MOTOR_SLICE_MS_MAX && speed > 0 && speed <= 1)) {
      throw new FeederError('ERR_INTERNAL', {
        message: `No motor slice of ${maxMs} ms at a speed of ${speed} is allowed.`,
      });
    }
    if (!this.#isOn) return;
    this.#world.catchUp();
    this.#world.model.runMotor(direction === 'forward' ? speed : -speed, maxMs);
  }

  #stop(): void {
    if (!this.#isOn) return;
    this.#world.catchUp();
    this.#world.model.stopMotor();
  }

  #awaitRest(): void {
    this.#cancelTimer = this.#clock.after('scale batch', this.#restBatchMs, () => {
      this.#catchUp();
      this.#awaitRest();
      this.#deliver();
    });
  }

  #awaitConversion(): void {
    const waitMs = Math.max(0, this.#sampler.nextMs - this.#world.nowMs());
    this.#cancelTimer = this.#clock.after('scale conversion', waitMs, () => {
      this.#catchUp();
      this.#awaitConversion();
      this.#deliver();
    });
  }

  /** A timer may fire a rounding error before the conversion that it waits for. */
  #catchUp(): void {
    const earlyMs = this.#sampler.nextMs - this.#world.nowMs();
    this.#world.catchUp(earlyMs > 0 && earlyMs < ROUNDING_MS ? earlyMs : 0);
  }

  #deliver(): void {
    const samples = this.#sampler.takeSamples();
    if (samples.length > 0) this.#listener?.(samples);
  }
}
