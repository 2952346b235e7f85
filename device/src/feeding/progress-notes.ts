import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { DispenseProgress } from '../dispensing/feed-station.ts';
import type { FeedingJournal } from './feeding-journal.ts';

/** Between two progress rows of one stage; a change of stage is written at once. */
const PROGRESS_EVERY_MS: Milliseconds = 2000;
/**
 * Rows of one feeding without motion since the row before, at most: an endless wait must not wear
 * the card. Motion is always noted; the ceilings on a feeding bound how often.
 */
const REST_ROWS_MAX = 30;

/**
 * Writes how far a running feeding has come, so that a crash can be explained. A row that the
 * disk refuses is left out: the claim's reservation bounds the dose without it.
 */
export class ProgressNotes {
  readonly #journal: FeedingJournal;
  readonly #tell: (progress: DispenseProgress) => void;
  #lastStage: DispenseProgress['stage'] = 'claimed';
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastMotorMs: Milliseconds = 0;
  #restRows = 0;
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
    const hasMoved = progress.motorMs !== this.#lastMotorMs;
    if (!isDue || (!hasMoved && this.#restRows >= REST_ROWS_MAX)) return;
    this.#lastStage = progress.stage;
    this.#lastMs = monoMs;
    this.#lastMotorMs = progress.motorMs;
    if (!hasMoved) this.#restRows += 1;
    try {
      this.#journal.progress(progress);
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      this.#left += 1;
    }
  }
}
