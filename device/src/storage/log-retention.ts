import { DAY_MS } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { StationTime } from '../platform/clock.ts';
import { CheckedTable } from './checked-table.ts';
import type { EventLog } from './event-log.ts';
import { type GapRow, gapTable, type SegmentRow } from './schema.ts';
import { statement } from './statements.ts';
import type { TouchedDocuments } from './touched-documents.ts';
import type { Transactor } from './transactor.ts';

/** How much of the ledger stays. */
export interface RetentionLimits {
  /** Acknowledged entries older than this go. */
  readonly ackedDays: number;
  /** The whole ledger: acknowledged entries beyond go first, then class C, B, and old A. */
  readonly bytes: number;
  readonly entries: number;
  /** Entries of class A that no cloud has stay this long, whatever the pressure. */
  readonly ownDays: number;
}

export const RETENTION: RetentionLimits = {
  ackedDays: 90,
  bytes: 64 * 1024 * 1024,
  entries: 250_000,
  ownDays: 400,
};

/** What SQLite and the fixed columns need for one entry, besides its body. */
const ENTRY_OVERHEAD_BYTES = 96;
/** Entries that one transaction drops, and how many transactions one run may take. */
const BATCH = 2000;
const BATCHES_MAX = 200;

export interface RetentionReport {
  /** Acknowledged entries that were taken off the beginning. */
  readonly trimmed: number;
  /** Entries that no cloud had and that were given up for room, by class. */
  readonly droppedC: number;
  readonly droppedB: number;
  readonly droppedA: number;
  readonly entries: number;
  readonly bytes: number;
}

/** Keeps the ledger within its bounds, the oldest segment first. To be called once a day. */
export class LogRetention {
  readonly #db: Database.Database;
  readonly #transactor: Pick<Transactor, 'write'>;
  readonly #log: EventLog;
  readonly #limits: RetentionLimits;
  readonly #gaps: CheckedTable<GapRow>;
  readonly #touched: TouchedDocuments;

  constructor(parts: {
    db: Database.Database;
    transactor: Pick<Transactor, 'write'>;
    log: EventLog;
    touched: TouchedDocuments;
    limits?: RetentionLimits;
  }) {
    this.#db = parts.db;
    this.#transactor = parts.transactor;
    this.#log = parts.log;
    this.#touched = parts.touched;
    this.#limits = parts.limits ?? RETENTION;
    this.#gaps = new CheckedTable(parts.db, gapTable);
  }

  run(now: StationTime): RetentionReport {
    const { ackedDays, ownDays } = this.#limits;
    let trimmed = 0;
    for (const { epoch, acked_seq } of this.#log.allSegments()) {
      const oldSeq = this.#newestOlderThan(now, epoch, ackedDays);
      trimmed += this.#trimTo(epoch, Math.min(oldSeq, acked_seq));
    }
    for (const { epoch, base_seq, acked_seq } of this.#log.allSegments()) {
      let base = base_seq;
      while (base <= acked_seq && this.#excess() > 0) {
        trimmed += this.#trimTo(epoch, Math.min(acked_seq, base + this.#excess() - 1));
        base = this.#segment(epoch).base_seq;
      }
    }
    const always = () => Number.MAX_SAFE_INTEGER;
    const droppedC = this.#drop(2, always);
    const droppedB = this.#drop(1, always);
    const droppedA = this.#drop(0, (epoch) => this.#newestOlderThan(now, epoch, ownDays));
    const { entries, bytes } = this.#size();
    return { trimmed, droppedC, droppedB, droppedA, entries, bytes };
  }

  #segment(epoch: number): SegmentRow {
    const segment = this.#log.allSegments().find((one) => one.epoch === epoch);
    if (segment === undefined) throw new RangeError(`The ledger has no epoch ${epoch}.`);
    return segment;
  }

  /** Takes entries off a segment's beginning, up to and including `seq`; returns how many. */
  #trimTo(epoch: number, seq: number): number {
    let removed = 0;
    for (let batch = 0; batch < BATCHES_MAX; batch++) {
      const segment = this.#segment(epoch);
      if (seq < segment.base_seq) break;
      const to = this.#outsideGap(epoch, Math.min(seq, segment.base_seq + BATCH - 1));
      const base_hash = this.#hashAt(epoch, to);
      this.#transactor.write('log.trim', () => {
        this.#touched.noteGone(epoch, segment.base_seq, to);
        const sql = 'DELETE FROM event_log WHERE epoch = ? AND seq <= ?';
        removed += statement(this.#db, sql).run(epoch, to).changes;
        statement(this.#db, 'DELETE FROM log_gap WHERE epoch = ? AND to_seq <= ?').run(epoch, to);
        this.#log.putSegment({ ...segment, base_seq: to + 1, base_hash });
      });
    }
    return removed;
  }

  /** A beginning in the middle of a gap would have no hash: the whole gap goes with it. */
  #outsideGap(epoch: number, seq: number): number {
    const gap = this.#gaps.first(
      'WHERE epoch = ? AND from_seq <= ? AND to_seq >= ?',
      ...[epoch, seq, seq],
    );
    return gap?.to_seq ?? seq;
  }

  #hashAt(epoch: number, seq: number): Buffer {
    const row = this.#log.events.get(epoch, seq);
    const gap = this.#gaps.first('WHERE epoch = ? AND to_seq = ?', epoch, seq);
    const hash = row?.hash ?? gap?.hash;
    if (hash === undefined) throw new RangeError(`The ledger has no entry ${epoch}:${seq}.`);
    return hash;
  }

  /** Gives up unacknowledged entries of one class, oldest first, while the ledger is too large. */
  #drop(cls: number, upToSeq: (epoch: number) => number): number {
    let dropped = 0;
    for (const { epoch, head_seq } of this.#log.allSegments()) {
      // The head stays: the chain goes on from it.
      const lastSeq = Math.min(upToSeq(epoch), head_seq - 1);
      dropped += this.#dropIn(epoch, cls, lastSeq);
    }
    return dropped;
  }

  #dropIn(epoch: number, cls: number, lastSeq: number): number {
    let dropped = 0;
    for (let batch = 0; batch < BATCHES_MAX; batch++) {
      const excess = this.#excess();
      if (excess <= 0) break;
      const rows = this.#log.events.all(
        'WHERE epoch = ? AND cls = ? AND seq <= ? ORDER BY seq LIMIT ?',
        ...[epoch, cls, lastSeq, Math.min(excess, BATCH)],
      );
      if (rows.length === 0) break;
      this.#transactor.write('log.drop', () => {
        for (const { seq, hash } of rows) {
          this.#touched.noteGone(epoch, seq, seq);
          this.#log.events.remove(epoch, seq);
          this.#widenGap({ epoch, from_seq: seq, to_seq: seq, why: 'space', hash });
        }
      });
      dropped += rows.length;
    }
    return dropped;
  }

  /** Joins a dropped entry with the gaps on both sides. */
  #widenGap(gap: GapRow): void {
    const { epoch, from_seq, to_seq, why } = gap;
    const before = this.#gaps.first(
      'WHERE epoch = ? AND to_seq = ? AND why = ?',
      epoch,
      from_seq - 1,
      why,
    );
    const after = this.#gaps.first(
      'WHERE epoch = ? AND from_seq = ? AND why = ?',
      epoch,
      to_seq + 1,
      why,
    );
    if (before !== undefined) this.#gaps.remove(epoch, before.from_seq);
    if (after !== undefined) this.#gaps.remove(epoch, after.from_seq);
    this.#gaps.insert({
      ...gap,
      from_seq: before?.from_seq ?? from_seq,
      to_seq: after?.to_seq ?? to_seq,
      hash: after?.hash ?? gap.hash,
    });
  }

  /**
   * The newest entry that is surely older than this: an entry whose wall time was believed, and
   * everything before it. 0 while the present time is not believed.
   */
  #newestOlderThan(now: StationTime, epoch: number, days: number): number {
    if (now.quality !== 'synchronized' && now.quality !== 'rtc') return 0;
    const found = statement<{ seq: number | null }>(
      this.#db,
      'SELECT max(seq) AS seq FROM event_log WHERE epoch = ? AND tq >= 2 AND wall_ms < ?',
    ).get(epoch, now.wallMs - days * DAY_MS);
    return found?.seq ?? 0;
  }

  /** How many entries of mean size are too many; 0 or less when all is within bounds. */
  #excess(): number {
    const { entries, bytes } = this.#size();
    if (entries === 0) return 0;
    const tooMany = entries - this.#limits.entries;
    const tooLarge = Math.ceil((bytes - this.#limits.bytes) / (bytes / entries));
    return Math.max(tooMany, tooLarge);
  }

  #size(): { entries: number; bytes: number } {
    const found = statement<{ entries: number; bytes: number | null }>(
      this.#db,
      `SELECT count(*) AS entries, sum(length(body) + ${ENTRY_OVERHEAD_BYTES}) AS bytes FROM event_log`,
    ).get();
    return { entries: found?.entries ?? 0, bytes: found?.bytes ?? 0 };
  }
}
