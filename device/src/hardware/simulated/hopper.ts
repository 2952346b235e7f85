import type { Grams, RawCounts, Turns } from '@cat-feeder/shared';
import type { SeededRandom } from '../../platform/random.ts';
import { exponentialTurns } from './chance.ts';
import { clampCounts } from './counts.ts';
import type { Profile } from './profile.ts';

const HOPPER_TARE_GRAMS: Grams = 900;
/** Even the last pieces are still pushed along, slowly. */
const SUPPLY_MIN = 0.1;

/** The store above the auger: how much food there is and how freely it follows. */
export class Hopper {
  readonly #hopper: Profile['hopper'];
  readonly #auger: Profile['auger'];
  readonly #bridgeProbabilityPerTurn: number;
  readonly #random: SeededRandom;
  #refillFactor = 1;
  #turnsToBridge: Turns;

  grams: Grams;
  /** Everything ever put in after the start. */
  refilledGrams: Grams = 0;
  isBridged = false;
  /** Its cell's wire; a silent cell says nothing at all. */
  isCellConnected = true;

  constructor(profile: Profile, random: SeededRandom) {
    this.#hopper = profile.hopper;
    this.#auger = profile.auger;
    this.#bridgeProbabilityPerTurn = profile.faults.bridgeProbabilityPerTurn;
    this.#random = random;
    this.grams = Math.min(profile.hopper.startGrams, profile.hopper.capacityGrams);
    this.#turnsToBridge = exponentialTurns(this.#bridgeProbabilityPerTurn, random);
  }

  /** Share of its usual amount that the auger gets: 0 when nothing comes. */
  get supply(): number {
    if (this.isBridged || this.grams <= 0) return 0;
    const { thinBelowGrams, capacityGrams } = this.#hopper;
    const head = 1 + this.#auger.headEffectFraction * (this.grams / capacityGrams - 0.5);
    const thin = this.grams < thinBelowGrams ? this.grams / thinBelowGrams : 1;
    return Math.max(SUPPLY_MIN, thin) * head * this.#refillFactor;
  }

  forward(turns: Turns): void {
    this.#turnsToBridge -= turns;
    if (this.#turnsToBridge > 0) return;
    this.isBridged = true;
    this.#turnsToBridge = exponentialTurns(this.#bridgeProbabilityPerTurn, this.#random);
  }

  /** Fills up by at most `grams`; what does not fit stays in the bag. Returns what went in. */
  refill(grams: Grams): Grams {
    const added = Math.max(0, Math.min(grams, this.#hopper.capacityGrams - this.grams));
    this.grams += added;
    this.refilledGrams += added;
    this.isBridged = false;
    const shift = 1 + this.#auger.refillShiftFraction * this.#random.gaussian();
    this.#refillFactor = Math.max(0.2, shift);
    return added;
  }

  /** What its cell reads of the empty hopper, without noise, and for a gram; null where none is fitted. */
  trueSpan(): { readonly zeroCounts: number; readonly countsPerGram: number } | null {
    const { hasCell, cellCountsPerGram } = this.#hopper;
    if (!hasCell) return null;
    return {
      zeroCounts: HOPPER_TARE_GRAMS * cellCountsPerGram,
      countsPerGram: cellCountsPerGram,
    };
  }

  /** The reading of its own cell; null where none is fitted. */
  counts(): RawCounts | null {
    if (!this.#hopper.hasCell || !this.isCellConnected) return null;
    const noise = this.#hopper.cellNoiseGrams * this.#random.gaussian();
    const load = HOPPER_TARE_GRAMS + this.grams + noise;
    return clampCounts(load * this.#hopper.cellCountsPerGram);
  }
}
