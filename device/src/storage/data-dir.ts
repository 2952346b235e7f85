import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { FeederError } from '@cat-feeder/shared';

/**
 * What lies where in the data directory. The database has a folder of its own, so that it can be
 * moved aside, or a restored one moved in, together with its WAL by one atomic rename.
 */
export interface DataDir {
  readonly root: string;
  readonly databaseDir: string;
  readonly database: string;
  /** Where a restored database is put together. */
  readonly nextDir: string;
  readonly nextDatabase: string;
  readonly snapshots: string;
  readonly damaged: string;
  readonly lock: string;
  readonly emergency: string;
  readonly ballast: string;
  readonly planCopies: readonly [string, string];
  /** Says that there was a database here. */
  readonly mark: string;
}

const DATABASE_FILE = 'feeder.db';

export function dataDir(root: string): DataDir {
  return {
    root,
    databaseDir: join(root, 'db'),
    database: join(root, 'db', DATABASE_FILE),
    nextDir: join(root, 'db.next'),
    nextDatabase: join(root, 'db.next', DATABASE_FILE),
    snapshots: join(root, 'snapshots'),
    damaged: join(root, 'damaged'),
    lock: join(root, 'lock.db'),
    emergency: join(root, 'emergency.journal'),
    ballast: join(root, 'ballast.bin'),
    planCopies: [join(root, 'plan-copy-a.json'), join(root, 'plan-copy-b.json')],
    mark: join(root, 'history.mark'),
  };
}

/** Makes the directories that are missing. Throws `ERR_DATA_DIR`. */
export function makeDataDir(dir: DataDir): void {
  try {
    for (const path of [dir.root, dir.snapshots, dir.damaged]) {
      makeDirs(path);
    }
  } catch (error) {
    throw new FeederError('ERR_DATA_DIR', { ...whatIsWrong(dir.root, error), cause: error });
  }
}

/** The three cases of a directory that cannot be used, each with what to do about it. */
function whatIsWrong(root: string, error: unknown): { message: string; hint: string } {
  const inTheWay = fileInTheWay(root);
  if (inTheWay !== null) {
    return {
      message: `The data directory ${root} cannot be made: ${inTheWay} is there and is no directory.`,
      hint: 'Name another directory with --data-dir, or move that file away.',
    };
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (existsSync(root)) {
    return {
      message: `The data directory ${root} is there, but nothing can be made in it (${code}).`,
      hint: 'Give the user of the daemon write permission, or mount its disk for writing.',
    };
  }
  return {
    message: `The data directory ${root} is missing and cannot be made (${code}).`,
    hint: 'Create it for the user of the daemon, or mount the disk that it lies on.',
  };
}

/** What stands where the directory, or one above it, should be; null: nothing does. */
function fileInTheWay(path: string): string | null {
  for (let at = path; ; at = dirname(at)) {
    try {
      const found = statSync(at, { throwIfNoEntry: false });
      if (found !== undefined) return found.isDirectory() ? null : at;
    } catch (error) {
      // ENOTDIR: it stands further up. A directory that may not be looked into is no file.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOTDIR')) return null;
    }
    if (dirname(at) === at) return null;
  }
}

/**
 * A directory with its parents. Node's own `recursive` tries for ever where the kernel calls a
 * directory missing that it refuses to make, as below /proc.
 */
function makeDirs(path: string): void {
  const parent = dirname(path);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  if (parent !== path) makeDirs(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const isThere = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isThere) throw error;
  }
}

/** Makes what was created or renamed in a directory survive a power cut. */
export function syncDir(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Renames and makes it durable; a folder or file in the way is an error. */
export function moveDurably(from: string, to: string): void {
  renameSync(from, to);
  syncDir(dirname(to));
  if (dirname(from) !== dirname(to)) syncDir(dirname(from));
}

/** Entries of a directory that have a number for a name, the newest first. */
export function numbered(path: string, suffix = ''): { number: number; path: string }[] {
  return readdirSync(path)
    .filter(
      (name) =>
        name.endsWith(suffix) && /^\d{6,12}$/.test(name.slice(0, name.length - suffix.length)),
    )
    .map((name) => ({ number: Number.parseInt(name, 10), path: join(path, name) }))
    .sort((a, b) => b.number - a.number);
}

/** The next free number as a name. */
export function nextNumber(path: string, suffix = ''): string {
  const newest = numbered(path, suffix)[0]?.number ?? 0;
  return join(path, `${String(newest + 1).padStart(6, '0')}${suffix}`);
}

/** Removes all but the newest entries. */
export function keepNewest(path: string, keep: number, suffix = ''): void {
  for (const { path: old } of numbered(path, suffix).slice(keep)) {
    rmSync(old, { recursive: true, force: true });
  }
}

/** Bytes below a path; 0 when it does not exist. */
export function bytesBelow(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.size;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}
