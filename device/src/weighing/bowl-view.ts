import type { Grams, Milliseconds, ScaleCalibration } from '@cat-feeder/shared';
import { CellWatch } from './cell-watch.ts';
import { toGrams } from './load-cell.ts';
import { MassFilter } from './mass-filter.ts';
import type { Sample } from './sample.ts';
import { SettlingWindow, type WindowView } from './settling.ts';
import { SpikeFilter } from './spike-filter.ts';

/** A cell may be noisier at the dispensing rate, and beside a motor, than when it was tared. */
const NOISE_MARGIN = 2.2;
const NOISE_GRAMS_MIN: Grams = 0.004;
/** Food may make the mass jump this much between two readings without being taken for a spike. */
const ALLOWANCE_GRAMS: Grams = 0.8;
/** From here on five readings are a short time, so that the median of five may be waited for. */
const FAST_SAMPLES_PER_SECOND = 40;

/** One cell's stream made into grams that can be believed. Owned and mutated by one loop. */
export class BowlView {
  readonly cell = new CellWatch();
  readonly window = new SettlingWindow();
  readonly filter: MassFilter;
  readonly #spikes: SpikeFilter;
  #calibration: ScaleCalibration;
  #noiseGrams: Grams;
  /** The newest reading after the spike filter; NaN before the first. */
  grams: Grams = Number.NaN;
  /** Whether the newest sample carried a reading. */
  isFresh = false;
  /** How far pieces that land push a reading while food falls. */
  landingGrams: Grams = 0;
  lastReadingAtMs: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(calibration: ScaleCalibration, samplesPerSecond: number) {
    this.#calibration = calibration;
    this.#noiseGrams = Math.max(NOISE_GRAMS_MIN, calibration.noiseGrams * NOISE_MARGIN);
    this.filter = new MassFilter(this.#noiseGrams);
    const length = samplesPerSecond >= FAST_SAMPLES_PER_SECOND ? 5 : 3;
    this.#spikes = new SpikeFilter(length, ALLOWANCE_GRAMS);
  }

  get calibration(): ScaleCalibration {
    return this.#calibration;
  }

  /** What one reading spreads at rest, as far as is known. */
  get noiseGrams(): Grams {
    return this.#noiseGrams;
  }

  /** Whether the cell is alive; what lies on it is another question. */
  get isAlive(): boolean {
    return this.cell.state === 'ok';
  }

  setCalibration(calibration: ScaleCalibration): void {
    this.#calibration = calibration;
    this.learnNoise(calibration.noiseGrams * NOISE_MARGIN);
    this.restart();
  }

  learnNoise(noiseGrams: Grams): void {
    this.#noiseGrams = Math.max(NOISE_GRAMS_MIN, noiseGrams);
    this.filter.setNoise(this.#noiseGrams);
  }

  /** Forgets all levels, for instance when the sampling rate changes. */
  restart(): void {
    this.#spikes.reset();
    this.window.reset();
    this.filter.reset();
    this.grams = Number.NaN;
  }

  /** Takes a sample; `flowing` says whether food may be falling now. */
  accept(sample: Sample, flowing: boolean): void {
    const counts = sample.bowl;
    this.isFresh = this.cell.accept(counts) && counts !== null;
    if (!this.isFresh || counts === null) return;
    this.lastReadingAtMs = sample.atMs;
    this.grams = this.#spikes.accept(toGrams(this.#calibration, counts));
    this.window.push(sample.atMs, this.grams);
    this.filter.update(sample.atMs, this.grams, flowing, this.landingGrams);
  }

  /** The settling test over the newest `windowMs`. The result is reused by the next call. */
  look(windowMs: Milliseconds): WindowView {
    return this.window.look(windowMs, this.#noiseGrams);
  }
}
