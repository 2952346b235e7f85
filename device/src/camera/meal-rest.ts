import type { Milliseconds } from '@cat-feeder/shared';
import type { Clock } from '../platform/clock.ts';

/** So often it is looked whether the meal has ended, while something waits for that. */
const LOOK_MS: Milliseconds = 250;
/** No feeding lasts so many looks, which are ten minutes: what waits, goes on all the same. */
const LOOKS_MAX = 2400;

export interface MealRestParts {
  readonly clock: Clock;
  /** Whether food is being served now. */
  readonly isFeeding: () => boolean;
}

/**
 * The times in which no food is served. A write is durable when it returns, and a bad card stalls
 * for seconds: as long as a feeding runs, the camera writes no row, no entry and no note.
 */
export class MealRest {
  readonly #parts: MealRestParts;
  #isClosed = false;

  constructor(parts: MealRestParts) {
    this.#parts = parts;
  }

  isNow(): boolean {
    return this.#isClosed || !this.#parts.isFeeding();
  }

  /** Resolves in the next rest: at once when it is now. */
  async come(): Promise<void> {
    const { clock } = this.#parts;
    for (let look = 0; look < LOOKS_MAX && !this.isNow(); look++) {
      await new Promise<void>((resolve) => clock.after('rest after a meal', LOOK_MS, resolve));
    }
  }

  /** The feeder stops: nothing waits any longer. */
  close(): void {
    this.#isClosed = true;
  }
}
