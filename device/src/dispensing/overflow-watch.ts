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
/** The same within a block, beside what it rises in itself; and how often the line must fit. */
const WITHIN_GRAMS: Grams = 0.35;
const WITHIN_SIGMAS = 2;
const WITHIN_SHARE = 0.12;
const CONFIRMATIONS = 5;
/** A steady rise by this much within the blocks is beyond what a cat does without a jerk. */
const SURE_GRAMS: Grams = 6;
/**
 * A slower one must also lift the lowest readings, one second after the other: a cat lets go again
 * and again and takes food away, so that what is lowest under it does not rise. Where large pieces
 * come one by one no line fits; then the lowest readings of a longer time decide alone.
 */
const QUICK = { floors: 5, blocks: 4 } as const;
const LONG = { floors: 6, blocks: 8 } as const;
const LOWS = LONG.floors * LONG.blocks;
const FLOOR_RISE_SHARE = 0.6;
const FLOOR_SIGMAS = 3;
/** From floor to floor a flow rises by nearly the same: a weight that is put on does not. */
const STEP_SHARE_MIN = 0.3;
const STEP_SHARE_MAX = 2;
/** A faster one would have been seen as a line: this is somebody who sits in the bowl. */
const EVEN_RATE_MAX = 5;

/** Tells a steady rise from pushes: a line through the means of eight blocks must nearly fit. */
export class OverflowWatch {
  readonly #means = new Float64Array(BLOCKS);
  readonly #spreads = new Float64Array(BLOCKS);
  readonly #lows = new Float64Array(LOWS);
  #blocks = 0;
  #fromMs: Milliseconds = Number.NaN;
  #sum = 0;
  #squares = 0;
  #readings = 0;
  #low: Grams = Number.POSITIVE_INFINITY;
  #confirmations = 0;
  /** Blocks since the rise was last confirmed. */
  #sinceConfirmed = Number.POSITIVE_INFINITY;

  reset(): void {
    this.#blocks = 0;
    this.#fromMs = Number.NaN;
    this.#confirmations = 0;
    this.#sinceConfirmed = Number.POSITIVE_INFINITY;
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
    this.#low = Math.min(this.#low, grams);
    this.#readings += 1;
    const blockMs = atMs - this.#fromMs;
    if (blockMs < BLOCK_MS) return false;
    this.#close();
    this.#fromMs = atMs;
    const rise = this.#blocks < BLOCKS ? null : this.#steadyRise(blockMs, noiseGrams);
    this.#confirmations = rise === null ? 0 : this.#confirmations + 1;
    if (this.#confirmations >= CONFIRMATIONS) this.#sinceConfirmed = 0;
    else this.#sinceConfirmed += 1;
    if (this.#risesEvenly(noiseGrams)) return true;
    if (rise === null || this.#sinceConfirmed >= QUICK.floors * QUICK.blocks) return false;
    const isSure = this.#confirmations >= CONFIRMATIONS && rise > SURE_GRAMS;
    return isSure || this.#neverFalls(noiseGrams);
  }

  #close(): void {
    const mean = this.#sum / this.#readings;
    const spread = Math.sqrt(Math.max(0, this.#squares / this.#readings - mean * mean));
    const last = this.#means[BLOCKS - 1] ?? 0;
    this.#means.copyWithin(0, 1);
    this.#means[BLOCKS - 1] = last + mean;
    this.#spreads.copyWithin(0, 1);
    this.#spreads[BLOCKS - 1] = spread;
    this.#lows.copyWithin(0, 1);
    this.#lows[LOWS - 1] = this.#low;
    this.#blocks += 1;
    this.#empty();
  }

  #empty(): void {
    this.#sum = 0;
    this.#squares = 0;
    this.#readings = 0;
    this.#low = Number.POSITIVE_INFINITY;
  }

  /** Grams over the eight blocks; null when they do not lie on a rising line. */
  #steadyRise(blockMs: Milliseconds, noiseGrams: Grams): Grams | null {
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
    if (rate <= OVERFLOW_GRAMS_PER_SECOND || rate >= RATE_MAX) return null;
    const rise = slope * BLOCKS;
    const isSteady = Math.sqrt(scatter / BLOCKS) < SCATTER_SHARE * rise + SCATTER_GRAMS;
    return isSteady && this.#isSmooth(slope, noiseGrams) ? rise : null;
  }

  /** Whether the readings within each block lie as near to the line as pieces and noise let them. */
  #isSmooth(slope: Grams, noiseGrams: Grams): boolean {
    const own = (slope * slope) / 12;
    const most = WITHIN_GRAMS + WITHIN_SIGMAS * noiseGrams + WITHIN_SHARE * slope;
    return this.#spreads.every((spread) => spread * spread - own <= most * most);
  }

  #neverFalls(noiseGrams: Grams): boolean {
    const rises = this.#floorRises(QUICK);
    const slack = FLOOR_SIGMAS * noiseGrams;
    return rises !== null && isEnough(rises, QUICK, slack) && rises.every((rise) => rise > -slack);
  }

  #risesEvenly(noiseGrams: Grams): boolean {
    const rises = this.#floorRises(LONG);
    const slack = FLOOR_SIGMAS * noiseGrams;
    if (rises === null || !isEnough(rises, LONG, slack)) return false;
    const mean = sum(rises) / rises.length;
    if (mean * 1000 > EVEN_RATE_MAX * LONG.blocks * BLOCK_MS) return false;
    return rises.every((rise) => rise > STEP_SHARE_MIN * mean && rise < STEP_SHARE_MAX * mean);
  }

  /** From each floor, the lowest reading of some blocks, to the next; null while there are too few. */
  #floorRises(spans: { floors: number; blocks: number }): readonly Grams[] | null {
    const { floors, blocks } = spans;
    if (this.#blocks < floors * blocks) return null;
    const oldest = LOWS - floors * blocks;
    const floorAt = (index: number) =>
      Math.min(...this.#lows.subarray(oldest + index * blocks, oldest + (index + 1) * blocks));
    return Array.from({ length: floors - 1 }, (_, index) => floorAt(index + 1) - floorAt(index));
  }
}

function isEnough(rises: readonly Grams[], spans: { blocks: number }, slack: Grams): boolean {
  const seconds = (rises.length * spans.blocks * BLOCK_MS) / 1000;
  return sum(rises) > FLOOR_RISE_SHARE * OVERFLOW_GRAMS_PER_SECOND * seconds + slack;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
