import type { Grams, Milliseconds } from '@cat-feeder/shared';

/** Readings kept: more than three seconds at 80 a second. */
const WINDOW_READINGS = 256;

/** What a window of readings says; reused between calls, so copy what must outlive the next one. */
export interface WindowView {
  /** Whether the window was full enough and the level stood still in it. */
  isStill: boolean;
  readings: number;
  spanMs: Milliseconds;
  meanGrams: Grams;
  /** Standard deviation of one reading. */
  sdGrams: Grams;
  /** Mean of the newer half minus mean of the older half. */
  trendGrams: Grams;
}

/**
 * Whether the bowl stands still: a test on the spread and the trend over a window of cleaned
 * readings, never a pause of fixed length. White noise may be as large as the cell's own; a
 * slope or a push may not hide in it.
 */
export class SettlingWindow {
  readonly #atMs = new Float64Array(WINDOW_READINGS);
  readonly #grams = new Float64Array(WINDOW_READINGS);
  readonly #view: WindowView = {
    isStill: false,
    readings: 0,
    spanMs: 0,
    meanGrams: 0,
    sdGrams: 0,
    trendGrams: 0,
  };
  #count = 0;
  #next = 0;

  reset(): void {
    this.#count = 0;
    this.#next = 0;
  }

  push(atMs: Milliseconds, grams: Grams): void {
    this.#atMs[this.#next] = atMs;
    this.#grams[this.#next] = grams;
    this.#next = (this.#next + 1) % WINDOW_READINGS;
    if (this.#count < WINDOW_READINGS) this.#count += 1;
  }

  /** Looks at the newest `windowMs`. `noiseGrams` is what one reading of this cell does at rest. */
  look(windowMs: Milliseconds, noiseGrams: Grams): WindowView {
    const view = this.#view;
    const newest = this.#newestAtMs();
    const half = newest - windowMs / 2;
    let readings = 0;
    let sum = 0;
    let newerReadings = 0;
    let newerSum = 0;
    let oldest = newest;
    const offset = this.#at(this.#grams, 0);
    let index = this.#next;
    for (let back = 0; back < this.#count; back += 1) {
      index = index === 0 ? WINDOW_READINGS - 1 : index - 1;
      const atMs = this.#atMs[index] ?? 0;
      if (newest - atMs > windowMs) break;
      const grams = (this.#grams[index] ?? 0) - offset;
      readings += 1;
      sum += grams;
      oldest = atMs;
      if (atMs > half) {
        newerReadings += 1;
        newerSum += grams;
      }
    }
    const mean = readings === 0 ? 0 : sum / readings;
    const olderReadings = readings - newerReadings;
    view.readings = readings;
    view.spanMs = newest - oldest;
    view.meanGrams = mean + offset;
    view.sdGrams = this.#spread(readings, mean + offset);
    view.trendGrams =
      newerReadings === 0 || olderReadings === 0
        ? 0
        : newerSum / newerReadings - (sum - newerSum) / olderReadings;
    view.isStill = isStill(view, windowMs, noiseGrams);
    return view;
  }

  /** Median of the newest `windowMs`; NaN without readings. */
  median(windowMs: Milliseconds): Grams {
    const newest = this.#newestAtMs();
    const values: number[] = [];
    for (let back = 0; back < this.#count; back += 1) {
      if (newest - this.#at(this.#atMs, back) > windowMs) break;
      values.push(this.#at(this.#grams, back));
    }
    values.sort((a, b) => a - b);
    const middle = values.length >> 1;
    const upper = values[middle] ?? Number.NaN;
    return values.length % 2 === 1 ? upper : (upper + (values[middle - 1] ?? upper)) / 2;
  }

  #spread(readings: number, mean: Grams): Grams {
    let squares = 0;
    let index = this.#next;
    for (let back = 0; back < readings; back += 1) {
      index = index === 0 ? WINDOW_READINGS - 1 : index - 1;
      const deviation = (this.#grams[index] ?? 0) - mean;
      squares += deviation * deviation;
    }
    return readings < 2 ? 0 : Math.sqrt(squares / (readings - 1));
  }

  #newestAtMs(): Milliseconds {
    return this.#count === 0 ? 0 : this.#at(this.#atMs, 0);
  }

  #at(values: Float64Array, back: number): number {
    return values[(this.#next - 1 - back + 2 * WINDOW_READINGS) % WINDOW_READINGS] ?? 0;
  }
}

const READINGS_MIN = 3;
/** A window counts as full when it spans this share of what was asked. */
const SPAN_SHARE = 0.75;
/** One reading may spread this far beyond the cell's own noise. */
const NOISE_FACTOR = 1.5;
const SPREAD_FLOOR_GRAMS: Grams = 0.03;
const TREND_FLOOR_GRAMS: Grams = 0.03;
const TREND_SIGMAS = 3.5;

function isStill(view: WindowView, windowMs: Milliseconds, noiseGrams: Grams): boolean {
  if (view.readings < READINGS_MIN || view.spanMs < windowMs * SPAN_SHARE) return false;
  const spreadMax = noiseGrams * NOISE_FACTOR + SPREAD_FLOOR_GRAMS;
  if (view.sdGrams > spreadMax) return false;
  const noise = Math.max(noiseGrams, view.sdGrams);
  const trendMax = TREND_FLOOR_GRAMS + TREND_SIGMAS * noise * Math.sqrt(4 / view.readings);
  return Math.abs(view.trendGrams) <= trendMax;
}
