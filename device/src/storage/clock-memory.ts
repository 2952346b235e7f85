import type { EpochMs, Milliseconds } from '@cat-feeder/shared';
import type { StateStore } from './state-store.ts';

/** What the clock remembers over a restart: the last wall time and how long the feeder has lived. */
export interface StoredClock {
  readonly wallMs: EpochMs;
  readonly ageMs: Milliseconds;
  /** Lived time at which the clock came into doubt; null: it is in none. */
  readonly doubtedAtAgeMs: Milliseconds | null;
}

/** Implements the clock's memory: one small row, written as often as the clock wants. */
export class ClockStore {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  load(): StoredClock | null {
    return this.#state.read<StoredClock>('clock');
  }

  save(memory: StoredClock): void {
    const { wallMs, ageMs, doubtedAtAgeMs } = memory;
    this.#state.write('clock', { wallMs, ageMs, doubtedAtAgeMs });
  }
}
