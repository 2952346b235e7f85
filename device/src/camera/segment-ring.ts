import type { Milliseconds } from '@cat-feeder/shared';
import type { Segment } from './capture.ts';

/** Joints of segments may be this wide unseen. */
const JOINT_MS: Milliseconds = 250;
/** So may an edge of a window: a segment that shows less of it would show most of a second beside it. */
export const EDGE_MS: Milliseconds = 250;

/** When its first picture was taken, on the monotonic clock. */
export function startedMs({ endedMonoMs, durationMs }: Segment): Milliseconds {
  return endedMonoMs - durationMs;
}

/** Segments that show a window of time, and how much of it nobody shows. */
export interface Cover {
  readonly segments: readonly Segment[];
  readonly gapMs: Milliseconds;
}

/**
 * The last seconds of video. It keeps what is young and what is needed, within a bound of bytes
 * that nothing can lift: a clip that waits too long loses its beginning, memory never runs out.
 */
export class SegmentRing {
  readonly #bytesMax: number;
  readonly #discard: (segment: Segment) => void;
  #segments: Segment[] = [];
  #bytes = 0;
  #longestMs: Milliseconds = 0;

  constructor(options: { bytesMax: number; discard: (segment: Segment) => void }) {
    this.#bytesMax = options.bytesMax;
    this.#discard = options.discard;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#segments.length;
  }

  /** When the newest segment ended; null without one. */
  get endedMs(): Milliseconds | null {
    return this.#segments.at(-1)?.endedMonoMs ?? null;
  }

  /** The longest segment that ever came: how long the next one may let wait. */
  get longestMs(): Milliseconds {
    return this.#longestMs;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** What the segments that show anything after this instant take. */
  bytesSince(fromMs: Milliseconds): number {
    return this.#segments.reduce(
      (sum, { endedMonoMs, bytes }) => sum + (endedMonoMs > fromMs ? bytes : 0),
      0,
    );
  }

  get newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  add(segment: Segment): void {
    this.#segments.push(segment);
    this.#bytes += segment.bytes;
    this.#longestMs = Math.max(this.#longestMs, segment.durationMs);
    while (this.#bytes > this.#bytesMax) this.#dropOldest();
  }

  /** Forgets every segment that ended before this instant. */
  trim(neededFromMs: Milliseconds): void {
    for (let oldest = this.#segments[0]; oldest !== undefined; oldest = this.#segments[0]) {
      if (oldest.endedMonoMs > neededFromMs) return;
      this.#dropOldest();
    }
  }

  /**
   * The segments that show the window, in order. Of those at its edges only what shows it for more
   * than `EDGE_MS` or half of themselves: so no edge is off by a whole segment, and a segment on
   * the border of two windows is in one of them at least.
   */
  cover(fromMs: Milliseconds, untilMs: Milliseconds): Cover {
    const segments = this.#segments.filter((segment) => {
      const shownMs = Math.min(segment.endedMonoMs, untilMs) - Math.max(startedMs(segment), fromMs);
      const leastMs = Math.min(EDGE_MS, segment.durationMs / 2, (untilMs - fromMs) / 2);
      return shownMs > 0 && shownMs >= leastMs;
    });
    return { segments, gapMs: gapsIn(segments, fromMs, untilMs) };
  }

  #dropOldest(): void {
    const oldest = this.#segments.shift();
    if (oldest === undefined) return;
    this.#bytes -= oldest.bytes;
    this.#discard(oldest);
  }
}

/** Time of the window that no segment shows. */
function gapsIn(
  segments: readonly Segment[],
  fromMs: Milliseconds,
  untilMs: Milliseconds,
): Milliseconds {
  let gapMs = 0;
  let shownMs = fromMs;
  const miss = (nextMs: Milliseconds) => {
    if (nextMs - shownMs > JOINT_MS) gapMs += nextMs - shownMs;
  };
  for (const segment of segments) {
    miss(Math.min(startedMs(segment), untilMs));
    shownMs = Math.max(shownMs, segment.endedMonoMs);
  }
  miss(untilMs);
  return Math.round(gapMs);
}

/** Runs of segments that can be joined without encoding them again. */
export function byFormat(segments: readonly Segment[]): readonly (readonly Segment[])[] {
  const runs: Segment[][] = [];
  for (const segment of segments) {
    const run = runs.at(-1);
    if (run?.[0]?.format === segment.format) run.push(segment);
    else runs.push([segment]);
  }
  return runs;
}
