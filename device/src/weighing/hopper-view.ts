import type {
  Grams,
  HopperReading,
  Milliseconds,
  RawCounts,
  ScaleCalibration,
} from '@cat-feeder/shared';
import { CALIBRATION_HELD_MS } from './calibration.ts';
import { CellWatch } from './cell-watch.ts';
import { SettlingWindow } from './settling.ts';

/** People are shown the median of this long. */
const SHOWN_MS: Milliseconds = 2000;
/** Readings come at least this often at rest. */
const READING_GAP_MS: Milliseconds = 500;
/** Further below the empty hopper than any drift: it was lifted, or tared with food in it. */
const BELOW_ZERO_GRAMS: Grams = -30;
/** So many differences of neighbouring readings tell the noise. */
const PAIRS = 32;
/** The median of the differences of two white readings, as a share of one's standard deviation. */
const MEDIAN_TO_SIGMA = 1 / (0.6745 * Math.SQRT2);
/** A cell that spreads more than this weighs nothing. */
const NOISE_GRAMS_MAX: Grams = 10;

/** A level that stood still. */
export interface HopperStill {
  readonly counts: number;
  /** Standard error of the level. */
  readonly sigmaGrams: Grams;
  /** What one reading spreads. */
  readonly noiseGrams: Grams;
}

/**
 * The cell under the hopper. Its readings are kept in grams of the datasheet from an unknown zero,
 * so that a new calibration needs no new readings. What it says is for people and stock figures:
 * no rule of feeding asks it.
 */
export class HopperView {
  readonly cell = new CellWatch();
  readonly #window = new SettlingWindow();
  readonly #nominal: number;
  #calibration: ScaleCalibration | null = null;
  #last: Grams = Number.NaN;
  #lastAtMs: Milliseconds = Number.NEGATIVE_INFINITY;
  readonly #steps: Grams[] = [];

  /** `nominalCountsPerGram` by the datasheet; null: no cell is fitted. */
  constructor(nominalCountsPerGram: number | null) {
    this.isFitted = nominalCountsPerGram !== null;
    this.#nominal = nominalCountsPerGram ?? 1;
  }

  readonly isFitted: boolean;

  /** Null: never tared. */
  setCalibration(calibration: ScaleCalibration | null): void {
    this.#calibration = calibration;
  }

  accept(atMs: Milliseconds, counts: RawCounts | null): void {
    if (!this.isFitted || !this.cell.accept(counts) || counts === null) return;
    const grams = counts / this.#nominal;
    if (!Number.isNaN(this.#last)) this.#steps.push(Math.abs(grams - this.#last));
    if (this.#steps.length > PAIRS) this.#steps.shift();
    this.#last = grams;
    this.#lastAtMs = atMs;
    this.#window.push(atMs, grams);
  }

  /** The food in the hopper, or why it is not known. Never below zero. */
  reading(): HopperReading {
    const unknown = (hopperState: Exclude<HopperReading['hopperState'], 'weighed'>) => ({
      hopperGrams: null,
      hopperState,
    });
    if (!this.isFitted) return unknown('not_fitted');
    if (this.cell.state !== 'ok') return unknown(this.cell.state);
    if (this.#calibration === null) return unknown('not_calibrated');
    const counts = this.#window.median(SHOWN_MS) * this.#nominal;
    if (Number.isNaN(counts)) return unknown('waiting');
    const grams = (counts - this.#calibration.zeroCounts) / this.#calibration.countsPerGram;
    if (grams < BELOW_ZERO_GRAMS) return unknown('below_zero');
    return { hopperGrams: Math.max(0, grams), hopperState: 'weighed' };
  }

  /** A level that has stood still since `fromMs`; null while there is none. */
  still(fromMs: Milliseconds, nowMs: Milliseconds): HopperStill | null {
    const readMs = Math.min(nowMs, this.#lastAtMs + READING_GAP_MS) - fromMs;
    if (readMs < CALIBRATION_HELD_MS || this.cell.state !== 'ok') return null;
    const noise = this.#noiseGrams();
    if (noise > NOISE_GRAMS_MAX) return null;
    // A level that stands still spreads like its neighbours do; food that is poured in spreads more.
    const view = this.#window.look(CALIBRATION_HELD_MS, noise);
    if (!view.isStill) return null;
    return {
      counts: this.#window.median(CALIBRATION_HELD_MS) * this.#nominal,
      sigmaGrams: view.sdGrams / Math.sqrt(view.readings),
      noiseGrams: view.sdGrams,
    };
  }

  /** What one reading spreads, from neighbours alone: a step or a slope hardly shows in it. */
  #noiseGrams(): Grams {
    const sorted = this.#steps.toSorted((a, b) => a - b);
    return (sorted[sorted.length >> 1] ?? 0) * MEDIAN_TO_SIGMA;
  }
}
