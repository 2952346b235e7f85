import Database from 'better-sqlite3';
import { CheckedTable, type TableShape } from './checked-table.ts';
import { chainHash } from './event-encoding.ts';
import type { EventLog } from './event-log.ts';
import {
  clipLinkTable,
  clipTable,
  commandTable,
  docTable,
  type EventRow,
  eventTable,
  feedingTable,
  type GapRow,
  mutationTable,
  occurrenceTable,
  progressTable,
  type SegmentRow,
  type StateRow,
  segmentTable,
  stateTable,
  traceTable,
} from './schema.ts';
import { forgetStatements } from './statements.ts';
import type { Transactor } from './transactor.ts';

/** What came back from a damaged database. */
export interface Salvaged {
  readonly entries: number;
  readonly rows: number;
  /** The first ledger entry that is lost; null when the ledger is whole again. */
  readonly lostFromSeq: number | null;
}

export interface SalvageTarget {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly log: EventLog;
}

/**
 * Reads what is readable of a damaged database and adds what the restored one does not have:
 * ledger entries as far as the chain proves them, and rows whose checksum holds.
 */
export function salvage(damagedFile: string, target: SalvageTarget): Salvaged {
  let source: Database.Database | null = null;
  try {
    source = new Database(damagedFile, { readonly: true, fileMustExist: true });
    const ledger = salvageLedger(source, target);
    return { ...ledger, rows: salvageRows(source, target) };
  } catch {
    // Nothing in it can be read: the snapshot and the second copies must do.
    return { entries: 0, rows: 0, lostFromSeq: target.log.head().seq + 1 };
  } finally {
    if (source !== null) {
      forgetStatements(source);
      source.close();
    }
  }
}

function salvageLedger(
  source: Database.Database,
  { log }: SalvageTarget,
): Pick<Salvaged, 'entries' | 'lostFromSeq'> {
  const segment = newestSegment(source);
  if (segment === undefined) return { entries: 0, lostFromSeq: log.head().seq + 1 };
  if (log.head().seq === 0) log.continueFrom(segment);
  const head = log.head();
  if (segment.epoch !== head.epoch || !segment.genesis.equals(head.genesis)) {
    return { entries: 0, lostFromSeq: head.seq + 1 };
  }
  const { rows, gaps } = followChain(head, readAll(source, eventTable, head.epoch, head.seq));
  log.takeOver(rows, gaps);
  const firstLost =
    gaps[0]?.from_seq ?? (log.head().seq < segment.head_seq ? log.head().seq + 1 : null);
  return { entries: rows.length, lostFromSeq: firstLost };
}

function newestSegment(source: Database.Database): SegmentRow | undefined {
  const { rows } = readBothWays(new CheckedTable(source, segmentTable), '', 'epoch', []);
  return rows.filter(({ isIntact, row }) => isIntact && row.closed === 0).at(-1)?.row;
}

interface ReadRow<Row> {
  readonly row: Row;
  readonly isIntact: boolean;
}

/** Entries that follow from the head; what lies between them and cannot be proven becomes a gap. */
function followChain(
  head: { epoch: number; seq: number; hash: Buffer },
  found: readonly ReadRow<EventRow>[],
): { rows: EventRow[]; gaps: GapRow[] } {
  const rows: EventRow[] = [];
  const gaps: GapRow[] = [];
  let { seq, hash } = head;
  for (const [i, { row, isIntact }] of found.entries()) {
    if (!isIntact || row.seq <= seq) continue;
    const before = row.seq === seq + 1 ? hash : hashOf(found[i - 1], row.seq - 1);
    if (before === null || !chainHash(before, row).equals(row.hash)) continue;
    if (row.seq > seq + 1) {
      const [from_seq, to_seq] = [seq + 1, row.seq - 1];
      gaps.push({ epoch: row.epoch, from_seq, to_seq, why: 'damaged', hash: before });
    }
    rows.push(row);
    seq = row.seq;
    hash = row.hash;
  }
  return { rows, gaps };
}

/** The hash in a row that may itself be damaged: the next row proves it or does not. */
function hashOf(before: ReadRow<EventRow> | undefined, seq: number): Buffer | null {
  return before?.row.seq === seq && before.row.hash.length === 8 ? before.row.hash : null;
}

function readAll(
  source: Database.Database,
  shape: TableShape<EventRow>,
  epoch: number,
  afterSeq: number,
): ReadRow<EventRow>[] {
  const table = new CheckedTable(source, shape);
  const { rows } = readBothWays(table, 'WHERE epoch = ? AND seq > ?', 'seq', [epoch, afterSeq]);
  return rows;
}

/** Reads from both ends towards a damaged page in the middle. */
function readBothWays<Row extends object>(
  table: CheckedTable<Row>,
  where: string,
  key: keyof Row & string,
  params: number[],
): { rows: ReadRow<Row>[]; isWhole: boolean } {
  const seen = new Map<unknown, ReadRow<Row>>();
  const read = (direction: 'ASC' | 'DESC'): boolean => {
    try {
      for (const row of table.scan(`${where} ORDER BY "${key}" ${direction}`, ...params)) {
        if (direction === 'DESC' && seen.has(row[key])) return false;
        seen.set(row[key], { row, isIntact: table.isIntact(row) });
      }
      return true;
    } catch {
      return false; // A damaged page: the other direction reads what lies behind it.
    }
  };
  const isWhole = read('ASC');
  if (!isWhole) read('DESC');
  const rows = [...seen.values()].sort((a, b) =>
    Number(a.row[key]) < Number(b.row[key]) ? -1 : 1,
  );
  return { rows, isWhole };
}

/** Which of two rows with one key is the newer one; null when the present one stays. */
type Newer<Row> = (found: Row, present: Row) => boolean;

function salvageRows(source: Database.Database, target: SalvageTarget): number {
  let taken = 0;
  const merge = <Row extends object>(
    shape: TableShape<Row>,
    order: keyof Row & string,
    newer: Newer<Row>,
  ) => {
    const mine = new CheckedTable(target.db, shape);
    const { rows } = readBothWays(new CheckedTable(source, shape), '', order, []);
    for (const { row, isIntact } of rows) {
      if (isIntact && takeRow(target, mine, row, newer)) taken += 1;
    }
  };
  merge(docTable, 'id', (found, present) => found.rev > present.rev);
  merge(feedingTable, 'n', (found, present) => isFurther(found.state, present.state));
  merge(occurrenceTable, 'key', (found, present) => isFurther(found.state, present.state));
  merge(progressTable, 'feeding_id', () => true);
  merge(traceTable, 'feeding_id', () => false);
  merge(stateTable, 'k', isNewerState);
  merge(clipTable, 'clip_id', () => true);
  merge(clipLinkTable, 'k', () => false);
  merge(commandTable, 'n', (found, present) => isFurther(found.state, present.state));
  merge(mutationTable, 'mid', () => false);
  return taken;
}

function isFurther(found: string, present: string): boolean {
  const isEnded = (state: string) => ['done', 'closed', 'ended'].includes(state);
  return isEnded(found) && !isEnded(present);
}

/** Small values that only grow: the later one is the larger one. */
function isNewerState(found: StateRow, present: StateRow): boolean {
  const size = ({ k, v }: StateRow): number => {
    const value: unknown = JSON.parse(v);
    if (typeof value === 'number') return value;
    const field = { clock: 'ageMs', boot: 'number' }[k];
    if (field === undefined || typeof value !== 'object' || value === null) return 0;
    return Number((value as Record<string, unknown>)[field] ?? 0);
  };
  return size(found) > size(present);
}

/** True when the row was added or took the place of an older one. */
function takeRow<Row extends object>(
  { transactor }: SalvageTarget,
  table: CheckedTable<Row>,
  row: Row,
  newer: Newer<Row>,
): boolean {
  const key = table.shape.key.map((column) => row[column] as string | number | Buffer);
  const present = table.get(...key);
  if (present !== undefined && !newer(row, present)) return false;
  try {
    transactor.write('salvage.row', () => table.put(row));
    return true;
  } catch {
    return false; // Another row has its request or its occurrence: that one stands.
  }
}
