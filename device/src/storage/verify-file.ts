import { openDatabase } from './database.ts';
import { EventLog } from './event-log.ts';
import { appliedMigrations, migrations } from './migrations.ts';
import { damaged, isDamage } from './sqlite-errors.ts';
import { Transactor } from './transactor.ts';
import { type VerifyReport, verifyDatabase } from './verify-store.ts';

/** Opens a database file by itself, checks all of it and closes it. Writes nothing into it. */
export function verifyFile(path: string): VerifyReport {
  try {
    const { db, close } = openDatabase(path);
    try {
      if (appliedMigrations(db).length === 0) throw damaged('The schema');
      return verifyDatabase(db, readLog(db));
    } finally {
      close();
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    const problem = error instanceof Error ? error.message : String(error);
    return { ok: false, entries: 0, rows: 0, problems: [problem] };
  }
}

/** The schema number of the newest migration that this version knows. */
export const newestSchema = migrations.at(-1)?.number ?? 0;

function readLog(db: ConstructorParameters<typeof Transactor>[0]['db']): EventLog {
  return new EventLog({
    db,
    transactor: new Transactor({ db }),
    time: refuse,
    random: refuse,
  });
}

/** A check must not write: a log without a segment is damage, not a reason to begin one. */
function refuse(): never {
  throw damaged('The ledger');
}
