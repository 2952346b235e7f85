import type Database from 'better-sqlite3';
import { checkSegment } from './chain-check.ts';
import { CheckedTable, type TableShape } from './checked-table.ts';
import { checkPages } from './database.ts';
import { appliedMigrations, checkSchema, newestSchema } from './migrations.ts';
import {
  clipTable,
  docTable,
  eventTable,
  feedingTable,
  gapTable,
  occurrenceTable,
  progressTable,
  segmentTable,
  stateTable,
} from './schema.ts';
import { isDamage } from './sqlite-errors.ts';

/** Ledger entries at the end of the chain that every start checks; the daily check does them all. */
const TAIL_ENTRIES = 1000;
/** What a file without any table is called. */
export const EMPTY = 'The database is empty.';
/** Rows at the end of the growing tables that every start checks. */
const TAIL_ROWS = 500;

/**
 * What a start looks at before it trusts a database: pages and keys, the indexes that keep a
 * feeding from running twice, the schema, the rows in use and the end of the chain. Null when all
 * is well, else what is wrong.
 */
export function findDamage(db: Database.Database): string | null {
  try {
    const tables = db.prepare<[], number>('SELECT count(*) FROM sqlite_schema').pluck().get();
    if (tables === 0) return EMPTY;
    const newest = appliedMigrations(db).at(-1)?.number;
    if (newest === undefined) return 'The database has tables, but not those of a feeder.';
    // Another version's rows have other columns: the migrations refuse or change them.
    return firstProblem(newest === newestSchema ? [...pageChecks, ...rowChecks] : pageChecks, db);
  } catch (error) {
    if (!isDamage(error) && !(error instanceof RangeError)) throw error;
    return error instanceof Error ? error.message : String(error);
  }
}

type Check = (db: Database.Database) => string[];

const pageChecks: readonly Check[] = [(db) => checkPages(db, 'quick'), checkSchema];
const rowChecks: readonly Check[] = [
  (db) => checkIndexes(db, 'feeding'),
  (db) => checkIndexes(db, 'occurrence'),
  (db) => checkRows(db, segmentTable, ''),
  (db) => checkRows(db, gapTable, ''),
  (db) => checkRows(db, docTable, ''),
  (db) => checkRows(db, stateTable, ''),
  (db) => checkRows(db, progressTable, ''),
  (db) => checkRows(db, feedingTable, `ORDER BY n DESC LIMIT ${TAIL_ROWS}`),
  (db) => checkRows(db, occurrenceTable, `ORDER BY after_n DESC LIMIT ${TAIL_ROWS}`),
  (db) => checkRows(db, clipTable, `ORDER BY clip_id DESC LIMIT ${TAIL_ROWS}`),
  checkTail,
];

function firstProblem(checks: readonly Check[], db: Database.Database): string | null {
  for (const check of checks) {
    const [problem] = check(db);
    if (problem !== undefined) return problem;
  }
  return null;
}

/** The table against its own indexes, which the quick check leaves out. */
function checkIndexes(db: Database.Database, table: string): string[] {
  const found = db.pragma(`integrity_check(${table})`) as { integrity_check: string }[];
  return found.map((row) => row.integrity_check).filter((line) => line !== 'ok');
}

function checkRows<Row extends object>(
  db: Database.Database,
  shape: TableShape<Row>,
  rest: string,
): string[] {
  const table = new CheckedTable(db, shape);
  for (const row of table.scan(rest)) {
    if (!table.isIntact(row))
      return [`A row of the table ${shape.name} does not fit its checksum.`];
  }
  return [];
}

function checkTail(db: Database.Database): string[] {
  const segment = new CheckedTable(db, segmentTable).first('WHERE closed = 0 ORDER BY epoch DESC');
  if (segment === undefined) return ['The ledger has no segment.'];
  const tables = {
    events: new CheckedTable(db, eventTable),
    gaps: new CheckedTable(db, gapTable),
  };
  const from = Math.max(segment.base_seq, segment.head_seq - TAIL_ENTRIES);
  return [...checkSegment(tables, segment, from).problems];
}
