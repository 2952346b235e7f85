import type { Grams } from '@cat-feeder/shared';
import type { Profile } from './profile.ts';

/** The bowl and what lies in it, on it and beside it. */
export class Bowl {
  readonly #bowl: Profile['bowl'];
  readonly #impactMs: number;
  #impactGramMs = 0;

  /** Food in the bowl, also while the bowl is away. */
  grams: Grams = 0;
  isPresent = true;
  /** A known mass that stands on the bowl and is no food. */
  weightGrams: Grams = 0;
  /** Totals since the beginning. */
  landedGrams: Grams = 0;
  spilledGrams: Grams = 0;
  eatenGrams: Grams = 0;
  handAddedGrams: Grams = 0;
  handRemovedGrams: Grams = 0;

  constructor(profile: Profile) {
    this.#bowl = profile.bowl;
    this.#impactMs = profile.chute.impactMs;
  }

  /** A piece comes down; `bounce` from 0 to 1 is how it hits. */
  land(grams: Grams, bounce: number): void {
    if (!this.isPresent || this.grams + grams > this.#bowl.capacityGrams) {
      this.spilledGrams += grams;
      return;
    }
    this.grams += grams;
    this.landedGrams += grams;
    this.#impactGramMs += grams * this.#impactMs * (0.5 + bounce);
  }

  spill(grams: Grams): void {
    this.spilledGrams += grams;
  }

  /** A cat takes at most `grams`; returns what it got. */
  bite(grams: Grams): Grams {
    const taken = this.isPresent ? Math.min(grams, this.grams) : 0;
    this.grams -= taken;
    this.eatenGrams += taken;
    return taken;
  }

  /** A person puts food in by hand. */
  addByHand(grams: Grams): void {
    this.grams += grams;
    this.handAddedGrams += grams;
  }

  /** A person tips out at most `grams`. */
  removeByHand(grams: Grams): void {
    const removed = Math.min(grams, this.grams);
    this.grams -= removed;
    this.handRemovedGrams += removed;
  }

  /** What rests on the cell. */
  get loadGrams(): Grams {
    return this.isPresent ? this.#bowl.tareGrams + this.grams + this.weightGrams : 0;
  }

  /** Push of the pieces that landed since it was asked last, in gram milliseconds. */
  takeImpact(): number {
    const impact = this.#impactGramMs;
    this.#impactGramMs = 0;
    return impact;
  }
}
