import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { DataDir } from './data-dir.ts';
import { type OpenDatabase, openDatabase } from './database.ts';
import { appliedMigrations, newestSchema } from './migrations.ts';
import { findDamage } from './start-check.ts';
import { forgetStatements } from './statements.ts';

/** Where a file can be written although the feeder's disk refuses: memory, on every Linux. */
const SCRATCH_DIRS = ['/dev/shm', tmpdir()];
/** The two bytes that ask for a WAL, which a database in memory cannot have. */
const JOURNAL_MODE_BYTES = [18, 19];

/**
 * The database of a disk that takes no writes, read into memory, so that the feeder still knows its
 * plan and its caps. Null when there is none or it is not sound. Nothing is left behind.
 */
export function openImage(dir: DataDir): OpenDatabase | null {
  for (const parent of SCRATCH_DIRS) {
    const image = readImage(dir, parent);
    if (image === null) continue;
    const db = new Database(image);
    return {
      db,
      close: () => {
        forgetStatements(db);
        db.close();
      },
    };
  }
  return null;
}

/** The file with its WAL merged in, which takes a place where SQLite may write. */
function readImage(dir: DataDir, parent: string): Buffer | null {
  let scratch: string | null = null;
  try {
    scratch = mkdtempSync(join(parent, 'feeder-image-'));
    const copy = join(scratch, 'feeder.db');
    for (const suffix of ['', '-wal']) {
      if (existsSync(dir.database + suffix)) copyFileSync(dir.database + suffix, copy + suffix);
    }
    const { db, close } = openDatabase(copy);
    const isSound =
      findDamage(db) === null && appliedMigrations(db).at(-1)?.number === newestSchema;
    close();
    if (!isSound) return null;
    const image = readFileSync(copy);
    for (const at of JOURNAL_MODE_BYTES) image[at] = 1;
    return image;
  } catch {
    return null; // Not even this place can be used: the next one, or none.
  } finally {
    if (scratch !== null) rmSync(scratch, { recursive: true, force: true });
  }
}
