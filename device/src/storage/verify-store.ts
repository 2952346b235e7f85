import type Database from 'better-sqlite3';
import { drain } from './chain-check.ts';
import { CheckedTable, type TableShape } from './checked-table.ts';
import { checkPages } from './database.ts';
import type { EventLog } from './event-log.ts';
import { checkSchema, migrationTable } from './migrations.ts';
import { checkedTables } from './schema.ts';
import { isDamage } from './sqlite-errors.ts';
import { statement } from './statements.ts';

/** What a check of the whole database found. */
export interface VerifyReport {
  readonly ok: boolean;
  /** Ledger entries that were checked. */
  readonly entries: number;
  /** Rows of all tables that were checked. */
  readonly rows: number;
  /** The first ledger entry that is wrong. */
  readonly firstBad?: number;
  /** Sentences for people; at most some dozens. */
  readonly problems: readonly string[];
}

/** Damaged rows that are named one by one. */
const DAMAGED_ROWS_MAX = 10;

/** Rows between two pauses of a check. */
const STEP_ROWS = 500;

/**
 * Checks everything that can be read: pages, keys and indexes (SQLite's own check), the schema's
 * text, each row's checksum, and the ledger's chain. A changed byte that changes anything readable
 * is noticed by one of the four.
 */
export function verifyDatabase(db: Database.Database, log: EventLog): VerifyReport {
  return drain(verifySteps(db, log));
}

/** The same in steps, so that somebody else may have a turn in between. */
export function* verifySteps(db: Database.Database, log: EventLog): Generator<void, VerifyReport> {
  const found: Found = { problems: [], rows: 0, entries: 0 };
  yield* guarded(found, 'The pages', checkAllPages(db, found));
  yield* guarded(found, 'The schema', checkWholeSchema(db, found));
  for (const shape of tablesOf(db)) {
    yield* guarded(found, `The table ${shape.name}`, checkRows(db, shape, found));
  }
  yield* guarded(found, 'The ledger', checkLedger(log, found));
  const { problems, rows, entries, firstBad } = found;
  return {
    ok: problems.length === 0,
    entries,
    rows,
    ...(firstBad === undefined ? {} : { firstBad }),
    problems,
  };
}

/**
 * The tables of this database's own version: a snapshot may be older than the program. One that
 * is missing without a reason is told by the check of the schema.
 */
function tablesOf(db: Database.Database): TableShape<object>[] {
  const names = new Set(
    statement<{ name: string }>(db, "SELECT name FROM sqlite_schema WHERE type = 'table'")
      .all()
      .map(({ name }) => name),
  );
  const shapes = [...checkedTables, migrationTable] as unknown as TableShape<object>[];
  return shapes.filter(({ name }) => names.has(name));
}

interface Found {
  readonly problems: string[];
  rows: number;
  entries: number;
  firstBad?: number;
}

type Steps = Generator<void, void>;

function* checkAllPages(db: Database.Database, found: Found): Steps {
  found.problems.push(...checkPages(db, 'full'));
  yield;
}

function* checkWholeSchema(db: Database.Database, found: Found): Steps {
  found.problems.push(...checkSchema(db));
  yield;
}

function* checkRows(db: Database.Database, shape: TableShape<object>, found: Found): Steps {
  const table = new CheckedTable(db, shape);
  let damagedRows = 0;
  for (const row of table.scan()) {
    found.rows += 1;
    if (found.rows % STEP_ROWS === 0) yield;
    if (table.isIntact(row)) continue;
    damagedRows += 1;
    if (damagedRows > DAMAGED_ROWS_MAX) return;
    found.problems.push(`A row of the table ${shape.name} does not fit its checksum.`);
  }
}

function* checkLedger(log: EventLog, found: Found): Steps {
  const report = yield* log.verifySteps();
  found.entries = report.entries;
  if (report.firstBad !== undefined) found.firstBad = report.firstBad;
  found.problems.push(...report.problems);
}

/** What cannot even be read is a problem, too. */
function* guarded(found: Found, what: string, steps: Steps): Steps {
  try {
    yield* steps;
  } catch (error) {
    if (!isDamage(error) && !(error instanceof RangeError)) throw error;
    const how = error instanceof Error ? error.message : String(error);
    found.problems.push(`${what} cannot be read: ${how}`);
  }
}
