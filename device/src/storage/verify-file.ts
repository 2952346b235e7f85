import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { openDatabase } from './database.ts';
import { EventLog } from './event-log.ts';
import { appliedMigrations } from './migrations.ts';
import { damaged, isDamage, sqliteCode } from './sqlite-errors.ts';
import { Transactor } from './transactor.ts';
import { type VerifyReport, verifyDatabase, verifySteps } from './verify-store.ts';

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

/** The same in turns with everything else that the program does. */
export async function verifyFileGently(path: string): Promise<VerifyReport> {
  const { db, close } = openDatabase(path);
  try {
    const steps = verifySteps(db, logOf(db));
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      await setImmediate();
    }
  } finally {
    close();
  }
}

/** Checks all of an open database. Whatever keeps it from being read is damage. */
export function verifyHandle(db: Database.Database): VerifyReport {
  try {
    if (appliedMigrations(db).length === 0) throw damaged('The schema');
    return verifyDatabase(db, logOf(db));
  } catch (error) {
    if (!isDamage(error) && sqliteCode(error) === null) throw error;
    return unreadable(error);
  }
}

/** The ledger of a database that is only looked at. */
function logOf(db: Database.Database): EventLog {
  return new EventLog({ db, transactor: new Transactor({ db }), time: refuse, random: refuse });
}

function unreadable(error: unknown): VerifyReport {
  const problem = error instanceof Error ? error.message : String(error);
  return { ok: false, entries: 0, rows: 0, problems: [problem] };
}

/** A check must not write: a log without a segment is damage, not a reason to begin one. */
function refuse(): never {
  throw damaged('The ledger');
}
