import { FeederError } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import { damaged, isDamage } from './sqlite-errors.ts';
import { forgetStatements, statement } from './statements.ts';

/** How long a write waits for another process that reads with a lock, such as a backup tool. */
const BUSY_TIMEOUT_MS = 2000;
/** The WAL is copied into the database when it has this many pages of 4 KiB. */
const WAL_AUTOCHECKPOINT_PAGES = 256;
/** What is left of the WAL after a checkpoint, so that a burst does not keep its room for ever. */
const WAL_KEEP_BYTES = 4 * 1024 * 1024;
/** `CATF`: tells tools, and the start, that this file is a feeder's. */
export const APPLICATION_ID = 0x43415446;

/** A path, `:memory:`, or a handle that somebody else opened and will close. */
export type DatabaseSource = string | Database.Database;

export interface OpenDatabase {
  readonly db: Database.Database;
  /** Closes what was opened here; a borrowed handle stays open. */
  close(): void;
}

/**
 * Opens the database with the settings that durability hangs on. WAL with `synchronous=FULL`: a
 * commit that returned survives a power cut (the driver's own default, NORMAL, may lose them all).
 */
export function openDatabase(source: DatabaseSource): OpenDatabase {
  if (typeof source !== 'string') {
    // A store that died in the middle of a transaction leaves it open on a borrowed handle.
    if (source.inTransaction) statement(source, 'ROLLBACK').run();
    return { db: source, close: () => {} };
  }
  let db: Database.Database | null = null;
  try {
    db = new Database(source, { timeout: BUSY_TIMEOUT_MS });
    configure(db);
  } catch (error) {
    db?.close();
    if (isDamage(error)) throw damaged('The database file', error);
    throw new FeederError('ERR_STORAGE', {
      message: 'The database cannot be opened.',
      cause: error,
    });
  }
  const opened = db;
  return {
    db: opened,
    close: () => {
      forgetStatements(opened);
      opened.close();
    },
  };
}

function configure(db: Database.Database): void {
  const mode = db.pragma('journal_mode = WAL', { simple: true });
  if (mode !== 'wal' && !db.memory) throw damaged(`The database file (its journal is ${mode})`);
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
  db.pragma(`wal_autocheckpoint = ${WAL_AUTOCHECKPOINT_PAGES}`);
  db.pragma(`journal_size_limit = ${WAL_KEEP_BYTES}`);
  db.pragma('trusted_schema = OFF');
  db.pragma('cell_size_check = ON');
}

/** How many problems one check lists. */
const PROBLEMS_MAX = 20;

/**
 * SQLite's own check of the file: `quick` looks at pages and keys, `full` at the indexes, too.
 * Neither sees a changed payload: the rows' checksums and the chain do.
 */
export function checkPages(db: Database.Database, depth: 'quick' | 'full'): string[] {
  const check = depth === 'quick' ? 'quick_check' : 'integrity_check';
  try {
    const found = db.pragma(`${check}(${PROBLEMS_MAX})`) as Record<string, string>[];
    return found.map((row) => row[check] ?? 'unreadable').filter((line) => line !== 'ok');
  } catch (error) {
    if (!isDamage(error)) throw error;
    return [`${check}: ${error instanceof Error ? error.message : String(error)}`];
  }
}
