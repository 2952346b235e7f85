import type { Grams, Milliseconds, RawCounts } from '@cat-feeder/shared';
import type { SeededRandom } from '../../platform/random.ts';
import { COUNTS_MAX, COUNTS_MIN, clampCounts } from './counts.ts';
import type { Profile } from './profile.ts';

/** What acts on the cell during one conversion. */
export interface CellLoad {
  readonly grams: Grams;
  /** Push of landing pieces within the conversion, in gram milliseconds. */
  readonly impactGramMs: number;
  readonly isMotorOn: boolean;
}

/** How the converter runs. */
export interface Conversion {
  readonly periodMs: Milliseconds;
  /** It converts at the dispensing rate. */
  readonly isFast: boolean;
  /** The conversion before it was more than a few periods ago: no memory of it is left. */
  readonly isFresh: boolean;
}

/** Creep, temperature and drift are slow: they are worked out once in this time. */
const SLOW_STEP_MS: Milliseconds = 1000;
const HOUR_MS: Milliseconds = 3_600_000;

/**
 * The load cell under the bowl with its converter. A reading is a weighted mean of the last four
 * conversions (a sigma-delta converter settles in four), plus noise, slow errors of the zero,
 * rare far-off readings, and whatever is broken about it.
 */
export class BowlCell {
  readonly #cell: Profile['bowlCell'];
  readonly #random: SeededRandom;
  readonly #phase: number;
  #before1: Grams = 0;
  #before2: Grams = 0;
  #before3: Grams = 0;
  #slowAtMs: Milliseconds = 0;
  #creepGrams: Grams = 0;
  #wanderGrams: Grams = 0;
  #slowGrams: Grams = 0;
  #lastCounts: RawCounts = 0;

  isSilent = false;
  isStuck = false;
  isSaturated = false;
  isFlipped = false;
  /** The span as it is, as a share of the profile's: a cell may lose its calibration. */
  spanFactor = 1;

  constructor(profile: Profile, random: SeededRandom) {
    this.#cell = profile.bowlCell;
    this.#random = random;
    this.#phase = 2 * Math.PI * random.next();
    this.#creepGrams = profile.bowl.tareGrams * this.#cell.creepFraction;
    this.#updateSlow(0, profile.bowl.tareGrams);
    this.#lastCounts = this.#toCounts(profile.bowl.tareGrams + this.#slowGrams);
  }

  /** The true span in counts per gram, its sign included. */
  get countsPerGram(): number {
    return this.#cell.countsPerGram * this.spanFactor * (this.isFlipped ? -1 : 1);
  }

  /** What the converter would say of this load at rest and without noise. */
  idealCounts(grams: Grams): number {
    return this.#cell.zeroOffsetCounts + (grams + this.#slowGrams) * this.countsPerGram;
  }

  /** One conversion that ends at `atMs`; null when it gives nothing. */
  convert(atMs: Milliseconds, load: CellLoad, conversion: Conversion): RawCounts | null {
    if (atMs - this.#slowAtMs >= SLOW_STEP_MS) this.#updateSlow(atMs, load.grams);
    const seen = this.#remember(load, conversion);
    if (this.isSilent || this.#random.chance(this.#cell.lostSampleProbability)) return null;
    if (this.isSaturated) return COUNTS_MAX;
    if (this.isStuck) return this.#lastCounts;
    const limit = this.#cell.saturationGrams;
    if (limit !== null && seen > limit) return this.countsPerGram > 0 ? COUNTS_MAX : COUNTS_MIN;
    const noise = this.#noiseGrams(load.isMotorOn, conversion.isFast);
    this.#lastCounts = this.#toCounts(seen + this.#slowGrams + noise);
    return this.#lastCounts;
  }

  #remember(load: CellLoad, conversion: Conversion): Grams {
    // After a pause nothing tells when the pieces hit, and most did so long before.
    const impactGrams = conversion.isFresh ? 0 : load.impactGramMs / conversion.periodMs;
    const now = load.grams + impactGrams;
    if (conversion.isFresh) {
      this.#before1 = load.grams;
      this.#before2 = load.grams;
      this.#before3 = load.grams;
    }
    const seen = 0.15 * now + 0.35 * this.#before1 + 0.35 * this.#before2 + 0.15 * this.#before3;
    this.#before3 = this.#before2;
    this.#before2 = this.#before1;
    this.#before1 = now;
    return seen;
  }

  #noiseGrams(isMotorOn: boolean, isFast: boolean): Grams {
    const cell = this.#cell;
    let noise = cell.noiseGrams * (isFast ? cell.noiseDispenseFactor : 1) * this.#random.gaussian();
    if (isMotorOn) noise += cell.motorNoiseGrams * this.#random.gaussian();
    if (this.#random.chance(cell.spikeProbability)) {
      noise += cell.spikeGrams * this.#random.gaussian();
    }
    return noise;
  }

  #toCounts(grams: Grams): RawCounts {
    return clampCounts(this.#cell.zeroOffsetCounts + grams * this.countsPerGram);
  }

  #updateSlow(atMs: Milliseconds, loadGrams: Grams): void {
    const cell = this.#cell;
    const dtMs = Math.max(0, atMs - this.#slowAtMs);
    this.#slowAtMs = atMs;
    const settled = 1 - Math.exp(-dtMs / (cell.creepTauSeconds * 1000));
    this.#creepGrams += (loadGrams * cell.creepFraction - this.#creepGrams) * settled;
    this.#wanderGrams +=
      cell.wanderGramsPerRootHour * Math.sqrt(dtMs / HOUR_MS) * this.#random.gaussian();
    const periodMs = cell.temperaturePeriodHours * HOUR_MS;
    const celsius =
      cell.temperatureAmplitudeCelsius * Math.sin((2 * Math.PI * atMs) / periodMs + this.#phase);
    this.#slowGrams =
      this.#creepGrams +
      this.#wanderGrams +
      cell.gramsPerCelsius * celsius +
      (cell.driftGramsPerHour * atMs) / HOUR_MS;
  }
}
