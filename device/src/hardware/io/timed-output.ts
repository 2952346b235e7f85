import type { Milliseconds } from '@cat-feeder/shared';

/**
 * An output line that falls by itself: the fall is armed below this program's event loop before the
 * line rises, so neither a busy nor a dead program can prolong it.
 */
export interface TimedOutput {
  /** On now, and off after so long (1 to 250); replaces what is left of the call before. */
  onFor(maxMs: Milliseconds): void;
  /** Off when this returns. Idempotent, never throws. */
  off(): void;
  /** Why the line is lost, as a sentence; null while it is held. */
  readonly why: string | null;
  /** `off()`, then given up. Idempotent, never throws. */
  close(): void;
}
