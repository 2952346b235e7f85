import type { EpochMs, Milliseconds } from '@cat-feeder/shared';
import type { StateStore } from './state-store.ts';

/** What the clock remembers over a restart: the last wall time and how long the feeder has lived. */
export interface StoredClock {
  readonly wallMs: EpochMs;
  readonly ageMs: Milliseconds;
  /** Lived time at which the clock came into doubt; null: it is in none. */
  readonly doubtedAtAgeMs: Milliseconds | null;
  /** What of the monotonic clock holds until the machine loses its power. */
  readonly power: {
    readonly powerUp: string;
    readonly monoMs: Milliseconds;
    readonly ageMs: Milliseconds;
    readonly poweredAtAgeMs: Milliseconds;
  } | null;
}

/**
 * Implements the clock's memory: one small row, written as often as the clock wants. The last
 * feeding is a later witness of the time lived through than a row of five minutes ago.
 */
export class ClockStore {
  readonly #state: StateStore;
  readonly #lastFeedingAgeMs: () => Milliseconds;

  /** `lastFeedingAgeMs` is the lived time at the newest feeding; 0 before the first. */
  constructor(state: StateStore, lastFeedingAgeMs: () => Milliseconds) {
    this.#state = state;
    this.#lastFeedingAgeMs = lastFeedingAgeMs;
  }

  load(): StoredClock | null {
    const stored = this.#state.read<StoredClock>('clock');
    if (stored === null) return null;
    return { ...stored, ageMs: Math.max(stored.ageMs, this.#lastFeedingAgeMs()) };
  }

  save(memory: StoredClock): void {
    const { wallMs, ageMs, doubtedAtAgeMs, power } = memory;
    this.#state.write('clock', { wallMs, ageMs, doubtedAtAgeMs, power });
  }
}
