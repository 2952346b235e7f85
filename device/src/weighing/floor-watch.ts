import type { Grams, Milliseconds } from '@cat-feeder/shared';

const BLOCK_MS: Milliseconds = 110;
const BLOCK_READINGS_MIN = 3;

/**
 * Notices that mass was taken away while food may be falling. Pieces that land only push up, and
 * food only adds, so the lowest readings of two blocks in a row are a floor that the level cannot
 * leave by itself; a whole block below it is a fall.
 */
export class FloorWatch {
  #floorGrams: Grams = Number.NEGATIVE_INFINITY;
  #blockFromMs: Milliseconds = Number.NaN;
  #readings = 0;
  #low: Grams = Number.POSITIVE_INFINITY;
  #high: Grams = Number.NEGATIVE_INFINITY;
  #lowBefore: Grams = Number.NEGATIVE_INFINITY;

  /** Begins at a level that is known. */
  reset(levelGrams: Grams): void {
    this.#floorGrams = levelGrams;
    this.#lowBefore = Number.NEGATIVE_INFINITY;
    this.#begin(Number.NaN);
  }

  /** Takes a cleaned reading. True: a whole block lay more than `marginGrams` below the floor. */
  hasFallen(atMs: Milliseconds, grams: Grams, marginGrams: Grams): boolean {
    if (Number.isNaN(this.#blockFromMs)) this.#blockFromMs = atMs;
    this.#readings += 1;
    this.#low = Math.min(this.#low, grams);
    this.#high = Math.max(this.#high, grams);
    const isWhole = atMs - this.#blockFromMs >= BLOCK_MS && this.#readings >= BLOCK_READINGS_MIN;
    if (!isWhole) return false;
    const isBelow = this.#high < this.#floorGrams - marginGrams;
    this.#floorGrams = Math.max(this.#floorGrams, Math.min(this.#low, this.#lowBefore));
    this.#lowBefore = this.#low;
    this.#begin(atMs);
    return isBelow;
  }

  #begin(atMs: Milliseconds): void {
    this.#blockFromMs = atMs;
    this.#readings = 0;
    this.#low = Number.POSITIVE_INFINITY;
    this.#high = Number.NEGATIVE_INFINITY;
  }
}
