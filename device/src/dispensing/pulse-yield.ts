import type { Grams } from '@cat-feeder/shared';

/** So many pulses are remembered; until some were seen, the first guess counts. */
const MEMORY = 250;
const KNOWN_PULSES = 40;
/** Below this many pieces a pulse hardly spreads less: the shaft starts, stops and shakes. */
const LEVEL_PIECES = 1.2;
/** A usual pulse is within the first share of them, even a rich one within the second. */
const USUAL_SHARE = 0.93;
const HIGH_SHARE = 0.99;
/** How many spreads that is: before anything was seen, and at most; an avalanche is no pulse. */
const USUAL_MAX = 1.1;
const HIGH_MAX = 2.2;
const SPREADS_MIN = 0.5;
/** Single pieces are among the lower rises: many pulses bring several. */
const PIECE_SHARE = 0.25;
/** So seldom may pulses in a row bring nothing by chance while food flows. */
const EMPTY_CHANCE = 1e-3;
const EMPTY_PRIOR = 3;
const EMPTY_ROW_MIN = 6;
/** Pieces that let go after a stop, before anything was seen, and how many pulses that is worth. */
const DRIBBLE_PIECES = 0.5;
const DRIBBLE_PRIOR = 6;
/** No stop is known to hold all back, and so many spreads bound what stops have let go. */
const DRIBBLE_PIECES_MIN = 0.1;
const DRIBBLE_SIGMAS = 2;
/** Whatever was learned, more pulses in a row than this never bring nothing while food flows. */
export const EMPTY_ROW_MAX = 20;

/** One short pulse and the still levels around it. */
interface SeenPulse {
  readonly expectedGrams: Grams;
  readonly grams: Grams;
  readonly kibbleGrams: Grams;
  readonly isSeen: boolean;
}

/**
 * What one short pulse delivers: whole pieces, often none, now and then several. The spread is
 * that of a number of pieces which grows with the mean; how far the tail reaches is learned from
 * the pulses of this dispenser. It outlives a run.
 */
export class PulseYield {
  readonly #excess: number[] = [];
  readonly #rises: Grams[] = [];
  readonly #brought: Grams[] = [];
  readonly #beyond: Grams[] = [];
  readonly #unsettled: SeenPulse[] = [];
  #usual = USUAL_MAX;
  #high = HIGH_MAX;
  #pieceGrams = Number.NaN;

  /** The mass of one piece, as the lower rises show it. */
  pieceGrams(kibbleGrams: Grams): Grams {
    return Number.isNaN(this.#pieceGrams) ? kibbleGrams : Math.min(kibbleGrams, this.#pieceGrams);
  }

  /**
   * Takes in what a pulse brought; `isSeen` when it surely was food and not noise. Pulses without
   * any count as soon as food is seen again: until then the chute may be blocked.
   */
  learn(pulse: SeenPulse): void {
    push(this.#unsettled, pulse);
    if (!pulse.isSeen) return;
    for (const settled of this.#unsettled) this.#take(settled);
    this.#unsettled.length = 0;
  }

  /** Nothing flowed: the last pulses that brought nothing say nothing of pulses. */
  forgetEmpty(): void {
    this.#unsettled.length = 0;
  }

  #take({ expectedGrams, grams, kibbleGrams, isSeen }: SeenPulse): void {
    const excess = (grams - expectedGrams) / this.#spread(expectedGrams, kibbleGrams);
    push(this.#excess, excess);
    push(this.#brought, isSeen ? grams : 0);
    push(this.#beyond, grams - expectedGrams);
    if (isSeen) push(this.#rises, grams);
    if (this.#rises.length >= KNOWN_PULSES / 2) {
      this.#pieceGrams = quantile(this.#rises, PIECE_SHARE);
    }
    const weight = Math.min(1, this.#excess.length / KNOWN_PULSES);
    const learned = (share: number, most: number) => {
      const seen = Math.min(most, Math.max(SPREADS_MIN, quantile(this.#excess, share)));
      return weight * seen + (1 - weight) * most;
    };
    this.#usual = learned(USUAL_SHARE, USUAL_MAX);
    this.#high = learned(HIGH_SHARE, HIGH_MAX);
  }

  /** How many pulses in a row may bring nothing until that is no chance any more. */
  get emptyRowMax(): number {
    const seen = this.#brought.length;
    const empty = this.#brought.filter((grams) => grams === 0).length;
    const share = (empty + EMPTY_PRIOR) / (seen + EMPTY_PRIOR + 1);
    const row = Math.ceil(Math.log(EMPTY_CHANCE) / Math.log(share));
    return clamp(row, EMPTY_ROW_MIN, EMPTY_ROW_MAX);
  }

  /** What a pulse may leave in a blocked chute: with pieces that let go after its stop. */
  hiddenGrams(expectedGrams: Grams): Grams {
    const rises = this.#brought.filter((grams) => grams > 0);
    const sum = rises.reduce((total, grams) => total + grams, 0);
    return rises.length === 0 ? expectedGrams : Math.max(expectedGrams, sum / rises.length);
  }

  /** What lets go after a stop in the mean, beyond what the pulse itself moves. */
  dribbleGrams(kibbleGrams: Grams): Grams {
    const guess = DRIBBLE_PIECES * this.pieceGrams(kibbleGrams);
    const sum = this.#beyond.reduce((total, grams) => total + grams, DRIBBLE_PRIOR * guess);
    return Math.max(0, sum / (this.#beyond.length + DRIBBLE_PRIOR));
  }

  /** The most that so many stops can have let go: pieces come by chance, and the mean is in doubt. */
  dribbledMostGrams(stops: number, kibbleGrams: Grams): Grams {
    const piece = this.pieceGrams(kibbleGrams);
    const mean = Math.max(this.dribbleGrams(kibbleGrams), DRIBBLE_PIECES_MIN * piece);
    const doubt = stops / (this.#beyond.length + DRIBBLE_PRIOR);
    return stops * mean + DRIBBLE_SIGMAS * Math.sqrt(stops * mean * piece * (1 + doubt));
  }

  /** How much more than expected a usual pulse may bring. */
  usualExcessGrams(expectedGrams: Grams, kibbleGrams: Grams): Grams {
    return this.#usual * this.#spread(expectedGrams, kibbleGrams);
  }

  /** How much more than expected a rich pulse may bring. */
  highExcessGrams(expectedGrams: Grams, kibbleGrams: Grams): Grams {
    return this.#high * this.#spread(expectedGrams, kibbleGrams);
  }

  #spread(expectedGrams: Grams, kibbleGrams: Grams): Grams {
    const piece = this.pieceGrams(kibbleGrams);
    return Math.sqrt(piece * (Math.max(LEVEL_PIECES * piece, expectedGrams) + piece));
  }
}

function push<T>(values: T[], value: T): void {
  values.push(value);
  if (values.length > MEMORY) values.shift();
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
