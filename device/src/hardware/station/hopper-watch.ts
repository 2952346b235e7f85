import {
  FeederError,
  type HopperReading,
  type Milliseconds,
  type ScaleCalibration,
} from '@cat-feeder/shared';
import type { BoardTraits } from '../../dispensing/control-board.ts';
import type { HopperLevel } from '../../dispensing/feed-station.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { HopperView } from '../../weighing/hopper-view.ts';
import type { Sample } from '../../weighing/sample.ts';

interface Weighing {
  readonly fromMs: Milliseconds;
  readonly resolve: (level: HopperLevel) => void;
  readonly cancelTimeout: Cancel;
}

/** Weighs the hopper for people, beside the control loop and without a say in it. */
export class HopperWatch {
  readonly #view: HopperView;
  readonly #clock: Clock;
  #weighing: Weighing | null = null;

  constructor(traits: BoardTraits, clock: Clock) {
    const nominal = traits.hasHopperCell ? (traits.nominalHopperCountsPerGram ?? null) : null;
    this.#view = new HopperView(nominal);
    this.#clock = clock;
  }

  setCalibration(calibration: ScaleCalibration | null): void {
    this.#view.setCalibration(calibration);
  }

  accept(sample: Sample): void {
    this.#view.accept(sample.atMs, sample.hopper);
  }

  reading(): HopperReading {
    return this.#view.reading();
  }

  /** Waits for a level that stands still; one call at a time, `ERR_BUSY`. */
  weigh(timeoutMs: Milliseconds): Promise<HopperLevel> {
    if (!this.#view.isFitted) return Promise.resolve({ kind: 'not_fitted' });
    if (this.#weighing !== null) return Promise.reject(new FeederError('ERR_BUSY'));
    return new Promise((resolve) => {
      const cancelTimeout = this.#clock.after('hopper weighing', timeoutMs, () => this.giveUp());
      this.#weighing = { fromMs: this.#clock.monoMs(), resolve, cancelTimeout };
    });
  }

  /** A batch of readings at rest has come. */
  afterRestBatch(): void {
    if (this.#weighing === null) return;
    const level = this.#view.still(this.#weighing.fromMs, this.#clock.monoMs());
    if (level !== null) this.#end({ kind: 'stable', ...level });
  }

  /** Ends a weighing without a level. */
  giveUp(): void {
    const { state } = this.#view.cell;
    this.#end({ kind: state === 'ok' ? 'unstable' : state });
  }

  #end(level: HopperLevel): void {
    const weighing = this.#weighing;
    if (weighing === null) return;
    this.#weighing = null;
    weighing.cancelTimeout();
    weighing.resolve(level);
  }
}
