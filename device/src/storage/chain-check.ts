import type { CheckedTable } from './checked-table.ts';
import { chainHash } from './event-encoding.ts';
import type { EventRow, GapRow, SegmentRow } from './schema.ts';

/** What a walk along the chain found. */
export interface ChainReport {
  readonly ok: boolean;
  readonly entries: number;
  /** The number of the first entry that is wrong or missing. */
  readonly firstBad?: number;
  readonly problems: readonly string[];
}

/** Problems that one report lists; more of the same help nobody. */
const PROBLEMS_MAX = 20;

interface LogTables {
  readonly events: CheckedTable<EventRow>;
  readonly gaps: CheckedTable<GapRow>;
}

/** Entries between two pauses of a walk. */
const STEP_ENTRIES = 250;

/** Walks one segment from its base (or from the entry `from`) to its head. */
export function checkSegment(tables: LogTables, segment: SegmentRow, from?: number): ChainReport {
  return drain(walkSegment(tables, segment, from));
}

/** The same in steps, so that somebody else may have a turn in between. */
export function* walkSegment(
  tables: LogTables,
  segment: SegmentRow,
  from?: number,
): Generator<void, ChainReport> {
  const walk = new ChainWalk(tables, segment, from);
  try {
    walk.begin();
    for (const row of tables.events.scan(
      'WHERE epoch = ? AND seq >= ? ORDER BY seq',
      segment.epoch,
      walk.startSeq,
    )) {
      if (!walk.step(row, tables.events.isIntact(row))) break;
      if (row.seq % STEP_ENTRIES === 0) yield;
    }
    walk.end();
  } catch (error) {
    walk.problem(walk.expected, `cannot be read: ${String(error)}`);
  }
  return walk.report();
}

/** Runs all steps at once. */
export function drain<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

class ChainWalk {
  readonly startSeq: number;
  expected: number;
  readonly #tables: LogTables;
  readonly #segment: SegmentRow;
  #hash: Buffer | null;
  #entries = 0;
  #firstBad: number | undefined;
  #problems: string[] = [];

  constructor(tables: LogTables, segment: SegmentRow, from: number | undefined) {
    this.#tables = tables;
    this.#segment = segment;
    this.startSeq = Math.max(segment.base_seq, from ?? segment.base_seq);
    this.expected = this.startSeq;
    this.#hash = segment.base_hash;
  }

  begin(): void {
    if (this.startSeq !== this.#segment.base_seq) this.#hash = this.#hashBefore();
  }

  /** Takes the next row; false when the walk cannot go on. */
  step(row: EventRow, isIntact: boolean): boolean {
    if (row.seq > this.expected) this.#crossGaps(row.seq);
    if (row.seq !== this.expected) return this.problem(this.expected, 'is missing');
    if (!isIntact) return this.problem(row.seq, 'does not fit its checksum');
    if (row.seq > this.#segment.head_seq) return this.problem(row.seq, 'lies behind the head');
    try {
      if (this.#hash !== null && !chainHash(this.#hash, row).equals(row.hash)) {
        return this.problem(row.seq, 'does not follow from the entry before it');
      }
    } catch (error) {
      return this.problem(row.seq, `is not a ledger entry: ${String(error)}`);
    }
    this.#hash = row.hash;
    this.#entries += 1;
    this.expected = row.seq + 1;
    return true;
  }

  problem(seq: number, what: string): false {
    this.#firstBad ??= seq;
    if (this.#problems.length < PROBLEMS_MAX) {
      this.#problems.push(`Ledger entry ${this.#segment.epoch}:${seq} ${what}.`);
    }
    return false;
  }

  /** After the last row: nothing may be missing before the head. */
  end(): void {
    if (this.#firstBad !== undefined) return;
    this.#crossGaps(this.#segment.head_seq + 1);
    if (this.expected !== this.#segment.head_seq + 1) this.problem(this.expected, 'is missing');
  }

  report(): ChainReport {
    const firstBad = this.#firstBad === undefined ? {} : { firstBad: this.#firstBad };
    return {
      ok: this.#firstBad === undefined,
      entries: this.#entries,
      ...firstBad,
      problems: this.#problems,
    };
  }

  /** Moves over recorded gaps as long as they lie directly ahead and before `seq`. */
  #crossGaps(seq: number): void {
    while (this.expected < seq) {
      const gap = this.#gapAt(this.expected);
      if (gap === undefined || gap.to_seq >= seq) return;
      this.#hash = gap.hash;
      this.expected = gap.to_seq + 1;
    }
  }

  #gapAt(seq: number): GapRow | undefined {
    return this.#tables.gaps.first(
      'WHERE epoch = ? AND from_seq <= ? AND to_seq >= ?',
      this.#segment.epoch,
      seq,
      seq,
    );
  }

  /** The hash that the first entry of a partial walk must follow; null lets the walk start there. */
  #hashBefore(): Buffer | null {
    const before = this.startSeq - 1;
    const row = this.#tables.events.first(
      'WHERE epoch = ? AND seq = ?',
      this.#segment.epoch,
      before,
    );
    return row?.hash ?? this.#gapAt(before)?.hash ?? null;
  }
}
