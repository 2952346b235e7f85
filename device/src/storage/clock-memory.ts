import type { Milliseconds } from '@cat-feeder/shared';
import type { ClockMemory, ClockRecord } from '../scheduling/station-clock-keeper.ts';
import type { StateStore } from './state-store.ts';

/**
 * Implements the clock's memory: one small row, written as often as the clock wants. The last
 * feeding is a later witness of the time lived through than a row of five minutes ago.
 */
export class ClockStore implements ClockMemory {
  readonly #state: StateStore;
  readonly #lastFeedingAgeMs: () => Milliseconds;

  /** `lastFeedingAgeMs` is the lived time at the newest feeding; 0 before the first. */
  constructor(state: StateStore, lastFeedingAgeMs: () => Milliseconds) {
    this.#state = state;
    this.#lastFeedingAgeMs = lastFeedingAgeMs;
  }

  load(): ClockRecord | null {
    const stored = this.#state.read<ClockRecord>('clock');
    if (stored === null) return null;
    return { ...stored, ageMs: Math.max(stored.ageMs, this.#lastFeedingAgeMs()) };
  }

  save(memory: ClockRecord): void {
    const { wallMs, ageMs, doubtedAtAgeMs, power } = memory;
    this.#state.write('clock', { wallMs, ageMs, doubtedAtAgeMs, power });
  }
}
