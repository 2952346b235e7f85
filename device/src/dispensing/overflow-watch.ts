import type { Grams, Milliseconds } from '@cat-feeder/shared';

/** Mass that rises faster than this with the motor off is food that nobody holds back. */
export const OVERFLOW_GRAMS_PER_SECOND = 0.5;
/** It must do so for this long, in every part of the time. */
export const OVERFLOW_MS: Milliseconds = 2000;
const PARTS = 4;
const PART_MS: Milliseconds = OVERFLOW_MS / PARTS;
/** No dispenser leaks faster; a hand or a paw does. */
const PART_GRAMS_MAX: Grams = 40;

/** Tells a steady rise from a push: each half second of two must rise, and none may leap. */
export class OverflowWatch {
  #markAtMs: Milliseconds = Number.NaN;
  #markGrams: Grams = 0;
  #risingParts = 0;
  #startGrams: Grams = 0;

  reset(): void {
    this.#markAtMs = Number.NaN;
    this.#risingParts = 0;
  }

  /** Takes a believed level while the motor is off. True: food flows by itself. */
  isOverflowing(atMs: Milliseconds, grams: Grams): boolean {
    if (Number.isNaN(this.#markAtMs) || atMs < this.#markAtMs || atMs - this.#markAtMs > 3000) {
      this.#mark(atMs, grams);
      this.#risingParts = 0;
      return false;
    }
    const spanMs = atMs - this.#markAtMs;
    if (spanMs < PART_MS) return false;
    const rise = grams - this.#markGrams;
    const isRising =
      rise > ((OVERFLOW_GRAMS_PER_SECOND * spanMs) / 1000) * 0.6 && rise < PART_GRAMS_MAX;
    if (isRising && this.#risingParts === 0) this.#startGrams = this.#markGrams;
    this.#risingParts = isRising ? this.#risingParts + 1 : 0;
    this.#mark(atMs, grams);
    const riseMin = (OVERFLOW_GRAMS_PER_SECOND * OVERFLOW_MS) / 1000;
    return this.#risingParts >= PARTS && grams - this.#startGrams > riseMin;
  }

  #mark(atMs: Milliseconds, grams: Grams): void {
    this.#markAtMs = atMs;
    this.#markGrams = grams;
  }
}
