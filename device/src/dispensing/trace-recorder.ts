import type { Grams, Milliseconds } from '@cat-feeder/shared';

/** Points that a trace may have. */
export const TRACE_POINTS_MAX = 240;
const FIRST_STEP_MS: Milliseconds = 100;

/** The bowl over one run, thinned to half whenever it grows too long. */
export class TraceRecorder {
  readonly #startedAtMs: Milliseconds;
  #points: (readonly [Milliseconds, Grams])[] = [];
  #stepMs = FIRST_STEP_MS;
  #nextAtMs: Milliseconds;

  constructor(startedAtMs: Milliseconds) {
    this.#startedAtMs = startedAtMs;
    this.#nextAtMs = startedAtMs;
  }

  add(atMs: Milliseconds, grams: Grams): void {
    if (atMs < this.#nextAtMs || !Number.isFinite(grams)) return;
    if (this.#points.length >= TRACE_POINTS_MAX) {
      this.#points = this.#points.filter((_, index) => index % 2 === 0);
      this.#stepMs *= 2;
    }
    const centigrams = Math.round(grams * 100) / 100;
    this.#points.push([Math.round(atMs - this.#startedAtMs), centigrams]);
    this.#nextAtMs = atMs + this.#stepMs;
  }

  points(): readonly (readonly [Milliseconds, Grams])[] {
    return this.#points;
  }
}
