import {
  type EventBody,
  type EventName,
  eventKinds,
  FeederError,
  HASH_BYTES,
  type RandomBytes,
} from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { StationTime } from '../platform/clock.ts';
import { type ChainReport, drain, walkSegment } from './chain-check.ts';
import { CheckedTable } from './checked-table.ts';
import { bootBytes, chainHash, classNumber, timeQuality } from './event-encoding.ts';
import {
  encodeBody,
  type LogEntry,
  type LogHead,
  type LogPage,
  type PageQuery,
  toEntry,
} from './log-entry.ts';
import {
  type EventRow,
  eventTable,
  type GapRow,
  gapTable,
  type SegmentRow,
  segmentTable,
} from './schema.ts';
import { statement } from './statements.ts';
import type { Transactor } from './transactor.ts';

const PAGE_MAX = 500;
/** Entries of an epoch among which the newest of a kind are looked for: eight ordinary months. */
const LOOK_BACK = 20_000;

interface PendingEntries {
  segment: SegmentRow;
  hash: Buffer;
  readonly entries: LogEntry[];
}

export interface EventLogOptions {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly time: () => StationTime;
  readonly random: RandomBytes;
}

/**
 * The ledger: history and outbox in one, dense in `seq`, chained by hash. Entries are written by
 * the transaction that makes the fact true, never alone beside it.
 */
export class EventLog {
  readonly events: CheckedTable<EventRow>;
  readonly segments: CheckedTable<SegmentRow>;
  readonly gaps: CheckedTable<GapRow>;
  readonly #options: EventLogOptions;
  readonly #listeners = new Set<(entry: LogEntry) => void>();
  #segment: SegmentRow;
  #hash: Buffer;
  /** What the running transaction has appended so far. */
  #pending: PendingEntries | null = null;

  /** Opens the log; a new one gets epoch 0 (no cloud has claimed it) and a random genesis. */
  constructor(options: EventLogOptions) {
    this.#options = options;
    this.events = new CheckedTable(options.db, eventTable);
    this.segments = new CheckedTable(options.db, segmentTable);
    this.gaps = new CheckedTable(options.db, gapTable);
    this.#segment = this.#activeSegment() ?? this.#begin();
    this.#hash = this.#headHash();
  }

  head(): LogHead {
    const { epoch, head_seq, base_seq, acked_seq, genesis } = this.#segment;
    return {
      epoch,
      seq: head_seq,
      hash: this.#hash,
      baseSeq: base_seq,
      ackedSeq: acked_seq,
      genesis,
    };
  }

  /**
   * Appends one entry to the running transaction. The body must fit its schema: `ERR_INTERNAL`
   * names what does not, and fails the transaction.
   */
  append<Name extends EventName>(name: Name, body: EventBody<Name>): void {
    const { transactor, time, random } = this.#options;
    if (!transactor.isInside) {
      throw new FeederError('ERR_INTERNAL', {
        message: 'A ledger entry needs the transaction of its fact.',
      });
    }
    const text = encodeBody(name, body);
    const pending = this.#startPending();
    const now = time();
    const kind = eventKinds[name];
    const row: EventRow = {
      epoch: pending.segment.epoch,
      seq: pending.segment.head_seq + 1,
      eid: Buffer.from(random(8)),
      hash: pending.hash,
      kind: kind.number,
      kver: kind.version,
      cls: classNumber[kind.class],
      boot: bootBytes(now.bootId),
      mono_ms: Math.max(0, Math.floor(now.monoMs)),
      wall_ms: Math.round(now.wallMs),
      tq: timeQuality[now.quality],
      body: text,
    };
    row.hash = chainHash(pending.hash, row);
    this.events.insert(row);
    pending.hash = row.hash;
    pending.segment = { ...pending.segment, head_seq: row.seq };
    pending.entries.push(toEntry(row));
  }

  /** Entries after `afterSeq`, oldest first. */
  page(query: PageQuery): LogPage {
    const limit = Math.min(Math.max(1, Math.floor(query.limit)), PAGE_MAX);
    const { epoch, head_seq } = this.#segment;
    const rows = this.events.all(
      `WHERE epoch = ? AND seq > ? ${ofKinds(query.kinds)} ORDER BY seq LIMIT ?`,
      epoch,
      query.afterSeq,
      limit,
    );
    const lastSeq = rows.length < limit ? head_seq : (rows.at(-1)?.seq ?? head_seq);
    const gaps = this.gaps
      .all('WHERE epoch = ? AND to_seq > ? AND from_seq <= ?', epoch, query.afterSeq, lastSeq)
      .map((row) => ({ fromSeq: row.from_seq, toSeq: row.to_seq, why: row.why }));
    return { entries: rows.map(toEntry), gaps, headSeq: head_seq };
  }

  /** The newest entries, newest first; before the number given, if it is given. */
  latest(query: { limit: number; beforeSeq?: number; kinds?: readonly EventName[] }): LogEntry[] {
    return this.events
      .all(
        `WHERE epoch = ? AND seq < ? ${ofKinds(query.kinds)} ORDER BY seq DESC LIMIT ?`,
        this.#segment.epoch,
        query.beforeSeq ?? Number.MAX_SAFE_INTEGER,
        Math.min(Math.max(1, Math.floor(query.limit)), PAGE_MAX),
      )
      .map(toEntry);
  }

  /** The newest entries of one kind in any epoch, newest first; what is far back is not looked at. */
  newest(name: EventName): LogEntry[] {
    const rows: EventRow[] = [];
    for (const { epoch, head_seq } of this.allSegments().toReversed()) {
      const found = this.events.all(
        'WHERE epoch = ? AND seq > ? AND kind = ? ORDER BY seq DESC LIMIT ?',
        ...[epoch, head_seq - LOOK_BACK, eventKinds[name].number, PAGE_MAX - rows.length],
      );
      rows.push(...found);
    }
    return rows.map(toEntry);
  }

  /** Recomputes the chain of every segment, or of the active one from `from` on. */
  verify(options: { from?: number } = {}): ChainReport {
    return drain(this.verifySteps(options));
  }

  /** The same in steps, so that somebody else may have a turn in between. */
  *verifySteps(options: { from?: number } = {}): Generator<void, ChainReport> {
    const segments =
      options.from === undefined ? this.segments.all('ORDER BY epoch') : [this.#segment];
    const reports: ChainReport[] = [];
    for (const segment of segments) {
      reports.push(yield* walkSegment(this, segment, options.from));
    }
    const firstBad = reports.find((report) => report.firstBad !== undefined)?.firstBad;
    return {
      ok: reports.every((report) => report.ok),
      entries: reports.reduce((sum, report) => sum + report.entries, 0),
      ...(firstBad === undefined ? {} : { firstBad }),
      problems: reports.flatMap((report) => report.problems),
    };
  }

  /** What the cloud has durably: may go down, too, when the cloud was restored from a backup. */
  acknowledge(seq: number): void {
    const { head_seq } = this.#segment;
    if (!Number.isInteger(seq) || seq < 0 || seq > head_seq) {
      throw new FeederError('ERR_CONFLICT', {
        message: `There is no entry ${seq} to acknowledge.`,
      });
    }
    this.changeSegment('log.acknowledge', (segment) => ({ ...segment, acked_seq: seq }));
  }

  /** Changes the active segment's row in a transaction of its own or in the running one. */
  changeSegment(name: string, change: (segment: SegmentRow) => SegmentRow): void {
    this.#options.transactor.write(name, () => {
      const pending = this.#startPending();
      pending.segment = change(pending.segment);
    });
  }

  /** Writes the row of a segment, closed or not, in the running transaction. */
  putSegment(segment: SegmentRow): void {
    if (segment.epoch === this.#segment.epoch) {
      this.changeSegment('log.segment', () => segment);
    } else this.segments.update(segment);
  }

  /**
   * Takes over entries that another copy of this log has after the present head: they must follow
   * from it, or from the gap before them. The caller has checked the chain.
   */
  takeOver(rows: readonly EventRow[], gaps: readonly GapRow[]): void {
    this.#options.transactor.write('log.take_over', () => {
      const pending = this.#startPending();
      for (const gap of gaps) this.gaps.insert(gap);
      for (const row of rows) this.events.insert(row);
      const last = rows.at(-1);
      if (last === undefined) return;
      pending.hash = last.hash;
      pending.segment = { ...pending.segment, head_seq: last.seq };
    });
  }

  /** Makes a log that is still empty the continuation of another one. */
  continueFrom(segment: SegmentRow): void {
    if (this.#segment.head_seq > 0) throw new FeederError('ERR_CONFLICT');
    this.#options.transactor.write('log.continue', () => {
      this.segments.remove(this.#segment.epoch);
      const empty = { ...segment, head_seq: segment.base_seq - 1 };
      this.segments.insert(empty);
      const pending = this.#startPending();
      pending.segment = empty;
      pending.hash = segment.base_hash;
    });
  }

  /** Every segment, oldest first, with what the running transaction has changed. */
  allSegments(): readonly SegmentRow[] {
    const active = this.#pending?.segment ?? this.#segment;
    return this.segments
      .all('ORDER BY epoch')
      .map((segment) => (segment.epoch === active.epoch ? active : segment));
  }

  /** Gives the ledger that no cloud had claimed its number. */
  nameEpoch(epoch: number): void {
    this.#options.transactor.write('log.name_epoch', () => {
      const pending = this.#startPending();
      const { epoch: before } = pending.segment;
      this.segments.remove(before);
      pending.segment = { ...pending.segment, epoch };
      this.segments.insert(pending.segment);
      for (const row of this.#rowsOf(this.events, before)) this.events.insert({ ...row, epoch });
      for (const row of this.#rowsOf(this.gaps, before)) this.gaps.insert({ ...row, epoch });
      this.#removeFrom(before, 1);
    });
  }

  /**
   * Ends segments earlier and begins another one with these rows, which may still be read from the
   * segments while they are written. The caller has chained them.
   */
  fork(plan: {
    readonly cut: readonly { readonly epoch: number; readonly head: number }[];
    readonly epoch: number;
    readonly genesis: Buffer;
    readonly rows: Iterable<EventRow | GapRow>;
  }): void {
    const { cut, epoch, genesis, rows } = plan;
    this.#options.transactor.write('log.fork', () => {
      const pending = this.#startPending();
      const was = pending.segment;
      const opened = { epoch, genesis, base_seq: 1, base_hash: genesis, acked_seq: 0 };
      const flags = { closed: 0, pending_genesis: null };
      pending.segment = { ...opened, head_seq: 0, ...flags };
      pending.hash = genesis;
      this.segments.insert(pending.segment);
      for (const row of rows) {
        if ('seq' in row) this.events.insert(row);
        else this.gaps.insert(row);
        pending.hash = row.hash;
        pending.segment = { ...pending.segment, head_seq: 'seq' in row ? row.seq : row.to_seq };
      }
      for (const one of cut) this.#close(one, was);
    });
  }

  #close({ epoch, head }: { readonly epoch: number; readonly head: number }, was: SegmentRow) {
    const segment = epoch === was.epoch ? was : this.segments.get(epoch);
    if (segment === undefined) return;
    const acked_seq = Math.min(segment.acked_seq, head);
    const end = { head_seq: head, acked_seq, closed: 1, pending_genesis: null };
    this.segments.update({ ...segment, ...end });
    this.#removeFrom(epoch, head + 1);
  }

  /** In pages, so that a year of entries is never in memory at once. */
  *#rowsOf<Row extends EventRow | GapRow>(table: CheckedTable<Row>, epoch: number) {
    const rest =
      table.shape.name === 'event_log'
        ? 'WHERE epoch = ? AND seq > ? ORDER BY seq LIMIT ?'
        : 'WHERE epoch = ? AND from_seq > ? ORDER BY from_seq LIMIT ?';
    for (let after = 0; ; ) {
      const rows = table.all(rest, epoch, after, PAGE_MAX);
      const last = rows.at(-1);
      if (last === undefined) return;
      yield* rows;
      after = 'seq' in last ? last.seq : last.from_seq;
    }
  }

  #removeFrom(epoch: number, seq: number): void {
    const { db } = this.#options;
    statement(db, 'DELETE FROM event_log WHERE epoch = ? AND seq >= ?').run(epoch, seq);
    statement(db, 'DELETE FROM log_gap WHERE epoch = ? AND from_seq >= ?').run(epoch, seq);
  }

  /** Calls the listener after each commit, once for each new entry. Returns the unsubscribe. */
  onEntry(listener: (entry: LogEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #startPending(): PendingEntries {
    if (this.#pending !== null) return this.#pending;
    const pending: PendingEntries = { segment: this.#segment, hash: this.#hash, entries: [] };
    this.#pending = pending;
    const { transactor } = this.#options;
    transactor.beforeCommit(() => this.segments.update(pending.segment));
    transactor.afterRollback(() => {
      this.#pending = null;
    });
    transactor.afterCommit(() => {
      this.#segment = pending.segment;
      this.#hash = pending.hash;
      this.#pending = null;
    });
    transactor.tell(() => {
      for (const entry of pending.entries) for (const tell of this.#listeners) tell(entry);
    });
    return pending;
  }

  #activeSegment(): SegmentRow | undefined {
    return this.segments.first('WHERE closed = 0 ORDER BY epoch DESC LIMIT 1');
  }

  #begin(): SegmentRow {
    const genesis = Buffer.from(this.#options.random(HASH_BYTES));
    const segment: SegmentRow = {
      epoch: 0,
      genesis,
      base_seq: 1,
      base_hash: genesis,
      head_seq: 0,
      acked_seq: 0,
      closed: 0,
      pending_genesis: null,
    };
    this.#options.transactor.write('log.begin', () => this.segments.insert(segment));
    return segment;
  }

  #headHash(): Buffer {
    const { epoch, head_seq, base_seq, base_hash } = this.#segment;
    if (head_seq < base_seq) return base_hash;
    const row = this.events.get(epoch, head_seq);
    if (row !== undefined) return row.hash;
    const gap = this.gaps.first('WHERE epoch = ? AND to_seq = ?', epoch, head_seq);
    if (gap !== undefined) return gap.hash;
    throw new FeederError('ERR_DATABASE_CORRUPT', {
      message: `The newest ledger entry ${head_seq} is missing.`,
    });
  }
}

/** A condition that leaves the wanted kinds; none when all are wanted. */
function ofKinds(kinds: readonly EventName[] = []): string {
  const numbers = kinds.map((name) => eventKinds[name].number);
  return numbers.length > 0 ? `AND kind IN (${numbers.join(', ')})` : '';
}
