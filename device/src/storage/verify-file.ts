import type Database from 'better-sqlite3';
import { openDatabase } from './database.ts';
import { EventLog } from './event-log.ts';
import { appliedMigrations } from './migrations.ts';
import { damaged, isDamage, sqliteCode } from './sqlite-errors.ts';
import { Transactor } from './transactor.ts';
import { type VerifyReport, verifyDatabase } from './verify-store.ts';

/** Opens a database file by itself, checks all of it and closes it. Adds nothing to it. */
export function verifyFile(path: string): VerifyReport {
  try {
    const { db, close } = openDatabase(path);
    try {
      return verifyHandle(db);
    } finally {
      close();
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    return unreadable(error);
  }
}

/** Checks all of an open database. Whatever keeps it from being read is damage. */
export function verifyHandle(db: Database.Database): VerifyReport {
  try {
    if (appliedMigrations(db).length === 0) throw damaged('The schema');
    const transactor = new Transactor({ db });
    return verifyDatabase(db, new EventLog({ db, transactor, time: refuse, random: refuse }));
  } catch (error) {
    if (!isDamage(error) && sqliteCode(error) === null) throw error;
    return unreadable(error);
  }
}

function unreadable(error: unknown): VerifyReport {
  const problem = error instanceof Error ? error.message : String(error);
  return { ok: false, entries: 0, rows: 0, problems: [problem] };
}

/** A check must not write: a log without a segment is damage, not a reason to begin one. */
function refuse(): never {
  throw damaged('The ledger');
}
