import type { Grams, Milliseconds, Turns } from '@cat-feeder/shared';

/** A level in motion that was believed, with the turns that had been made by then. */
export interface TrailPoint {
  readonly atMs: Milliseconds;
  readonly grams: Grams;
  /** Turns whose food had surely arrived by then. */
  readonly arrivedTurns: Turns;
  /** Turns whose food the level showed in the mean. */
  readonly shownTurns: Turns;
}

const POINTS = 16;
const SPACING_MS: Milliseconds = 55;
/** A touch may have begun this long before it showed. */
const ONSET_MS: Milliseconds = 20;
/** Without a known onset a touch is taken to have begun this long ago. */
const UNKNOWN_MS: Milliseconds = 450;
const UNKNOWN_SAMPLES = 8;
/** A surge is judged against the level of this long ago. */
const EARLIER_POINTS = 7;

/** The last points of the present stretch in motion, some fifty milliseconds apart. */
export class TrustTrail {
  readonly #unknownMs: Milliseconds;
  #points: TrailPoint[] = [];

  constructor(samplesPerSecond: number) {
    this.#unknownMs = Math.max(UNKNOWN_MS, (UNKNOWN_SAMPLES * 1000) / samplesPerSecond);
  }

  reset(): void {
    this.#points = [];
  }

  isDue(atMs: Milliseconds): boolean {
    const { newest } = this;
    return newest === null || atMs - newest.atMs >= SPACING_MS;
  }

  push(point: TrailPoint): void {
    if (this.#points.length === POINTS) this.#points.shift();
    this.#points.push(point);
  }

  /** The newest point before a touch began; without a known onset, well before `nowMs`. */
  trusted(onsetAtMs: Milliseconds | null, nowMs: Milliseconds): TrailPoint | null {
    const beforeMs = onsetAtMs === null ? nowMs - this.#unknownMs : onsetAtMs - ONSET_MS;
    return this.#points.findLast((point) => point.atMs <= beforeMs) ?? null;
  }

  /** The point of a few tenths of a second ago. */
  get earlier(): TrailPoint | null {
    return this.#points.at(-EARLIER_POINTS) ?? this.#points[0] ?? null;
  }

  get newest(): TrailPoint | null {
    return this.#points.at(-1) ?? null;
  }
}
