import type { Milliseconds, RawCounts } from '@cat-feeder/shared';
import type { Part } from '../platform/part.ts';

/** One conversion of a load cell's converter. */
export interface CellReading {
  /** Monotonic time at which the conversion ended, or was due. */
  readonly atMs: Milliseconds;
  /** -8388608 to 8388607, both ends mean saturated; null: nothing came, or it was torn and thrown away. */
  readonly counts: RawCounts | null;
}

/** A load cell with its converter: raw counts as they come, nothing filtered. */
export interface CellSource extends Part {
  readonly restSamplesPerSecond: number;
  readonly dispenseSamplesPerSecond: number;
  /**
   * `rest`: readings in batches, at least one batch every 1.3 s. `dispense`: each reading at once.
   * A converter that is switched settles first and says nothing meanwhile.
   */
  setMode(mode: 'rest' | 'dispense'): void;
  /** One listener. Readings are in order of time, also over batches; it is never called after close. */
  onReadings(listener: (batch: readonly CellReading[]) => void): void;
}
