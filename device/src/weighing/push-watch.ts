import type { Grams, Milliseconds } from '@cat-feeder/shared';

/** Readings behind the running mean and spread of what is usual. */
const USUAL_READINGS = 100;
const USUAL_READINGS_SLOW = 20;
/** One reading counts for at most this many spreads, and loses this many each time. */
const STEP_MAX = 4;
const STEP_MAX_SLOW = 8;
const STEP_COST = 1.4;
/** The sum that is no accident any more: bumps of landing pieces last a few fast conversions. */
const ALARM_FAST = 16;
const ALARM_SLOW = 9;
const FAST_SAMPLES_PER_SECOND = 40;

/**
 * Notices that something presses on the bowl while food falls: a cumulative sum over how far the
 * readings lie above the level, measured against what has been usual in this run. Tells since
 * when, so that what was seen before can still be believed.
 */
export class PushWatch {
  readonly #memory: number;
  readonly #alarm: number;
  readonly #stepMax: number;
  #count = 0;
  #mean = 0;
  #variance = 0;
  #sum = 0;
  /** When the present sum began to grow. */
  onsetAtMs: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(samplesPerSecond: number) {
    const isFast = samplesPerSecond >= FAST_SAMPLES_PER_SECOND;
    this.#memory = isFast ? USUAL_READINGS : USUAL_READINGS_SLOW;
    this.#stepMax = isFast ? STEP_MAX : STEP_MAX_SLOW;
    this.#alarm = isFast ? ALARM_FAST : ALARM_SLOW;
  }

  /** Starts with what is usual by the physics: how far landing pieces press, and spread. */
  reset(usual: { meanGrams: Grams; spreadGrams: Grams }): void {
    this.#sum = 0;
    this.onsetAtMs = Number.NEGATIVE_INFINITY;
    if (this.#count > 0) return;
    this.#count = Math.ceil(this.#memory / 8);
    this.#mean = usual.meanGrams;
    this.#variance = usual.spreadGrams ** 2;
  }

  /** When a push seems to have begun that is not yet certain; null without a suspicion. */
  get suspectedSinceMs(): Milliseconds | null {
    return this.#sum > this.#alarm / 3 ? this.onsetAtMs : null;
  }

  /** Takes how far a reading lies above the level. True: that is no food. */
  isPushed(atMs: Milliseconds, aboveGrams: Grams): boolean {
    const spread = Math.sqrt(this.#variance);
    const deviation = (aboveGrams - this.#mean) / Math.max(0.02, spread);
    const step = Math.max(-this.#stepMax, Math.min(this.#stepMax, deviation));
    if (this.#sum === 0) this.onsetAtMs = atMs;
    this.#sum = Math.max(0, this.#sum + step - STEP_COST);
    this.#learn(Math.max(-STEP_MAX, Math.min(STEP_MAX, step)) * spread);
    return this.#sum > this.#alarm;
  }

  #learn(deviationGrams: Grams): void {
    if (this.#count < this.#memory) this.#count += 1;
    const weight = 1 / this.#count;
    this.#mean += weight * deviationGrams;
    this.#variance += weight * (deviationGrams * deviationGrams - this.#variance);
  }
}
