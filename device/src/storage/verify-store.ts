import type Database from 'better-sqlite3';
import { CheckedTable, type TableShape } from './checked-table.ts';
import { checkPages } from './database.ts';
import type { EventLog } from './event-log.ts';
import { checkSchema, migrationTable } from './migrations.ts';
import { checkedTables } from './schema.ts';
import { isDamage } from './sqlite-errors.ts';

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

/**
 * Checks everything that can be read: pages, keys and indexes (SQLite's own check), the schema's
 * text, each row's checksum, and the ledger's chain. A changed byte that changes anything readable
 * is noticed by one of the four.
 */
export function verifyDatabase(db: Database.Database, log: EventLog): VerifyReport {
  const problems = [...checkPages(db, 'full')];
  problems.push(...readable('The schema', () => checkSchema(db)));
  let rows = 0;
  for (const shape of [...checkedTables, migrationTable] as unknown as TableShape<object>[]) {
    const counted = readable(`The table ${shape.name}`, () => {
      const checked = checkRows(db, shape);
      rows += checked.rows;
      return checked.problems;
    });
    problems.push(...counted);
  }
  let entries = 0;
  let firstBad: number | undefined;
  const chain = readable('The ledger', () => {
    const report = log.verify();
    entries = report.entries;
    firstBad = report.firstBad;
    return [...report.problems];
  });
  problems.push(...chain);
  return {
    ok: problems.length === 0,
    entries,
    rows,
    ...(firstBad === undefined ? {} : { firstBad }),
    problems,
  };
}

/** Checks every row of one table against its checksum. */
export function checkRows(
  db: Database.Database,
  shape: TableShape<object>,
): { rows: number; problems: string[] } {
  const table = new CheckedTable(db, shape);
  const problems: string[] = [];
  let rows = 0;
  for (const row of table.scan()) {
    rows += 1;
    if (table.isIntact(row) || problems.length >= DAMAGED_ROWS_MAX) continue;
    problems.push(`Row ${rows} of the table ${shape.name} does not fit its checksum.`);
  }
  return { rows, problems };
}

function readable(what: string, check: () => string[]): string[] {
  try {
    return check();
  } catch (error) {
    if (!isDamage(error) && !(error instanceof RangeError)) throw error;
    return [`${what} cannot be read: ${error instanceof Error ? error.message : String(error)}`];
  }
}
