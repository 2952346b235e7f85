import type { Grams, Turns } from '@cat-feeder/shared';
import type { TurnMark } from './turn-meter.ts';

/** What may have fallen in a stretch that the scale could not follow: three sigmas to each side. */
export interface Estimate {
  readonly lowGrams: Grams;
  readonly likelyGrams: Grams;
  readonly highGrams: Grams;
}

/** A cat that has just come may keep still by chance in so many looks before it is noticed. */
const UNCONFIRMED_LOOKS = 2;
/** One that presses harder does not keep still. */
const PRESS_GRAMS_MAX: Grams = 4;

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
  anchor: TurnMark = { turns: 0, hiddenTurns: 0, doubtTurns: 0, standingTurns: 0 };
  /** Chains begun; each has its own two errors of weighing. */
  chains = 0;
  /** Whether any part is an estimate. */
  hasEstimate = false;
  /** Food that may have come down unseen, all of it or nothing: it is not a matter of sigmas. */
  possibleGrams: Grams = 0;
  /** What was counted as food and may have been a paw that kept still: it promises nothing. */
  pressedGrams: Grams = 0;
  #unconfirmed: readonly Grams[] = [];
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

  /** The last short looks showed a rise that a paw could have made by so much. */
  suspectPress(grams: Grams): void {
    this.#unconfirmed = [...this.#unconfirmed, Math.max(0, grams)].slice(-UNCONFIRMED_LOOKS);
  }

  /** A level that stood for long: no paw keeps so still. */
  confirm(): void {
    this.#unconfirmed = [];
  }

  /** Somebody was there, or nothing stood still again: the last looks may have been pressed. */
  giveUpUnconfirmed(): void {
    const grams = this.#unconfirmed.reduce((sum, rise) => sum + rise, 0);
    this.pressedGrams += Math.min(PRESS_GRAMS_MAX, grams);
    this.#unconfirmed = [];
  }

  /** Ends a stretch that could not be weighed. Without a level the next chain begins later. */
  closeEstimated(estimate: Estimate, levelGrams: Grams | null, mark: TurnMark): void {
    this.giveUpUnconfirmed();
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
