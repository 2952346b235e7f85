import type { Grams } from '@cat-feeder/shared';
import type { FeederWorld } from '../../hardware/simulated/feeder-world.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { FeedingTruth, FeedingTruths } from './feeding-truths.ts';

/** Sums of many pieces, in floating point. */
const ROUNDING_GRAMS: Grams = 1e-6;

/** The ledger's milligrams. */
const ROUNDED_GRAMS: Grams = 0.001;
/** Half of a portion is the least that counts as one. */
const SERVED_SHARE = 0.5;

/** A run whose scale died half-way goes on by turns, which are right within 30 %. */
const OPEN_LOOP_SPREAD = 1.3;

type Ended = NonNullable<FeedingTruth['ended']>;

/** How well the intervals of the ledger hold the truth. */
export interface Coverage {
  feedings: number;
  covered: number;
  tooLow: number;
  tooHigh: number;
  widthGrams: number;
}

export type FeedingClass = 'calm' | 'disturbed' | 'open_loop' | 'interrupted';
export const feedingClasses: readonly FeedingClass[] = [
  'calm',
  'disturbed',
  'open_loop',
  'interrupted',
];

export function emptyCoverage(): Record<FeedingClass, Coverage> {
  const none = () => ({ feedings: 0, covered: 0, tooLow: 0, tooHigh: 0, widthGrams: 0 });
  return { calm: none(), disturbed: none(), open_loop: none(), interrupted: none() };
}

/**
 * Invariant 7: food is conserved in the model, and what fell lies inside the interval that the
 * ledger booked for it. A single interval may fail (the checker counts); one that a cut left
 * behind may not promise less than fell, because the caps rest on it. And `served` is a word for
 * food that is there.
 */
export class MassBalance implements Checker {
  readonly #fail: Fail;
  readonly #world: FeederWorld;
  readonly #tell: (line: string) => void;
  readonly #isExcused: () => boolean;
  readonly coverage = emptyCoverage();
  readonly #startGrams: Grams;

  constructor(parts: {
    fail: Fail;
    truths: FeedingTruths;
    world: FeederWorld;
    tell: (line: string) => void;
    /** Food fell by itself, which no feeding accounts for. */
    isExcused: () => boolean;
  }) {
    this.#fail = parts.fail;
    this.#world = parts.world;
    this.#tell = parts.tell;
    this.#isExcused = parts.isExcused;
    this.#startGrams = parts.world.truth().balanceGrams;
    parts.truths.onClosed((feeding, now) => this.#closed(feeding, now));
  }

  see(event: Observed): void {
    if (event.kind !== 'look' && event.kind !== 'end') return;
    const driftGrams = this.#world.truth().balanceGrams - this.#startGrams;
    if (Math.abs(driftGrams) > ROUNDING_GRAMS * Math.max(1, this.#startGrams)) {
      this.#fail('I7', `the balance of food is off by ${driftGrams} g`);
    }
  }

  #closed(feeding: FeedingTruth, now: Situation): void {
    const { ended, landedGrams, feedingId } = feeding;
    if (ended === null || this.#isExcused()) return;
    this.#served(feeding, ended);
    const cause = classOf(feeding);
    const lowGrams = ended.lowMg / 1000;
    const highGrams = ended.highMg / 1000;
    const coverage = this.coverage[cause];
    coverage.feedings += 1;
    coverage.widthGrams += highGrams - lowGrams;
    const isTooLow = landedGrams > highGrams + 0.001;
    const isTooHigh = landedGrams < lowGrams - 0.001;
    if (isTooLow) coverage.tooLow += 1;
    else if (isTooHigh) coverage.tooHigh += 1;
    else coverage.covered += 1;
    if (isTooLow || isTooHigh) {
      this.#tell(
        `feeding ${feedingId} (${cause}, ${ended.method}): ${landedGrams.toFixed(2)} g outside [${lowGrams.toFixed(2)}, ${highGrams.toFixed(2)}]`,
      );
    }
    const allowed =
      highGrams * OPEN_LOOP_SPREAD + feeding.inFlightBeforeGrams + 2 * now.pieceGramsMax;
    if (cause === 'interrupted' && landedGrams > allowed) {
      this.#fail(
        'I7',
        `interrupted feeding ${feedingId}: ${landedGrams.toFixed(2)} g fell, booked at most ${highGrams.toFixed(2)} g`,
      );
    }
  }

  /** What is called served has brought half of the wish by its own account, and truly some if weighed. */
  #served({ feedingId, order, landedGrams, forwardTurns }: FeedingTruth, ended: Ended): void {
    if (ended.result !== 'served') return;
    const likelyGrams = ended.likelyMg / 1000;
    if (likelyGrams + ROUNDED_GRAMS < order.portionGrams * SERVED_SHARE) {
      this.#fail(
        'I7',
        `feeding ${feedingId} is called served, with ${likelyGrams} g of ${order.portionGrams} g`,
      );
    }
    // By turns alone nobody sees that a shaft without feedback stood still; the interval says so.
    if (ended.method === 'measured' && forwardTurns === 0 && landedGrams === 0) {
      this.#fail('I7', `feeding ${feedingId} is called served, and nothing turned or fell`);
    }
  }
}

export function classOf(feeding: FeedingTruth): FeedingClass {
  if (feeding.wasInterrupted) return 'interrupted';
  if (feeding.order.openLoop) return 'open_loop';
  return feeding.wasDisturbed ? 'disturbed' : 'calm';
}
