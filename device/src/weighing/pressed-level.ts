import type { Grams, Milliseconds } from '@cat-feeder/shared';

/** How long is looked, and how many readings that must be: a cat bites only after a while. */
const LOOK_MS: Milliseconds = 1000;
const READINGS_MIN = 40;
/** Pushes vary down to nearly nothing: this share of their mean is still on the lowest reading. */
const LEFT_SHARE = 0.22;
const DOUBT_SHARE = 0.25;
const DOUBT_GRAMS: Grams = 0.15;

/**
 * The level under a cat that has just come: it presses and lets go many times a second, and never
 * lifts, so the lowest readings of the first second are nearly the bowl alone.
 */
export class PressedLevel {
  #fromMs: Milliseconds = Number.NaN;
  #readings = 0;
  #sum = 0;
  #lowest: Grams = Number.POSITIVE_INFINITY;
  #second: Grams = Number.POSITIVE_INFINITY;

  reset(): void {
    this.#fromMs = Number.NaN;
    this.#readings = 0;
    this.#sum = 0;
    this.#lowest = Number.POSITIVE_INFINITY;
    this.#second = Number.POSITIVE_INFINITY;
  }

  /** Takes a reading after the last piece has come down; only the first second counts. */
  push(atMs: Milliseconds, grams: Grams): void {
    if (Number.isNaN(this.#fromMs)) this.#fromMs = atMs;
    if (atMs - this.#fromMs > LOOK_MS) return;
    this.#readings += 1;
    this.#sum += grams;
    if (grams < this.#lowest) {
      this.#second = this.#lowest;
      this.#lowest = grams;
    } else if (grams < this.#second) this.#second = grams;
  }

  /** The level without the cat and how far that is to be believed; null without enough readings. */
  level(noiseGrams: Grams): { grams: Grams; sigmaGrams: Grams } | null {
    if (this.#readings < READINGS_MIN) return null;
    const low = this.#second + 1.7 * noiseGrams;
    const pressGrams = Math.max(0, this.#sum / this.#readings - low);
    return {
      grams: low - LEFT_SHARE * pressGrams,
      sigmaGrams: Math.hypot(DOUBT_GRAMS, DOUBT_SHARE * pressGrams, noiseGrams),
    };
  }
}
