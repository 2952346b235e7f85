import type { ClipVisit, Feeding } from '@cat-feeder/shared';

/**
 * What the camera is told of the feeder's life. Told after the fact and answered by nothing: the
 * camera can neither delay nor refuse what it watches. No call throws.
 */
export interface Witness {
  feedingBegan(feeding: Feeding): void;
  feedingEnded(feeding: Feeding): void;
  /** Somebody came to the bowl. */
  visitBegan(): void;
  /** The bowl is left alone again. */
  visitEnded(): void;
  /** What the ledger knows of a visit that has just ended. */
  visitRecorded(visit: ClipVisit): void;
}
