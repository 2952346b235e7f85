import type { Grams, Turns } from '@cat-feeder/shared';
import type { TurnMark } from './turn-meter.ts';

/** What may have fallen in a stretch that the scale could not follow: three sigmas to each side. */
export interface Estimate {
  readonly lowGrams: Grams;
  readonly likelyGrams: Grams;
  readonly highGrams: Grams;
}

/**
 * The food of one run, as a chain of stretches between two levels that stood still. A clean
 * stretch counts by its rise; where something else touched the bowl, an estimate stands in for
 * it and the chain begins anew at the next still level. Clean stretches telescope: only the ends
 * of a chain carry the scale's error.
 */
export class FoodAccount {
  likelyGrams: Grams = 0;
  /** The still level and the turns at which the present stretch begins. */
  anchorGrams: Grams = Number.NaN;
  anchor: TurnMark = { turns: 0, hiddenTurns: 0, doubtTurns: 0 };
  /** Chains begun; each has its own two errors of weighing. */
  chains = 0;
  /** Whether any part is an estimate. */
  hasEstimate = false;
  /** Food that may have come down unseen, all of it or nothing: it is not a matter of sigmas. */
  possibleGrams: Grams = 0;
  #lowSquares = 0;
  #highSquares = 0;

  /** How far the truth may lie below and above `likelyGrams` because of the estimates. */
  get belowGrams(): Grams {
    return Math.sqrt(this.#lowSquares);
  }

  get aboveGrams(): Grams {
    return Math.sqrt(this.#highSquares);
  }

  get anchorTurns(): Turns {
    return this.anchor.turns;
  }

  /** Begins a chain at a still level. */
  begin(levelGrams: Grams, mark: TurnMark): void {
    this.anchorGrams = levelGrams;
    this.anchor = mark;
    this.chains += 1;
  }

  /** Ends a clean stretch at a still level, which is where the next one begins. */
  closeClean(levelGrams: Grams, mark: TurnMark): void {
    const rise = levelGrams - this.anchorGrams;
    this.likelyGrams += rise;
    this.anchorGrams = levelGrams;
    this.anchor = mark;
  }

  /** Ends a stretch that could not be weighed. Without a level the next chain begins later. */
  closeEstimated(estimate: Estimate, levelGrams: Grams | null, mark: TurnMark): void {
    this.likelyGrams += estimate.likelyGrams;
    this.#lowSquares += (estimate.likelyGrams - estimate.lowGrams) ** 2;
    this.#highSquares += (estimate.highGrams - estimate.likelyGrams) ** 2;
    this.hasEstimate = true;
    this.anchor = mark;
    if (levelGrams === null) this.anchorGrams = Number.NaN;
    else this.begin(levelGrams, mark);
  }

  /** Food up to now when the bowl shows `levelGrams` and nothing but food lies in it. */
  servedGrams(levelGrams: Grams): Grams {
    return this.likelyGrams + levelGrams - this.anchorGrams;
  }
}
