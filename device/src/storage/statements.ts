import type Database from 'better-sqlite3';

/** What SQLite stores in one column, as it comes back from the driver. */
export type SqlValue = number | string | Buffer | null;

type Statement = Database.Statement<unknown[], unknown>;

/** Statements live as long as their handle: a store that is opened again on it finds them ready. */
const prepared = new WeakMap<Database.Database, Map<string, Statement>>();

/** Prepares a statement on first use and keeps it. The row type is the caller's promise. */
export function statement<Row = unknown>(
  db: Database.Database,
  sql: string,
): Database.Statement<unknown[], Row> {
  let known = prepared.get(db);
  if (known === undefined) {
    known = new Map();
    prepared.set(db, known);
  }
  let found = known.get(sql);
  if (found === undefined) {
    found = db.prepare<unknown[], unknown>(sql);
    known.set(sql, found);
  }
  return found as Database.Statement<unknown[], Row>;
}

/** Drops the kept statements of a handle, so that the handle can be closed or replaced. */
export function forgetStatements(db: Database.Database): void {
  prepared.delete(db);
}
