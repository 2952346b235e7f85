import type { Milliseconds, RawCounts } from '@cat-feeder/shared';
import type { PartHealth } from '../../platform/part.ts';
import type { CellReading } from '../../weighing/cell-source.ts';
import { type CellState, CellWatch } from '../../weighing/cell-watch.ts';
import type { Sample } from '../../weighing/sample.ts';
import type { PartProblem, WiredParts } from './wired-board.ts';

/** A reading of the hopper's cell is of now for so many periods, and at least this long. */
const HOPPER_PERIODS = 3;
const HOPPER_MS_MIN: Milliseconds = 1500;
/** The motor's current is of now for this long. */
const CURRENT_MS: Milliseconds = 60;
/** Readings closer together than this share of the period are of a converter that babbles. */
const SPACING_MIN = 0.25;
/** So many too close together, without a good pause between, make it a problem. */
const BABBLES_MAX = 50;
/** What one delivery may hold; the newest are kept. */
const BATCH_MAX = 1024;
/** So many missing readings are told at once at most. */
const MISSING_MAX = 16;
/** How far a reading is moved that comes after it was missed, so that the times still grow. */
const AFTER_MS: Milliseconds = 0.001;

/** What is the same for all samples of one delivery. */
type Shared = Pick<Sample, 'indexEdges' | 'motorMilliamps' | 'undervoltage' | 'motorUnreachable'>;

/** Makes one stream of samples of the readings of several parts. Its times only grow. */
export class SampleJoiner {
  readonly #parts: WiredParts;
  readonly #bowlWatch = new CellWatch();
  readonly #hopperWatch = new CellWatch();
  #periodMs: Milliseconds = 100;
  #lateMs: Milliseconds = 0;
  /** Time of the last sample, and of the last reading that came. */
  #lastAtMs: Milliseconds;
  #readAtMs: Milliseconds;
  #hopper: CellReading | null = null;
  #milliamps: number | null = null;
  #milliampsAtMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #babbles = 0;

  constructor(parts: WiredParts, nowMs: Milliseconds) {
    this.#parts = parts;
    this.#lastAtMs = nowMs;
    this.#readAtMs = nowMs;
  }

  /**
   * The time between two readings from now on, and how late one may be told: at rest they come in
   * batches, and some come over a wire. What may still come is not missed.
   */
  setPace(periodMs: Milliseconds, lateMs: Milliseconds): void {
    this.#periodMs = periodMs;
    this.#lateMs = lateMs;
  }

  takeHopper(batch: readonly CellReading[]): void {
    for (const reading of batch.slice(-BATCH_MAX)) {
      this.#hopperWatch.accept(reading.counts);
      this.#hopper = reading;
    }
  }

  /** Samples of what the bowl's cell gave; readings that are late or too many are left out. */
  join(batch: readonly CellReading[], nowMs: Milliseconds): readonly Sample[] {
    const shared = this.#sharedAt(nowMs);
    const samples: Sample[] = [];
    for (const { atMs: saidMs, counts } of batch.slice(-BATCH_MAX)) {
      // A time in the future would push all later samples out of order.
      const readAtMs = Math.min(saidMs, nowMs);
      if (!this.#isDue(readAtMs)) continue;
      this.#readAtMs = readAtMs;
      // One that was missed already is late, not lost: else a slow wire would never be heard.
      samples.push(this.#sample(Math.max(readAtMs, this.#lastAtMs + AFTER_MS), counts, shared));
    }
    return samples;
  }

  /** Samples without a reading, for those that should have come since the last. */
  missing(nowMs: Milliseconds): readonly Sample[] {
    const untilMs = nowMs - this.#lateMs;
    const due = Math.floor((untilMs - this.#lastAtMs) / this.#periodMs);
    if (due < 1) return [];
    const count = Math.min(MISSING_MAX, due);
    const stepMs = (untilMs - this.#lastAtMs) / count;
    const shared = this.#sharedAt(nowMs);
    return Array.from({ length: count }, () => this.#sample(this.#lastAtMs + stepMs, null, shared));
  }

  /** What the streams themselves say of the cells. */
  problems(): readonly PartProblem[] {
    const bowl: PartProblem[] =
      this.#babbles > BABBLES_MAX
        ? [{ part: 'bowl scale', state: 'babbling', why: sentences.babbling('bowl') }]
        : problemOf('bowl', this.#bowlWatch.state);
    const hopper = this.#parts.hopper === null ? [] : problemOf('hopper', this.#hopperWatch.state);
    return [...bowl, ...hopper];
  }

  #sample(atMs: Milliseconds, counts: RawCounts | null, shared: Shared): Sample {
    this.#lastAtMs = atMs;
    this.#bowlWatch.accept(counts);
    return { atMs, bowl: counts, hopper: this.#hopperAt(atMs), ...shared };
  }

  #isDue(atMs: Milliseconds): boolean {
    const sinceMs = atMs - this.#readAtMs;
    if (sinceMs <= 0) return false;
    if (sinceMs >= SPACING_MIN * this.#periodMs) {
      this.#babbles = Math.max(0, this.#babbles - 1);
      return true;
    }
    this.#babbles = Math.min(2 * BABBLES_MAX, this.#babbles + 1);
    return false;
  }

  #hopperAt(atMs: Milliseconds): RawCounts | null {
    const limitMs = Math.max(HOPPER_MS_MIN, HOPPER_PERIODS * this.#periodMs);
    if (this.#hopper === null || atMs - this.#hopper.atMs > limitMs) return null;
    return this.#hopper.counts;
  }

  #sharedAt(nowMs: Milliseconds): Shared {
    const { drive, edges, current, isUndervoltage } = this.#parts;
    const milliamps = current?.takeMilliamps() ?? null;
    if (milliamps !== null) {
      this.#milliamps = milliamps;
      this.#milliampsAtMs = nowMs;
    }
    const isFresh = nowMs - this.#milliampsAtMs <= CURRENT_MS;
    return {
      indexEdges: edges?.edges() ?? null,
      motorMilliamps: isFresh ? this.#milliamps : null,
      undervoltage: isUndervoltage(),
      motorUnreachable: !drive.canTurn(),
    };
  }
}

const sentences = {
  silent: (cell: string) =>
    `The ${cell} scale gives nothing: check the plug and the cable of its converter.`,
  stuck: (cell: string) =>
    `The ${cell} scale repeats one value: check the wiring of its converter.`,
  saturated: (cell: string) =>
    `The ${cell} scale is at its end: too much lies on it, or a wire of the cell is off.`,
  babbling: (cell: string) =>
    `The ${cell} scale gives far more readings than its converter can make: its lines catch noise.`,
};

function problemOf(cell: string, state: CellState): PartProblem[] {
  if (state === 'ok') return [];
  const named: Exclude<PartHealth['state'], 'ok'> & CellState = state;
  return [{ part: `${cell} scale`, state: named, why: sentences[named](cell) }];
}
