import type { Milliseconds } from '@cat-feeder/shared';

/** Two quartzes differ by no more than this. */
const DRIFT = 200e-6;
const WRAP_MS = 2 ** 32;

/**
 * Places a controller's times on our monotonic clock. A frame is never late by less than nothing, so
 * the smallest delay ever seen is the best guess of the difference; it may only age by the drift.
 */
export class CoprocessorTime {
  #offsetMs: number | null = null;
  #lastHostMs: Milliseconds = 0;
  #lastTimeMs = 0;
  #wraps = 0;
  #lastAtMs: Milliseconds = Number.NEGATIVE_INFINITY;

  /** The controller counts from zero again. */
  restart(): void {
    this.#offsetMs = null;
    this.#wraps = 0;
    this.#lastTimeMs = 0;
  }

  /** When the controller's instant was, by our clock: not after `hostMs`, and never going back. */
  place(timeMs: number, hostMs: Milliseconds): Milliseconds {
    if (this.#lastTimeMs - timeMs > WRAP_MS / 2) this.#wraps += 1;
    this.#lastTimeMs = timeMs;
    const elapsedMs = timeMs + this.#wraps * WRAP_MS;
    const agedMs = (hostMs - this.#lastHostMs) * DRIFT;
    const seenMs = hostMs - elapsedMs;
    this.#offsetMs = Math.min(seenMs, (this.#offsetMs ?? seenMs) + agedMs);
    this.#lastHostMs = hostMs;
    this.#lastAtMs = Math.max(this.#lastAtMs, elapsedMs + this.#offsetMs);
    return Math.min(this.#lastAtMs, hostMs);
  }
}
