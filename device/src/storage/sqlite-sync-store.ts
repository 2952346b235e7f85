import {
  bytesToText,
  type CommandOrder,
  type DocState,
  type EventBody,
  type EventClass,
  type EventName,
  eventKinds,
  type GroupOutcome,
  textToBytes,
} from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type {
  ForkPlan,
  LocalCommand,
  LocalCommandState,
  LogItem,
  LogSegment,
  SyncNumber,
  SyncStore,
} from '../sync/sync-store.ts';
import { CheckedTable } from './checked-table.ts';
import type { DocumentStore } from './document-store.ts';
import { classNumber } from './event-encoding.ts';
import type { EventLog } from './event-log.ts';
import {
  type CommandRow,
  commandTable,
  type EventRow,
  type GapRow,
  type MutationRow,
  mutationTable,
  type SegmentRow,
} from './schema.ts';
import type { StateStore } from './state-store.ts';
import { statement } from './statements.ts';
import type { TouchedDocuments } from './touched-documents.ts';
import type { Transactor } from './transactor.ts';
import { bytesToUlid, ulidToBytes } from './ulid-bytes.ts';

/** What is remembered of commands and mutations that are over; older ones the cloud has closed, too. */
const REMEMBERED_MAX = 5_000;

const changed = eventKinds['doc.changed'].number;
const closed = eventKinds['mutation.closed'].number;
const snapshot = eventKinds['doc.snapshot'].number;

const classNames: Readonly<Record<number, EventClass>> = Object.fromEntries(
  Object.entries(classNumber).map(([name, number]) => [number, name as EventClass]),
);

export interface SqliteSyncStoreOptions {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly log: EventLog;
  readonly documents: DocumentStore;
  readonly state: StateStore;
  readonly touched: TouchedDocuments;
}

/** The running schedule decides what is due under the old form before an edit takes effect. */
export interface SyncEdits {
  before(doc: DocState): void;
  after(doc: DocState): void;
}

/** What the link to the cloud needs of the feeder's database. */
export class SqliteSyncStore implements SyncStore {
  readonly #options: SqliteSyncStoreOptions;
  readonly #commands: CheckedTable<CommandRow>;
  readonly #mutations: CheckedTable<MutationRow>;
  #edits: SyncEdits | null = null;

  constructor(options: SqliteSyncStoreOptions) {
    this.#options = options;
    this.#commands = new CheckedTable(options.db, commandTable);
    this.#mutations = new CheckedTable(options.db, mutationTable);
  }

  transact<T>(name: string, work: () => T): T {
    return this.#options.transactor.write(name, work);
  }

  segments(): readonly LogSegment[] {
    return this.#options.log.allSegments().map(segmentOf);
  }

  items(epoch: number, from: number, limit: number): readonly LogItem[] {
    const { events, gaps } = this.#options.log;
    const rows = events.all(
      'WHERE epoch = ? AND seq >= ? ORDER BY seq LIMIT ?',
      ...[epoch, from, limit],
    );
    const holes = gaps.all(
      'WHERE epoch = ? AND to_seq >= ? ORDER BY from_seq LIMIT ?',
      ...[epoch, from, limit],
    );
    const items: LogItem[] = [...rows.map(eventOf), ...holes.map(holeOf)];
    return items.sort((a, b) => firstOf(a) - firstOf(b)).slice(0, limit);
  }

  hashAt(epoch: number, seq: number): string | undefined {
    const { log } = this.#options;
    const segment = log.allSegments().find((one) => one.epoch === epoch);
    if (segment === undefined) return undefined;
    if (seq === segment.base_seq - 1) return bytesToText(segment.base_hash);
    const hash =
      log.events.get(epoch, seq)?.hash ??
      log.gaps.first('WHERE epoch = ? AND to_seq = ?', epoch, seq)?.hash;
    return hash === undefined ? undefined : bytesToText(hash);
  }

  append<Name extends EventName>(name: Name, body: EventBody<Name>): void {
    this.#options.log.append(name, body);
  }

  acknowledge(epoch: number, seq: number): void {
    const { log } = this.#options;
    if (epoch === log.head().epoch) {
      log.acknowledge(seq);
      return;
    }
    const segment = log.segments.get(epoch);
    if (segment !== undefined) log.segments.update({ ...segment, acked_seq: seq });
  }

  nameEpoch(epoch: number): void {
    this.#options.log.nameEpoch(epoch);
  }

  setPendingGenesis(genesis: string): void {
    const pending_genesis = bytes(genesis);
    this.#options.log.changeSegment('log.pending_genesis', (segment) => ({
      ...segment,
      pending_genesis,
    }));
  }

  fork({ cut, opened, items }: ForkPlan): void {
    const { epoch, genesis } = opened;
    this.#options.log.fork({ cut, epoch, genesis: bytes(genesis), rows: rowsOf(items, epoch) });
  }

  docs(): readonly DocState[] {
    return this.#options.documents.states();
  }

  doc(kind: string, id: string): DocState | undefined {
    return this.#options.documents.state(kind, id);
  }

  putDoc(doc: DocState): void {
    const { documents, transactor } = this.#options;
    this.#edits?.before(doc);
    documents.putState(doc);
    transactor.tell(() => this.#edits?.after(doc));
  }

  /** Somebody who must know of edits from the cloud: `before` inside the transaction, `after` it. */
  watchEdits(edits: SyncEdits): void {
    this.#edits = edits;
  }

  hasUnackedDocs(): boolean {
    return this.#options.log.allSegments().some(({ epoch, acked_seq, head_seq }) => {
      if (acked_seq >= head_seq) return false;
      const sql = `SELECT 1 FROM event_log
        WHERE epoch = ? AND seq > ? AND kind IN (?, ?, ?) LIMIT 1`;
      const kinds = [changed, closed, snapshot];
      return statement(this.#options.db, sql).get(epoch, acked_seq, ...kinds) !== undefined;
    });
  }

  isTouched(kind: string, id: string, afterEpoch: number): boolean {
    if (this.#options.touched.isAfter(kind, id, afterEpoch)) return true;
    const sql = `SELECT 1 FROM event_log WHERE epoch > ? AND kind IN (?, ?)
      AND instr(body, ?) > 0 AND instr(body, ?) > 0 LIMIT 1`;
    const words = [JSON.stringify(id), JSON.stringify(kind)];
    const values = [afterEpoch, changed, closed, ...words];
    return statement(this.#options.db, sql).get(...values) !== undefined;
  }

  mutationOutcomes(mid: string): Readonly<Record<string, GroupOutcome>> | undefined {
    const row = this.#mutations.get(ulidToBytes(mid));
    return row === undefined ? undefined : JSON.parse(row.outcomes);
  }

  closeMutation(mid: string, dseq: number, outcomes: Readonly<Record<string, GroupOutcome>>): void {
    this.#mutations.put({ mid: ulidToBytes(mid), dseq, outcomes: JSON.stringify(outcomes) });
    const sql = 'DELETE FROM mutation_done WHERE dseq <= ?';
    statement(this.#options.db, sql).run(dseq - REMEMBERED_MAX);
  }

  command(id: string): LocalCommand | undefined {
    const row = this.#commands.get(ulidToBytes(id));
    return row === undefined ? undefined : commandOf(row);
  }

  putCommand({ id, state, nonce, order, notAfterMs }: LocalCommand): void {
    const command_id = ulidToBytes(id);
    const { db } = this.#options;
    const newest = statement<{ n: number | null }>(db, 'SELECT max(n) AS n FROM command_log').get();
    const n = this.#commands.get(command_id)?.n ?? (newest?.n ?? 0) + 1;
    const rest = { nonce: bytes(nonce), wish: JSON.stringify(order), not_after_ms: notAfterMs };
    this.#commands.put({ command_id, n, state, ...rest });
    const sql = "DELETE FROM command_log WHERE state = 'ended' AND n <= ?";
    statement(db, sql).run(n - REMEMBERED_MAX);
  }

  openCommands(): readonly LocalCommand[] {
    return this.#commands.all("WHERE state <> 'ended' ORDER BY n").map(commandOf);
  }

  number(name: SyncNumber): number {
    return this.#options.state.read<number>(`sync_${name}`) ?? 0;
  }

  setNumber(name: SyncNumber, value: number): void {
    this.#options.state.write(`sync_${name}`, value);
  }
}

function bytes(text: string): Buffer {
  return Buffer.from(textToBytes(text));
}

function segmentOf(row: SegmentRow): LogSegment {
  const { epoch, base_seq: base, head_seq: head, acked_seq: acked, pending_genesis } = row;
  return {
    ...{ epoch, base, head, acked, closed: row.closed === 1 },
    genesis: bytesToText(row.genesis),
    baseHash: bytesToText(row.base_hash),
    pendingGenesis: pending_genesis === null ? null : bytesToText(pending_genesis),
  };
}

function eventOf(row: EventRow): LogItem {
  const { seq, kind, kver, mono_ms: monoMs, wall_ms: wallMs, tq, body } = row;
  return {
    ...{ item: 'event', seq, kind, kver, monoMs, wallMs, tq, body },
    cls: classNames[row.cls] ?? 'A',
    eid: bytesToText(row.eid),
    hash: bytesToText(row.hash),
    boot: bytesToText(row.boot),
  };
}

function holeOf({ from_seq: from, to_seq: to, why, hash }: GapRow): LogItem {
  return { item: 'gap', from, to, why, hash: bytesToText(hash) };
}

function firstOf(item: LogItem): number {
  return item.item === 'event' ? item.seq : item.from;
}

/** Rows for a new segment, one at a time. */
function* rowsOf(items: Iterable<LogItem>, epoch: number): Generator<EventRow | GapRow> {
  for (const item of items) {
    const hash = bytes(item.hash);
    if (item.item === 'gap') {
      yield { epoch, from_seq: item.from, to_seq: item.to, why: item.why, hash };
      continue;
    }
    const { seq, kind, kver, cls, monoMs: mono_ms, wallMs: wall_ms, tq, body } = item;
    const texts = { eid: bytes(item.eid), boot: bytes(item.boot), hash };
    yield { epoch, seq, kind, kver, cls: classNumber[cls], mono_ms, wall_ms, tq, body, ...texts };
  }
}

function commandOf(row: CommandRow): LocalCommand {
  return {
    id: bytesToUlid(row.command_id),
    state: row.state as LocalCommandState,
    nonce: bytesToText(row.nonce),
    order: JSON.parse(row.wish) as CommandOrder,
    notAfterMs: row.not_after_ms,
  };
}
