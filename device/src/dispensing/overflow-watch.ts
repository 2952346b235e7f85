import type { Grams, Milliseconds } from '@cat-feeder/shared';

/** Mass that rises faster than this with the motor off is food that nobody holds back. */
export const OVERFLOW_GRAMS_PER_SECOND = 0.5;
/** It must do so for this long, and steadily. */
export const OVERFLOW_MS: Milliseconds = 2000;
const BLOCKS = 8;
const BLOCK_MS: Milliseconds = OVERFLOW_MS / BLOCKS;
/** Without readings for longer than this the watch begins anew. */
const GAP_MS: Milliseconds = 3000;
/** No dispenser leaks faster; a hand or a paw does. */
const RATE_MAX = 60;
/** Around a steady rise the means scatter by pieces and noise only; a cat's pushes by more. */
const SCATTER_SHARE = 0.08;
const SCATTER_GRAMS: Grams = 0.06;
/** The same within a block, and for how many blocks in a row the line must fit. */
const WITHIN_GRAMS: Grams = 0.35;
const WITHIN_SIGMAS = 2;
const CONFIRMATIONS = 3;

/** Tells a steady rise from pushes: a line through the means of eight blocks must nearly fit. */
export class OverflowWatch {
  readonly #means = new Float64Array(BLOCKS);
  #blocks = 0;
  #fromMs: Milliseconds = Number.NaN;
  #sum = 0;
  #squares = 0;
  #readings = 0;
  #roughBlocks = 0;
  #confirmations = 0;

  reset(): void {
    this.#blocks = 0;
    this.#fromMs = Number.NaN;
    this.#confirmations = 0;
    this.#roughBlocks = 0;
    this.#empty();
  }

  /**
   * Takes a believed reading while the motor is off; `noiseGrams` is what one reading spreads at
   * rest. True: food flows by itself.
   */
  isOverflowing(atMs: Milliseconds, grams: Grams, noiseGrams: Grams): boolean {
    const sinceMs = atMs - this.#fromMs;
    if (!(sinceMs >= 0 && sinceMs < GAP_MS)) {
      this.reset();
      this.#fromMs = atMs;
    }
    const offset = grams - (this.#means[BLOCKS - 1] ?? 0);
    this.#sum += offset;
    this.#squares += offset * offset;
    this.#readings += 1;
    if (atMs - this.#fromMs < BLOCK_MS) return false;
    const blockMs = atMs - this.#fromMs;
    this.#close(noiseGrams);
    this.#fromMs = atMs;
    const isRising =
      this.#blocks === BLOCKS && this.#roughBlocks === 0 && this.#isSteadyRise(blockMs);
    this.#confirmations = isRising ? this.#confirmations + 1 : 0;
    return this.#confirmations >= CONFIRMATIONS;
  }

  #close(noiseGrams: Grams): void {
    const mean = this.#sum / this.#readings;
    const spread = Math.sqrt(Math.max(0, this.#squares / this.#readings - mean * mean));
    const isRough = spread > WITHIN_GRAMS + WITHIN_SIGMAS * noiseGrams;
    this.#roughBlocks = isRough ? BLOCKS : Math.max(0, this.#roughBlocks - 1);
    const last = this.#means[BLOCKS - 1] ?? 0;
    this.#means.copyWithin(0, 1);
    this.#means[BLOCKS - 1] = last + mean;
    this.#blocks = Math.min(BLOCKS, this.#blocks + 1);
    this.#empty();
  }

  #empty(): void {
    this.#sum = 0;
    this.#squares = 0;
    this.#readings = 0;
  }

  #isSteadyRise(blockMs: Milliseconds): boolean {
    const middle = (BLOCKS - 1) / 2;
    let mean = 0;
    for (const value of this.#means) mean += value / BLOCKS;
    let slope = 0;
    let squares = 0;
    for (let index = 0; index < BLOCKS; index += 1) {
      slope += ((this.#means[index] ?? 0) - mean) * (index - middle);
      squares += (index - middle) ** 2;
    }
    slope /= squares;
    let scatter = 0;
    for (let index = 0; index < BLOCKS; index += 1) {
      scatter += ((this.#means[index] ?? 0) - mean - slope * (index - middle)) ** 2;
    }
    const rate = (slope * 1000) / blockMs;
    const rise = slope * BLOCKS;
    const isSteady = Math.sqrt(scatter / BLOCKS) < SCATTER_SHARE * rise + SCATTER_GRAMS;
    return rate > OVERFLOW_GRAMS_PER_SECOND && rate < RATE_MAX && isSteady;
  }
}
