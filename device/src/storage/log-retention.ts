import { DAY_MS } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { StationTime } from '../platform/clock.ts';
import { CheckedTable } from './checked-table.ts';
import type { EventLog } from './event-log.ts';
import { type GapRow, gapTable } from './schema.ts';
import { statement } from './statements.ts';
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

/** Keeps the ledger within its bounds. To be called once a day. */
export class LogRetention {
  readonly #db: Database.Database;
  readonly #transactor: Pick<Transactor, 'write'>;
  readonly #log: EventLog;
  readonly #limits: RetentionLimits;
  readonly #gaps: CheckedTable<GapRow>;

  constructor(parts: {
    db: Database.Database;
    transactor: Pick<Transactor, 'write'>;
    log: EventLog;
    limits?: RetentionLimits;
  }) {
    this.#db = parts.db;
    this.#transactor = parts.transactor;
    this.#log = parts.log;
    this.#limits = parts.limits ?? RETENTION;
    this.#gaps = new CheckedTable(parts.db, gapTable);
  }

  run(now: StationTime): RetentionReport {
    const { ackedDays, ownDays } = this.#limits;
    const oldSeq = this.#newestOlderThan(now, ackedDays);
    let trimmed = this.#trimTo(Math.min(oldSeq, this.#log.head().ackedSeq));
    while (this.#excess() > 0 && this.#log.head().baseSeq <= this.#log.head().ackedSeq) {
      const { baseSeq, ackedSeq } = this.#log.head();
      const step = this.#trimTo(Math.min(ackedSeq, baseSeq + this.#excess() - 1));
      if (step === 0) break;
      trimmed += step;
    }
    const droppedC = this.#drop(2, Number.MAX_SAFE_INTEGER);
    const droppedB = this.#drop(1, Number.MAX_SAFE_INTEGER);
    const droppedA = this.#drop(0, this.#newestOlderThan(now, ownDays));
    const { entries, bytes } = this.#size();
    return { trimmed, droppedC, droppedB, droppedA, entries, bytes };
  }

  /** Takes entries off the beginning, up to and including `seq`; returns how many. */
  #trimTo(seq: number): number {
    let removed = 0;
    for (let batch = 0; batch < BATCHES_MAX; batch++) {
      const { epoch, baseSeq } = this.#log.head();
      if (seq < baseSeq) break;
      const to = this.#outsideGap(Math.min(seq, baseSeq + BATCH - 1));
      const hash = this.#hashAt(to);
      this.#transactor.write('log.trim', () => {
        const sql = 'DELETE FROM event_log WHERE epoch = ? AND seq <= ?';
        removed += statement(this.#db, sql).run(epoch, to).changes;
        statement(this.#db, 'DELETE FROM log_gap WHERE epoch = ? AND to_seq <= ?').run(epoch, to);
        this.#log.changeSegment('log.trim', (segment) => ({
          ...segment,
          base_seq: to + 1,
          base_hash: hash,
        }));
      });
    }
    return removed;
  }

  /** A beginning in the middle of a gap would have no hash: the whole gap goes with it. */
  #outsideGap(seq: number): number {
    const gap = this.#gaps.first(
      'WHERE epoch = ? AND from_seq <= ? AND to_seq >= ?',
      this.#log.head().epoch,
      seq,
      seq,
    );
    return gap?.to_seq ?? seq;
  }

  #hashAt(seq: number): Buffer {
    const { epoch } = this.#log.head();
    const row = this.#log.events.get(epoch, seq);
    const gap = this.#gaps.first('WHERE epoch = ? AND to_seq = ?', epoch, seq);
    const hash = row?.hash ?? gap?.hash;
    if (hash === undefined) throw new RangeError(`The ledger has no entry ${seq}.`);
    return hash;
  }

  /** Gives up unacknowledged entries of one class, oldest first, while the ledger is too large. */
  #drop(cls: number, upToSeq: number): number {
    let dropped = 0;
    for (let batch = 0; batch < BATCHES_MAX; batch++) {
      const excess = this.#excess();
      if (excess <= 0) break;
      const { epoch, seq: headSeq } = this.#log.head();
      // The head stays: the chain goes on from it.
      const rows = this.#log.events.all(
        'WHERE epoch = ? AND cls = ? AND seq <= ? ORDER BY seq LIMIT ?',
        epoch,
        cls,
        Math.min(upToSeq, headSeq - 1),
        Math.min(excess, BATCH),
      );
      if (rows.length === 0) break;
      this.#transactor.write('log.drop', () => {
        for (const row of rows) {
          this.#log.events.remove(epoch, row.seq);
          this.#widenGap({
            epoch,
            from_seq: row.seq,
            to_seq: row.seq,
            why: 'space',
            hash: row.hash,
          });
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
  #newestOlderThan(now: StationTime, days: number): number {
    if (now.quality !== 'synchronized' && now.quality !== 'rtc') return 0;
    const found = statement<{ seq: number | null }>(
      this.#db,
      'SELECT max(seq) AS seq FROM event_log WHERE epoch = ? AND tq >= 2 AND wall_ms < ?',
    ).get(this.#log.head().epoch, now.wallMs - days * DAY_MS);
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
