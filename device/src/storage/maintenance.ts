import { statfsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import type { Ballast } from './ballast.ts';
import { bytesBelow, type DataDir } from './data-dir.ts';
import { statement } from './statements.ts';

/** What a checkpoint did. */
export interface CheckpointReport {
  /** Pages that were in the WAL. */
  readonly walPages: number;
  /** Pages of them that are in the database now. */
  readonly movedPages: number;
  /** Another connection reads an old state: the WAL could not be emptied. */
  readonly isHeldUp: boolean;
}

/** Moves the WAL into the database and empties it, as far as readers allow. */
export function checkpoint(db: Database.Database): CheckpointReport {
  const [row] = statement<{ busy: number; log: number; checkpointed: number }>(
    db,
    'PRAGMA wal_checkpoint(TRUNCATE)',
  ).all();
  const { busy = 0, log = 0, checkpointed = 0 } = row ?? {};
  return {
    walPages: Math.max(0, log),
    movedPages: Math.max(0, checkpointed),
    isHeldUp: busy !== 0,
  };
}

/** Where the bytes of the data directory are. */
export interface DiskUse {
  readonly databaseBytes: number;
  readonly walBytes: number;
  readonly snapshotBytes: number;
  readonly damagedBytes: number;
  /** Free for the feeder on this file system; null for a database in memory. */
  readonly freeBytes: number | null;
  /** Whether the ballast is there to be given up on a full disk. */
  readonly hasBallast: boolean;
}

export function diskUse(
  db: Database.Database,
  dir: DataDir | null,
  ballast: Ballast | null,
): DiskUse {
  const pages = Number(db.pragma('page_count', { simple: true }));
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  if (dir === null || ballast === null) {
    return {
      databaseBytes: pages * pageBytes,
      walBytes: 0,
      snapshotBytes: 0,
      damagedBytes: 0,
      freeBytes: null,
      hasBallast: false,
    };
  }
  const { bavail, bsize } = statfsSync(dir.root);
  return {
    databaseBytes: pages * pageBytes,
    walBytes: bytesBelow(`${dir.database}-wal`),
    snapshotBytes: bytesBelow(dir.snapshots),
    damagedBytes: bytesBelow(dir.damaged),
    freeBytes: bavail * bsize,
    hasBallast: ballast.isAboard(),
  };
}
