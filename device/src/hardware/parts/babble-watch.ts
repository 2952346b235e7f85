import type { Milliseconds } from '@cat-feeder/shared';

/** No lid, bowl or finger changes so often in this time, after the kernel has debounced. */
const CHANGES_MAX = 16;
const WITHIN_MS: Milliseconds = 2000;
/** Silence after which a line is believed again. */
export const CALM_MS: Milliseconds = 3000;

/** Notices an input that changes more often than anything real does. */
export class BabbleWatch {
  readonly #times: Milliseconds[] = [];
  #babblingAtMs: Milliseconds = Number.NEGATIVE_INFINITY;

  /** One change of the input, in order of time. */
  note(atMs: Milliseconds): void {
    this.#times.push(atMs);
    if (this.#times.length <= CHANGES_MAX) return;
    const first = this.#times.shift() ?? atMs;
    if (atMs - first < WITHIN_MS) this.#babblingAtMs = atMs;
  }

  isBabbling(nowMs: Milliseconds): boolean {
    return nowMs - this.#babblingAtMs < CALM_MS;
  }
}
