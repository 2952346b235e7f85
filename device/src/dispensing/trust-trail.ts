import type { Grams, Milliseconds, Turns } from '@cat-feeder/shared';

/** A level in motion that was believed, with the turns that had been made by then. */
export interface TrailPoint {
  readonly grams: Grams;
  /** Turns whose food had arrived by then. */
  readonly arrivedTurns: Turns;
  /** Turns made by then. */
  readonly turns: Turns;
}

const POINTS = 4;
const SPACING_MS: Milliseconds = 110;

/** The last points of the present stretch, a tenth of a second apart. */
export class TrustTrail {
  #points: TrailPoint[] = [];
  #lastAtMs: Milliseconds = Number.NEGATIVE_INFINITY;

  reset(): void {
    this.#points = [];
    this.#lastAtMs = Number.NEGATIVE_INFINITY;
  }

  isDue(atMs: Milliseconds): boolean {
    return atMs - this.#lastAtMs >= SPACING_MS;
  }

  push(atMs: Milliseconds, point: TrailPoint): void {
    this.#lastAtMs = atMs;
    if (this.#points.length === POINTS) this.#points.shift();
    this.#points.push(point);
  }

  /** The newest point that a disturbance noticed now cannot have reached; null without one. */
  get trusted(): TrailPoint | null {
    return this.#points.at(-3) ?? null;
  }

  /** The oldest point kept: about half a second ago once the trail is full. */
  get oldest(): TrailPoint | null {
    return this.#points[0] ?? null;
  }

  get newest(): TrailPoint | null {
    return this.#points.at(-1) ?? null;
  }
}
