import type { Grams, Milliseconds, Turns } from '@cat-feeder/shared';
import type { SeededRandom } from '../../platform/random.ts';
import { exponentialTurns, poisson } from './chance.ts';
import { FallingPieces } from './falling-pieces.ts';
import type { Profile } from './profile.ts';

/** Longer than one step of the model, so that no piece lands in the step that released it. */
const FALL_MS_MIN: Milliseconds = 20;
/** Pieces of a cleared block come down within this time. */
const AVALANCHE_MS: Milliseconds = 200;

/** The way from the auger to the bowl. */
export class Chute {
  readonly #chute: Profile['chute'];
  readonly #blockProbabilityPerTurn: number;
  readonly #random: SeededRandom;
  readonly #held: Grams[] = [];
  #heldGrams: Grams = 0;
  #turnsToBlock: Turns;

  readonly falling = new FallingPieces();
  isBlocked = false;

  constructor(profile: Profile, random: SeededRandom) {
    this.#chute = profile.chute;
    this.#blockProbabilityPerTurn = profile.faults.chuteBlockProbabilityPerTurn;
    this.#random = random;
    this.#turnsToBlock = exponentialTurns(this.#blockProbabilityPerTurn, random);
  }

  /** Full to the auger: no more can be pushed in. */
  get isFull(): boolean {
    return this.#heldGrams >= this.#chute.holdsGrams;
  }

  /** Food that has left the hopper and not yet reached the bowl or the floor. */
  get inFlightGrams(): Grams {
    return this.falling.totalGrams + this.#heldGrams;
  }

  forward(turns: Turns): void {
    this.#turnsToBlock -= turns;
    if (this.#turnsToBlock > 0) return;
    this.isBlocked = true;
    this.#turnsToBlock = exponentialTurns(this.#blockProbabilityPerTurn, this.#random);
  }

  release(atMs: Milliseconds, grams: Grams): void {
    if (this.isBlocked) {
      this.#held.push(grams);
      this.#heldGrams += grams;
      return;
    }
    this.falling.add(atMs + this.#fallMs(), grams);
  }

  /** How many pieces let go after this stop. */
  drawDribble(): number {
    return poisson(this.#chute.dribblePiecesMean, this.#random);
  }

  releaseDribble(atMs: Milliseconds, grams: Grams): void {
    this.release(atMs + this.#random.exponential(this.#chute.dribbleMsMean), grams);
  }

  /** The block gives way and everything behind it comes down. */
  clear(atMs: Milliseconds): void {
    this.isBlocked = false;
    for (const grams of this.#held) {
      this.release(atMs + AVALANCHE_MS * this.#random.next(), grams);
    }
    this.#held.length = 0;
    this.#heldGrams = 0;
  }

  #fallMs(): Milliseconds {
    const { fallMsMean, fallMsSd, lateProbability, lateMsMean } = this.#chute;
    const fallMs = Math.max(FALL_MS_MIN, fallMsMean + fallMsSd * this.#random.gaussian());
    return this.#random.chance(lateProbability)
      ? fallMs + this.#random.exponential(lateMsMean)
      : fallMs;
  }
}
