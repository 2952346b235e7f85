import { closeSync, copyFileSync, fsyncSync, openSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { keepNewest, moveDurably, nextNumber, numbered } from './data-dir.ts';
import { openDatabase } from './database.ts';
import { verifyFileGently } from './verify-file.ts';

/** Daily snapshots that are kept. */
export const SNAPSHOTS_KEPT = 7;
const SUFFIX = '.db';

export interface Snapshot {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Copies the database while it is in use, checks the copy by opening it, and only then gives it
 * its name. Throws `ERR_STORAGE` when it cannot be written, `ERR_DATABASE_CORRUPT` when the copy
 * (and so the database) is damaged; neither leaves a file behind.
 */
export async function writeSnapshot(db: Database.Database, path: string): Promise<Snapshot> {
  const draft = `${path}.draft`;
  removeDatabase(draft);
  try {
    await db.backup(draft);
    const report = await verifyFileGently(draft);
    if (!report.ok) {
      throw new FeederError('ERR_DATABASE_CORRUPT', {
        message: `The snapshot is damaged: ${report.problems[0]}`,
      });
    }
    syncFile(draft);
    moveDurably(draft, path);
    return { path, bytes: statSync(path).size };
  } catch (error) {
    removeDatabase(draft);
    if (error instanceof FeederError) throw error;
    throw new FeederError('ERR_STORAGE', {
      message: 'The snapshot could not be written.',
      cause: error,
    });
  }
}

/** The next snapshot of a directory; the oldest beyond the kept number go. */
export async function rotateSnapshots(db: Database.Database, dir: string): Promise<Snapshot> {
  const snapshot = await writeSnapshot(db, nextNumber(dir, SUFFIX));
  keepNewest(dir, SNAPSHOTS_KEPT, SUFFIX);
  return snapshot;
}

/** Snapshots of a directory, the newest first. */
export function listSnapshots(dir: string): string[] {
  return numbered(dir, SUFFIX).map((entry) => entry.path);
}

/** Copies a snapshot to a new place and makes it durable. */
export function copySnapshot(from: string, to: string): void {
  copyFileSync(from, to);
  syncFile(to);
}

/** A consistent copy by SQL, at once: for the moment before a migration. */
export function copyNow(db: Database.Database, path: string): void {
  removeDatabase(path);
  db.prepare('VACUUM INTO ?').run(path);
  syncFile(path);
  openDatabase(path).close();
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal'])
    rmSync(`${path}${suffix}`, { force: true });
}

function syncFile(path: string): void {
  for (const [name, flags] of [
    [path, 'r+'],
    [dirname(path), 'r'],
  ] as const) {
    const handle = openSync(name, flags);
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
