import {
  FeederError,
  type Milliseconds,
  MOTOR_SLICE_MS_MAX,
  type PartTest,
} from '@cat-feeder/shared';
import type {
  BoardTraits,
  ControlBoard,
  FeedDrive,
  MotorSlice,
} from '../../dispensing/control-board.ts';
import type { CurrentMeter, DrivePart, EdgeCounter } from '../../dispensing/shaft-sensors.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Part, PartHealth } from '../../platform/part.ts';
import type { CellSource } from '../../weighing/cell-source.ts';
import type { Sample } from '../../weighing/sample.ts';
import { SampleJoiner } from './sample-joiner.ts';

/** What a feeder is wired of. Absent parts are null. */
export interface WiredParts {
  readonly drive: DrivePart;
  readonly bowl: CellSource;
  readonly hopper: CellSource | null;
  readonly edges: EdgeCounter | null;
  readonly current: CurrentMeter | null;
  /** Closed with the others; what it says comes by `isUndervoltage`. */
  readonly supply?: Part;
  /** Whether the supply is too weak for the motor, as it was last seen. */
  readonly isUndervoltage: () => boolean;
}

/** A part that is not as it should be, by the name that the wiring guide uses. */
export interface PartProblem extends PartHealth {
  readonly part: string;
}

/** Without a reading for this long at rest, the readings that should have come are told as missing. */
const REST_SILENCE_MS: Milliseconds = 1400;
/** A batch at rest tells of readings up to so old. */
const REST_LATE_MS: Milliseconds = 1300;
/** While dispensing, a reading may come so many periods late. */
const LATE_PERIODS = 1.5;
/** The same while dispensing, in periods; after a change of the rate a converter settles first. */
const SILENT_PERIODS = 3;
const SETTLING_MS: Milliseconds = 200;
/** The current at rest is measured about once for each batch. */
const REST_CURRENT_MS: Milliseconds = 1300;

/**
 * The board of a real feeder: it makes samples of what a drive, one or two cells, an edge counter,
 * a current meter and the supply say, in order of time. It lives in the control loop's thread. A
 * part that says nothing shows as nulls in the samples and by its name in `problems`; no part can
 * keep the samples from coming, or the motor from stopping.
 */
export class WiredBoard implements ControlBoard {
  readonly traits: BoardTraits;
  readonly drive: FeedDrive;
  readonly #parts: WiredParts;
  readonly #clock: Clock;
  readonly #joiner: SampleJoiner;
  #mode: 'rest' | 'dispense' = 'rest';
  #isOpen = true;
  #listener: ((batch: readonly Sample[]) => void) | null = null;
  #cancelSilence: Cancel = () => {};

  /** Owns the parts from now on. */
  constructor(options: {
    readonly parts: WiredParts;
    readonly traits: BoardTraits;
    readonly clock: Clock;
  }) {
    const { parts, traits, clock } = options;
    this.#parts = parts;
    this.#clock = clock;
    this.traits = traits;
    this.drive = { run: (slice) => this.#run(slice), stop: () => parts.drive.stop() };
    this.#joiner = new SampleJoiner(parts, clock.monoMs());
    parts.hopper?.onReadings((batch) => this.#joiner.takeHopper(batch));
    parts.bowl.onReadings((batch) => {
      if (!this.#isOpen) return;
      const samples = this.#joiner.join(batch, this.#clock.monoMs());
      if (samples.length === 0) return;
      // A converter that only says now and then that it has nothing is silent, too.
      if (samples.some(({ bowl }) => bowl !== null)) {
        this.#awaitSilence(this.#silenceMs(SILENT_PERIODS));
      }
      this.#listener?.(samples);
    });
    this.#enter('rest');
  }

  setMode(mode: 'rest' | 'dispense'): void {
    if (this.#isOpen && mode !== this.#mode) this.#enter(mode);
  }

  onSamples(listener: (batch: readonly Sample[]) => void): void {
    this.#listener = listener;
  }

  /** What is wrong with which part, as of now; empty when all is well. */
  problems(): readonly PartProblem[] {
    const told = this.#named().flatMap(([part, its]) => {
      const health = its?.health() ?? null;
      return health === null || health.state === 'ok' ? [] : [{ part, ...health }];
    });
    const seen = this.#joiner
      .problems()
      .filter(({ part }) => !told.some((problem) => problem.part === part));
    return [...told, ...seen];
  }

  /** What each part finds out about itself; two seconds at most. Nothing turns. */
  selfTest(): Promise<PartTest[]> {
    return Promise.all(
      this.#named().flatMap(([part, its]) =>
        its === null ? [] : [its.selfTest().then((check) => ({ part, ...check }))],
      ),
    );
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#listener = null;
    this.#cancelSilence();
    const { drive, bowl, hopper, edges, current, supply } = this.#parts;
    drive.stop();
    for (const part of [drive, bowl, hopper, edges, current, supply]) part?.close();
  }

  #named(): readonly (readonly [string, Part | null])[] {
    const { drive, bowl, hopper, edges, current, supply } = this.#parts;
    return [
      ['motor drive', drive],
      ['bowl scale', bowl],
      ['hopper scale', hopper],
      ['shaft sensor', edges],
      ['motor current', current],
      ['supply', supply ?? null],
    ];
  }

  #enter(mode: 'rest' | 'dispense'): void {
    this.#mode = mode;
    const { bowl, hopper, current } = this.#parts;
    const lateMs = mode === 'rest' ? REST_LATE_MS : LATE_PERIODS * this.#periodMs();
    this.#joiner.setPace(this.#periodMs(), lateMs);
    bowl.setMode(mode);
    hopper?.setMode(mode);
    current?.setPeriod(mode === 'rest' ? REST_CURRENT_MS : this.#periodMs());
    this.#awaitSilence(mode === 'rest' ? REST_SILENCE_MS : SETTLING_MS);
  }

  #run(slice: MotorSlice): void {
    const { speed, maxMs } = slice;
    if (!(maxMs >= 1 && maxMs <= MOTOR_SLICE_MS_MAX && speed > 0 && speed <= 1)) {
      throw new FeederError('ERR_INTERNAL', {
        message: `No motor slice of ${maxMs} ms at a speed of ${speed} is allowed.`,
      });
    }
    if (!this.#isOpen) return;
    // A motor that starts on a weak supply stalls and pulls the board down with it.
    if (this.#parts.isUndervoltage()) this.#parts.drive.stop();
    else this.#parts.drive.run(slice);
  }

  #periodMs(): Milliseconds {
    const { restSamplesPerSecond, dispenseSamplesPerSecond } = this.traits;
    return 1000 / (this.#mode === 'rest' ? restSamplesPerSecond : dispenseSamplesPerSecond);
  }

  #silenceMs(periods: number): Milliseconds {
    return this.#mode === 'rest' ? REST_SILENCE_MS : periods * this.#periodMs();
  }

  #awaitSilence(waitMs: Milliseconds): void {
    this.#cancelSilence();
    this.#cancelSilence = this.#clock.after('silent scale', waitMs, () => {
      this.#awaitSilence(this.#silenceMs(1));
      const missing = this.#joiner.missing(this.#clock.monoMs());
      if (missing.length > 0) this.#listener?.(missing);
    });
  }
}
