import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { DispenseProgress } from '../dispensing/feed-station.ts';
import type { FeedingJournal } from './feeding-journal.ts';

/** Between two progress rows of one stage; a change of stage is written at once. */
const PROGRESS_EVERY_MS: Milliseconds = 2000;
/** Rows of one feeding, at most: an endless feeding must not wear the card. */
const PROGRESS_ROWS_MAX = 60;

/**
 * Writes how far a running feeding has come, so that a crash can be explained. A row that the
 * disk refuses is left out: the claim's reservation bounds the dose without it.
 */
export class ProgressNotes {
  readonly #journal: FeedingJournal;
  readonly #tell: (progress: DispenseProgress) => void;
  #lastStage: DispenseProgress['stage'] = 'claimed';
  #lastMs = Number.NEGATIVE_INFINITY;
  #rows = 0;
  #left = 0;

  constructor(journal: FeedingJournal, tell: (progress: DispenseProgress) => void) {
    this.#journal = journal;
    this.#tell = tell;
  }

  /** Rows that could not be written. */
  get rowsLeftOut(): number {
    return this.#left;
  }

  note(progress: DispenseProgress, monoMs: Milliseconds): void {
    this.#tell(progress);
    const isDue = progress.stage !== this.#lastStage || monoMs - this.#lastMs >= PROGRESS_EVERY_MS;
    if (!isDue || this.#rows >= PROGRESS_ROWS_MAX) return;
    this.#lastStage = progress.stage;
    this.#lastMs = monoMs;
    this.#rows += 1;
    try {
      this.#journal.progress(progress);
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      this.#left += 1;
    }
  }
}
