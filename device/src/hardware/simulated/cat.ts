import type { Grams, Milliseconds } from '@cat-feeder/shared';
import type { SeededRandom } from '../../platform/random.ts';
import type { Bowl } from './bowl.ts';
import { exponentialWaitMs } from './chance.ts';
import type { Profile } from './profile.ts';

const HEARS_WITHIN_MS: Milliseconds = 8000;
/** A cat that looks into an empty bowl this often walks away. */
const EMPTY_LOOKS_MAX = 3;
const LOOK_MS: Milliseconds = 4000;
const VISIT_MS_MAX: Milliseconds = 1_800_000;

/**
 * A cat, or several who never come together.
 *
 *   away --visit--> at the bowl --bite, bite, ...--> had enough, or bowl empty --> away
 *                      \--now and then: leans, or sits down; does not bite until it is over
 */
export class Cat {
  readonly #cat: Profile['cat'];
  readonly #random: SeededRandom;
  #nextVisitMs: Milliseconds;
  #nextBiteMs: Milliseconds = Number.POSITIVE_INFINITY;
  #pressFromMs: Milliseconds = Number.POSITIVE_INFINITY;
  #pressUntilMs: Milliseconds = Number.POSITIVE_INFINITY;
  #pressGrams: Grams = 0;
  #isPressing = false;
  #hungerGrams: Grams = 0;
  #emptyLooks = 0;
  #leavesAtMs: Milliseconds = 0;
  #sway = 0;

  isPresent = false;
  /** When it next does something. */
  nextMs: Milliseconds;

  constructor(profile: Profile, random: SeededRandom) {
    this.#cat = profile.cat;
    this.#random = random;
    this.#nextVisitMs = exponentialWaitMs(profile.cat.visitsPerDay, random);
    this.nextMs = this.#nextVisitMs;
  }

  /** Does what is due at `atMs`. */
  act(atMs: Milliseconds, bowl: Bowl): void {
    if (atMs >= this.#pressUntilMs) this.#endPress();
    if (atMs >= this.#pressFromMs) this.#beginPress();
    if (atMs >= this.#nextVisitMs) {
      const wants = 1 + this.#cat.mealSdFraction * this.#random.gaussian();
      this.#nextVisitMs = atMs + exponentialWaitMs(this.#cat.visitsPerDay, this.#random);
      if (!this.isPresent) this.#arrive(atMs, Math.max(0.1, wants) * this.#cat.mealGramsMean);
    }
    if (atMs >= this.#nextBiteMs) this.#bite(atMs, bowl);
    this.#plan();
  }

  /** The motor starts after a pause. */
  hearMotor(atMs: Milliseconds): void {
    if (this.isPresent) return;
    if (!this.#random.chance(this.#cat.arrivesWhileDispensingProbability)) return;
    const comesAtMs = atMs + HEARS_WITHIN_MS * this.#random.next();
    this.#nextVisitMs = Math.min(this.#nextVisitMs, comesAtMs);
    this.#plan();
  }

  /** Comes now and eats this much, quietly. */
  visit(atMs: Milliseconds, grams: Grams): void {
    this.isPresent = true;
    this.#hungerGrams = grams;
    this.#emptyLooks = 0;
    this.#leavesAtMs = atMs + VISIT_MS_MAX;
    this.#nextBiteMs = atMs + this.#biteWaitMs();
    this.#plan();
  }

  /** Presses on the bowl from now on. */
  press(atMs: Milliseconds, grams: Grams, forMs: Milliseconds): void {
    this.isPresent = true;
    this.#leavesAtMs = Math.max(this.#leavesAtMs, atMs + forMs);
    this.#pressGrams = grams;
    this.#pressFromMs = Number.POSITIVE_INFINITY;
    this.#pressUntilMs = atMs + forMs;
    this.#isPressing = true;
    this.#nextBiteMs = Math.max(this.#finiteBiteMs(atMs), this.#pressUntilMs);
    this.#plan();
  }

  /** Goes away at once. */
  leave(): void {
    this.isPresent = false;
    this.#hungerGrams = 0;
    this.#nextBiteMs = Number.POSITIVE_INFINITY;
    this.#pressFromMs = Number.POSITIVE_INFINITY;
    this.#endPress();
    this.#plan();
  }

  /** Its force on the bowl during one reading. */
  forceGrams(): Grams {
    if (!this.isPresent) return 0;
    this.#sway = 0.8 * this.#sway + 0.6 * this.#random.gaussian();
    if (this.#isPressing) return this.#pressGrams * Math.max(0, 1 + 0.05 * this.#sway);
    return this.#cat.pushGrams * Math.abs(this.#sway);
  }

  /** A piece comes down: whether it bounces off the cat onto the floor. */
  deflects(): boolean {
    return this.isPresent && this.#random.chance(this.#cat.deflectProbability);
  }

  #arrive(atMs: Milliseconds, hungerGrams: Grams): void {
    this.visit(atMs, hungerGrams);
    const cat = this.#cat;
    const visitMs = (hungerGrams / cat.eatGramsPerSecond) * 1000;
    const pressAtMs = atMs + visitMs * this.#random.next();
    if (this.#random.chance(cat.leanProbability)) {
      this.#planPress(pressAtMs, cat.leanGrams, cat.leanSecondsMean);
    }
    if (this.#random.chance(cat.sitProbability)) {
      this.#planPress(pressAtMs, cat.sitGrams, cat.sitSecondsMean);
    }
  }

  #planPress(atMs: Milliseconds, grams: Grams, secondsMean: number): void {
    this.#pressFromMs = atMs;
    this.#pressUntilMs = atMs + this.#random.exponential(secondsMean * 1000);
    this.#pressGrams = grams * (0.7 + 0.6 * this.#random.next());
  }

  #beginPress(): void {
    this.#isPressing = true;
    this.#pressFromMs = Number.POSITIVE_INFINITY;
    this.#nextBiteMs = Math.max(this.#nextBiteMs, this.#pressUntilMs);
  }

  #endPress(): void {
    this.#isPressing = false;
    this.#pressUntilMs = Number.POSITIVE_INFINITY;
  }

  #bite(atMs: Milliseconds, bowl: Bowl): void {
    const isBeforePress = this.#pressFromMs < Number.POSITIVE_INFINITY;
    if (this.#hungerGrams <= 0 || atMs >= this.#leavesAtMs) {
      if (!isBeforePress && !this.#isPressing) this.leave();
      else this.#nextBiteMs = Math.max(atMs + LOOK_MS, this.#pressUntilMs);
      return;
    }
    const size = this.#cat.biteGrams * (0.5 + this.#random.next());
    const taken = bowl.bite(Math.min(size, this.#hungerGrams));
    this.#hungerGrams -= taken;
    this.#nextBiteMs = atMs + this.#biteWaitMs();
    if (taken > 0) return;
    this.#emptyLooks += 1;
    this.#nextBiteMs = atMs + LOOK_MS;
    if (this.#emptyLooks >= EMPTY_LOOKS_MAX) this.#hungerGrams = 0;
  }

  #biteWaitMs(): Milliseconds {
    const meanMs = (this.#cat.biteGrams / this.#cat.eatGramsPerSecond) * 1000;
    return meanMs * (0.5 + this.#random.next());
  }

  #finiteBiteMs(atMs: Milliseconds): Milliseconds {
    return this.#nextBiteMs < Number.POSITIVE_INFINITY ? this.#nextBiteMs : atMs;
  }

  #plan(): void {
    this.nextMs = Math.min(
      this.#nextVisitMs,
      this.#nextBiteMs,
      this.#pressFromMs,
      this.#isPressing ? this.#pressUntilMs : Number.POSITIVE_INFINITY,
    );
  }
}
