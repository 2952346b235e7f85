import type { ClaimRecord } from '../feeding/feeding-journal.ts';

/** Holds claims durably while the database has no room for them. */
export interface EmergencyJournal {
  /** On disk when it returns; throws `ERR_STORAGE` when there is no free slot or the disk refuses. */
  hold(claim: ClaimRecord): void;
  held(): readonly ClaimRecord[];
  /** Frees the slots of claims that the database has now. */
  clear(feedingIds: readonly string[]): void;
}
