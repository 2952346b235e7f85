import type { Milliseconds } from '@cat-feeder/shared';

/** Lines that change together, and how long it lasts. Bit n is the line with BCM number n (0 to 27). */
export interface Pulse {
  readonly on: number;
  readonly off: number;
  /** 1 to 1 000 000. */
  readonly us: number;
}

/** How a line stands when nothing is played. */
export interface PulseLine {
  readonly pin: number;
  readonly idle: 0 | 1;
}

/** More pulses than this are refused, and more than a second of them. */
export const PULSES_MAX = 5000;
export const TRAIN_US_MAX = 1_000_000;
/** A train that could not begin within this time is thrown away: it belongs to the past. */
export const STALE_MS: Milliseconds = 50;

/**
 * Plays pulses that were given as a whole: what plays them is outside this program, so they end by
 * themselves whatever becomes of it.
 */
export interface PulsePlayer {
  /** Begins within a few ms, instead of what is playing. Throws ERR_INTERNAL beyond the limits. */
  play(train: readonly Pulse[]): void;
  /** Nothing is played any more and all lines are idle. Idempotent, never throws. */
  halt(): void;
  /** Why it cannot play, as a sentence; null while it can. */
  readonly why: string | null;
  /** `halt()`, then given up. Idempotent, never throws. */
  close(): void;
}
