import type { Grams, Milliseconds } from '@cat-feeder/shared';

/** Pieces that land make the mass jump: variance per second of flow, in g^2/s. */
const LANDING_VARIANCE = 2;
/** How fast the flow itself may change while food falls, in (g/s)^2 per second. */
const FLOW_VARIANCE = 40;
/** At rest the mass only creeps. */
const CREEP_VARIANCE = 1e-5;
/** A reading this many standard deviations from the prediction is no noise. */
const SURPRISE_SIGMAS = 6;
/** That many surprises in a row on one side are a new level, not bad luck. */
const SURPRISES_TO_JUMP = 3;

/**
 * A small Kalman filter for the bowl's mass and the flow into it, with an innovation test. While
 * food may fall it follows quickly; at rest it averages. When the readings leave the prediction
 * for good it jumps to them at once instead of crawling there.
 */
export class MassFilter {
  massGrams: Grams = 0;
  flowGramsPerSecond = 0;
  /** The newest reading minus what was expected of it; negative is a fall. */
  innovationGrams: Grams = 0;
  /** The same in standard deviations. */
  surprise = 0;
  /** Whether the newest reading made the filter jump to a new level. */
  jumped = false;
  #massVariance = 0;
  #covariance = 0;
  #flowVariance = 0;
  #readingVariance: number;
  #lastAtMs: Milliseconds = 0;
  #started = false;
  #surprises = 0;

  constructor(noiseGrams: Grams) {
    this.#readingVariance = noiseGrams * noiseGrams;
  }

  /** Standard deviation of `massGrams`. */
  get sigmaGrams(): Grams {
    return Math.sqrt(Math.max(0, this.#massVariance));
  }

  setNoise(noiseGrams: Grams): void {
    this.#readingVariance = noiseGrams * noiseGrams;
  }

  /** Forgets the past; the next reading is the level. */
  reset(): void {
    this.#started = false;
  }

  /**
   * Takes a reading; `flowing` says whether food may be falling, in which case pieces that land
   * push a reading by about `landingGrams`.
   */
  update(atMs: Milliseconds, grams: Grams, flowing: boolean, landingGrams: Grams = 0): void {
    this.jumped = false;
    if (!this.#started) {
      this.#settleOn(atMs, grams);
      return;
    }
    const seconds = Math.min(1, Math.max(0, (atMs - this.#lastAtMs) / 1000));
    this.#lastAtMs = atMs;
    this.#predict(seconds, flowing);
    const landing = flowing ? landingGrams * landingGrams : 0;
    this.#correct(atMs, grams, this.#readingVariance + landing);
  }

  #predict(seconds: number, flowing: boolean): void {
    if (!flowing) {
      this.flowGramsPerSecond = 0;
      this.#covariance = 0;
      this.#flowVariance = 0;
      this.#massVariance += CREEP_VARIANCE * seconds;
      return;
    }
    this.massGrams += this.flowGramsPerSecond * seconds;
    this.#massVariance +=
      seconds * (2 * this.#covariance + seconds * this.#flowVariance) + LANDING_VARIANCE * seconds;
    this.#covariance += seconds * this.#flowVariance;
    this.#flowVariance = Math.min(400, this.#flowVariance + FLOW_VARIANCE * seconds);
  }

  #correct(atMs: Milliseconds, grams: Grams, readingVariance: number): void {
    const total = this.#massVariance + readingVariance;
    const innovation = grams - this.massGrams;
    this.innovationGrams = innovation;
    this.surprise = innovation / Math.sqrt(total);
    const side = Math.abs(this.surprise) > SURPRISE_SIGMAS ? Math.sign(innovation) : 0;
    this.#surprises = Math.sign(this.#surprises) === side ? this.#surprises + side : side;
    if (Math.abs(this.#surprises) >= SURPRISES_TO_JUMP) {
      this.#settleOn(atMs, grams);
      this.jumped = true;
      return;
    }
    const massGain = this.#massVariance / total;
    const flowGain = this.#covariance / total;
    this.massGrams += massGain * innovation;
    this.flowGramsPerSecond += flowGain * innovation;
    this.#flowVariance -= flowGain * this.#covariance;
    this.#covariance -= massGain * this.#covariance;
    this.#massVariance -= massGain * this.#massVariance;
  }

  #settleOn(atMs: Milliseconds, grams: Grams): void {
    this.#started = true;
    this.#lastAtMs = atMs;
    this.massGrams = grams;
    this.flowGramsPerSecond = 0;
    this.innovationGrams = 0;
    this.surprise = 0;
    this.#surprises = 0;
    this.#massVariance = this.#readingVariance;
    this.#covariance = 0;
    this.#flowVariance = 0;
  }
}
