import { DAY_MS, type Milliseconds, type Turns } from '@cat-feeder/shared';
import type { SeededRandom } from '../../platform/random.ts';

/** Turns until a fault that has this chance in each turn; infinity when it has none. */
export function exponentialTurns(probabilityPerTurn: number, random: SeededRandom): Turns {
  if (probabilityPerTurn <= 0) return Number.POSITIVE_INFINITY;
  return random.exponential(1 / probabilityPerTurn);
}

/** Wait for something that comes so often a day; infinity when it never comes. */
export function exponentialWaitMs(perDay: number, random: SeededRandom): Milliseconds {
  if (perDay <= 0) return Number.POSITIVE_INFINITY;
  return random.exponential(DAY_MS / perDay);
}

/** A Poisson number with this mean, 0 to 20 (Knuth's product of uniforms). */
export function poisson(mean: number, random: SeededRandom): number {
  if (mean <= 0) return 0;
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random.next(); product > limit; product *= random.next()) count += 1;
  return count;
}

/** A state that comes by chance, lasts for a while, and can also be forced from outside. */
export class Episode {
  readonly #perDay: number;
  readonly #secondsMean: number;
  readonly #random: SeededRandom;
  #isBad = false;

  isForced = false;
  /** When it changes by itself. */
  nextMs: Milliseconds;

  constructor(perDay: number, secondsMean: number, random: SeededRandom) {
    this.#perDay = perDay;
    this.#secondsMean = secondsMean;
    this.#random = random;
    this.nextMs = exponentialWaitMs(perDay, random);
  }

  get isActive(): boolean {
    return this.#isBad || this.isForced;
  }

  change(atMs: Milliseconds): void {
    this.#isBad = !this.#isBad;
    const waitMs = this.#isBad
      ? this.#random.exponential(this.#secondsMean * 1000)
      : exponentialWaitMs(this.#perDay, this.#random);
    this.nextMs = atMs + waitMs;
  }
}
