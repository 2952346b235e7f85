import type { SeededRandom } from '../platform/random.ts';
import { pick } from './scenario.ts';

/** Where an armed end of the program strikes. */
export type CutPoint =
  | 'before_commit'
  | 'after_commit'
  | 'slice'
  | 'progress'
  | 'timer'
  | 'outcome'
  | 'answer';

export type HowToEnd = 'power_cut' | 'kill';

/** Most places lie in and around a feeding. */
const places: readonly CutPoint[] = [
  'before_commit',
  'after_commit',
  'slice',
  'slice',
  'progress',
  'timer',
  'outcome',
  'answer',
];

/** Such places pass by so often that the first few would always be the same. */
const countMax: Partial<Record<CutPoint, number>> = { slice: 60, timer: 40, progress: 30 };
const COUNT_MAX = 8;

/** An end of the program that waits for the n-th passing of a place. */
export class ArmedCut {
  #armed: { how: HowToEnd; at: CutPoint; left: number } | null = null;

  /** Draws a place and how often it is passed until then. */
  arm(how: HowToEnd, random: SeededRandom): void {
    const at = pick(random, places);
    this.#armed = { how, at, left: 1 + (random.uint32() % (countMax[at] ?? COUNT_MAX)) };
  }

  disarm(): void {
    this.#armed = null;
  }

  /** How the program ends as it passes this place; null: it does not. */
  pass(at: CutPoint): HowToEnd | null {
    if (this.#armed === null || this.#armed.at !== at) return null;
    this.#armed.left -= 1;
    return this.#armed.left > 0 ? null : this.#armed.how;
  }
}
