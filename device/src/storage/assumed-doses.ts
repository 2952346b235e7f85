import type { BookedDose } from '../feeding/feeding-journal.ts';
import type { StateStore } from './state-store.ts';

/** A day's window holds no more: each stands for a portion from memory, and those keep six hours. */
const ASSUMED_MAX = 8;

/** Food that may have fallen while the disk refused, over restarts. */
export class AssumedDoses {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  list(): readonly BookedDose[] {
    return this.#state.read<BookedDose[]>('assumed_doses') ?? [];
  }

  /** Throws `ERR_STORAGE` with nothing changed. Adding one twice adds it once. */
  add(dose: BookedDose): void {
    const others = this.list().filter(({ feedingId }) => feedingId !== dose.feedingId);
    this.#state.write('assumed_doses', [...others.slice(1 - ASSUMED_MAX), dose]);
  }
}
