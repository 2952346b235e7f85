import type { Grams } from '@cat-feeder/shared';

/** Scaled median absolute deviation of a normal distribution. */
const MAD_TO_SIGMA = 1.4826;
const SIGMAS = 4;

/**
 * A causal Hampel filter: the newest reading passes unchanged unless it lies far from the median
 * of the last few, in which case the median stands in for it. A real step is therefore believed
 * after (length + 1) / 2 readings, a spike never.
 */
export class SpikeFilter {
  readonly #ring: Float64Array;
  readonly #sorted: Float64Array;
  readonly #deviations: Float64Array;
  /** A difference that food alone can make between two readings. */
  readonly #allowanceGrams: Grams;
  #count = 0;
  #next = 0;
  /** Whether the newest reading was replaced. */
  rejected = false;
  /** How many of the newest readings in a row were replaced. */
  rejectedInRow = 0;

  /** `length` is odd, 3 to 9; differences below `allowanceGrams` always pass. */
  constructor(length: number, allowanceGrams: Grams) {
    this.#ring = new Float64Array(length);
    this.#sorted = new Float64Array(length);
    this.#deviations = new Float64Array(length);
    this.#allowanceGrams = allowanceGrams;
  }

  reset(): void {
    this.#count = 0;
    this.#next = 0;
    this.rejected = false;
    this.rejectedInRow = 0;
  }

  /** Takes a reading and returns the one to believe. */
  accept(grams: Grams): Grams {
    const length = this.#ring.length;
    this.#ring[this.#next] = grams;
    this.#next = (this.#next + 1) % length;
    if (this.#count < length) this.#count += 1;
    const median = this.#medianOf(this.#ring, this.#sorted);
    for (let i = 0; i < this.#count; i += 1) {
      this.#deviations[i] = Math.abs((this.#ring[i] ?? 0) - median);
    }
    const spread = this.#medianOf(this.#deviations, this.#sorted) * MAD_TO_SIGMA * SIGMAS;
    this.rejected = Math.abs(grams - median) > Math.max(spread, this.#allowanceGrams);
    this.rejectedInRow = this.rejected ? this.rejectedInRow + 1 : 0;
    return this.rejected ? median : grams;
  }

  #medianOf(values: Float64Array, scratch: Float64Array): number {
    const count = this.#count;
    for (let i = 0; i < count; i += 1) {
      const value = values[i] ?? 0;
      let at = i;
      while (at > 0 && (scratch[at - 1] ?? 0) > value) {
        scratch[at] = scratch[at - 1] ?? 0;
        at -= 1;
      }
      scratch[at] = value;
    }
    const middle = count >> 1;
    if (count % 2 === 1) return scratch[middle] ?? 0;
    return ((scratch[middle - 1] ?? 0) + (scratch[middle] ?? 0)) / 2;
  }
}
