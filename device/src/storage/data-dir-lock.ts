import { FeederError } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import { sqliteCode } from './sqlite-errors.ts';

/**
 * One daemon for each data directory. The lock is an exclusive transaction on a tiny database of
 * its own: the kernel gives it up when the process ends, however it ends, so no stale lock can
 * keep the feeder from starting. Throws `ERR_ALREADY_RUNNING` at once. Returns the release.
 */
export function lockDataDir(lockFile: string): () => void {
  let db: Database.Database | null = null;
  try {
    db = new Database(lockFile, { timeout: 0 });
    // No journal file: nothing is ever written, and nothing must be left behind by a kill.
    db.pragma('journal_mode = MEMORY');
    db.pragma('locking_mode = EXCLUSIVE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    const code = sqliteCode(error);
    if (code?.startsWith('SQLITE_BUSY'))
      throw new FeederError('ERR_ALREADY_RUNNING', { cause: error });
    // Where nothing can be written no other daemon can write either: the feeder runs on.
    if (code?.startsWith('SQLITE_READONLY')) return () => {};
    throw new FeederError('ERR_DATA_DIR', {
      message: `The data directory cannot be locked (${code ?? String(error)}).`,
      cause: error,
    });
  }
  const held = db;
  return () => {
    if (held.open) held.close();
  };
}
