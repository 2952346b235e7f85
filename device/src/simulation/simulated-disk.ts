import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { SeededRandom } from '../platform/random.ts';
import type { VirtualClock } from '../platform/virtual-clock.ts';
import { type EmergencyJournal, MemoryEmergencyJournal } from '../storage/emergency-journal.ts';

export type DiskState = 'ok' | 'full' | 'readonly' | 'error';

const sqliteCodes = {
  full: 'SQLITE_FULL',
  readonly: 'SQLITE_READONLY',
  error: 'SQLITE_IOERR_WRITE',
} as const;

/** Share of the writes that a disk with errors refuses. */
const ERROR_SHARE = 0.5;

/** What the disk says to a write. Reading always works. */
export class SimulatedDisk {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  #state: DiskState = 'ok';
  #sinceMs: Milliseconds = 0;

  constructor(clock: VirtualClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  get state(): DiskState {
    return this.#state;
  }

  /** Since when it takes every write; infinity while it does not. */
  get healthySinceMs(): Milliseconds {
    return this.#state === 'ok' ? this.#sinceMs : Number.POSITIVE_INFINITY;
  }

  set(state: DiskState): void {
    if ((state === 'ok') !== (this.#state === 'ok')) this.#sinceMs = this.#clock.monoMs();
    this.#state = state;
  }

  /** Throws the error of SQLite that a commit gets now, if it gets one. */
  refuse(): void {
    const state = this.#state;
    if (state === 'ok' || (state === 'error' && !this.#random.chance(ERROR_SHARE))) return;
    const code = sqliteCodes[state];
    throw Object.assign(new Error(`the disk says ${code}`), { code });
  }

  /** The emergency journal: its blocks were taken while there was room, so a full disk takes it. */
  emergencyFile(beforeWrite: () => void): EmergencyJournal {
    const file = new MemoryEmergencyJournal();
    const write = (work: () => void) => {
      beforeWrite();
      if (this.#state === 'readonly' || this.#state === 'error') {
        throw new FeederError('ERR_STORAGE');
      }
      work();
    };
    return {
      note: (noted) => write(() => file.note(noted)),
      end: (feedingId, dose) => write(() => file.end(feedingId, dose)),
      noted: () => file.noted(),
      close: () => {},
    };
  }
}
