import type { Grams, Milliseconds, Turns } from '@cat-feeder/shared';

/** Readings kept, and how far back they count, in time and at least in number: pushes pause. */
const READINGS = 48;
const WINDOW_MS: Milliseconds = 350;
const READINGS_MIN = 8;

/**
 * The level of the bowl while it fills. Landing pieces and paws press down and never lift, so the
 * lowest of the last readings, each carried on by what the auger has delivered since, is nearest
 * to the food alone. What the others lie above it is the lift.
 */
export class MotionLevel {
  readonly #atMs = new Float64Array(READINGS);
  readonly #grams = new Float64Array(READINGS);
  readonly #turns = new Float64Array(READINGS);
  #next = 0;
  #count = 0;
  /** The newest level; NaN before the first reading. */
  grams: Grams = Number.NaN;
  /** How far the newest reading lies above the level before it, carried on to now. */
  aboveGrams: Grams = 0;

  reset(): void {
    this.#next = 0;
    this.#count = 0;
    this.grams = Number.NaN;
    this.aboveGrams = 0;
  }

  /** Takes a cleaned reading and the turns whose food had arrived by then. */
  push(atMs: Milliseconds, reading: Grams, arrived: { turns: Turns; gramsPerTurn: Grams }): void {
    const before = this.#count === 0 ? reading : this.#low(atMs, arrived);
    this.aboveGrams = reading - before;
    this.#atMs[this.#next] = atMs;
    this.#grams[this.#next] = reading;
    this.#turns[this.#next] = arrived.turns;
    this.#next = (this.#next + 1) % READINGS;
    if (this.#count < READINGS) this.#count += 1;
    this.grams = this.#low(atMs, arrived);
  }

  /** The lowest but one, which no single bad reading can be. */
  #low(atMs: Milliseconds, arrived: { turns: Turns; gramsPerTurn: Grams }): Grams {
    let lowest = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    let index = this.#next;
    for (let back = 0; back < this.#count; back += 1) {
      index = index === 0 ? READINGS - 1 : index - 1;
      const isOld = atMs - (this.#atMs[index] ?? 0) > WINDOW_MS;
      if (isOld && back >= READINGS_MIN) break;
      const since = Math.max(0, arrived.turns - (this.#turns[index] ?? 0));
      const level = (this.#grams[index] ?? 0) + since * arrived.gramsPerTurn;
      second = Math.min(second, Math.max(lowest, level));
      lowest = Math.min(lowest, level);
    }
    return this.#count < READINGS_MIN ? lowest : second;
  }
}
