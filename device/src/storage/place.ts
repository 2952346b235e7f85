import type { RandomBytes, ScaleCalibration } from '@cat-feeder/shared';
import { FeederError } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { Ballast } from './ballast.ts';
import { type DataDir, dataDir, makeDataDir } from './data-dir.ts';
import { lockDataDir } from './data-dir-lock.ts';
import { type OpenDatabase, openDatabase } from './database.ts';
import { type EmergencyJournal, FileEmergencyJournal } from './emergency-journal.ts';
import { PlanCopy } from './plan-copy.ts';
import { openImage } from './read-only-image.ts';
import { openOrRestore, type RestoreReport } from './recovery.ts';
import { sqliteCode, storageError } from './sqlite-errors.ts';
import type { WriteHooks } from './transactor.ts';

/** What a store stands on. All but `opened` is null for a database in memory. */
export interface Place {
  readonly opened: OpenDatabase;
  readonly dir: DataDir | null;
  readonly restored: RestoreReport | null;
  readonly emergency: EmergencyJournal | null;
  readonly ballast: Ballast | null;
  readonly planCopy: PlanCopy | null;
  /** Why nothing can be written; null when it can. */
  readonly readOnly: string | null;
  /** Second copies that should be there and cannot be used. */
  readonly copiesMissing: number;
  readonly close: () => void;
}

export interface PlaceOptions {
  readonly at: string | Database.Database;
  readonly random: RandomBytes;
  readonly defaultCalibration: ScaleCalibration;
  readonly emergency?: EmergencyJournal;
  readonly unlock?: () => void;
}

const nothing = {
  dir: null,
  restored: null,
  emergency: null,
  ballast: null,
  planCopy: null,
  readOnly: null,
  copiesMissing: 0,
};

/** Opens the place that `openStore` was asked for. Throws its coded errors. */
export function openPlace(options: PlaceOptions): Place {
  const { at } = options;
  if (typeof at !== 'string' || at === ':memory:') {
    const opened = openDatabase(at);
    return { ...nothing, opened, emergency: options.emergency ?? null, close: opened.close };
  }
  const dir = dataDir(at);
  const unlock = options.unlock ?? lockIn(dir);
  try {
    return openDir(dir, options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function lockIn(dir: DataDir): () => void {
  makeDataDir(dir);
  return lockDataDir(dir.lock);
}

/** A full disk gives up its ballast first; a disk that takes no writes at all is read into memory. */
function openDir(dir: DataDir, options: PlaceOptions, unlock: () => void): Place {
  const ballast = new Ballast(dir.ballast);
  try {
    return openWritable(dir, options, unlock);
  } catch (error) {
    if (!isDiskTrouble(error)) throw error;
    try {
      if (ballast.drop()) return openWritable(dir, options, unlock);
    } catch (second) {
      if (!isDiskTrouble(second)) throw second;
    }
    const opened = openImage(dir);
    if (opened === null) throw storageError(coded(error), 'The start');
    const reason = error instanceof Error ? error.message : String(error);
    const readOnly = `The data directory takes no writes, so the feeder runs read-only: ${reason}`;
    const { emergency } = openEmergency(dir);
    const close = () => {
      opened.close();
      emergency?.close();
      unlock();
    };
    return { ...nothing, opened, emergency, readOnly, close };
  }
}

function openWritable(dir: DataDir, options: PlaceOptions, unlock: () => void): Place {
  makeDataDir(dir);
  const { emergency, failure } = openEmergency(dir);
  try {
    const planCopy = new PlanCopy(dir.planCopies);
    const { opened, report } = openOrRestore({ ...options, dir, emergency, planCopy });
    const close = () => {
      opened.close();
      emergency?.close();
      unlock();
    };
    return {
      opened,
      dir,
      restored: report,
      emergency,
      ballast: new Ballast(dir.ballast),
      planCopy,
      readOnly: null,
      copiesMissing: failure === null ? 0 : 1,
      close,
    };
  } catch (error) {
    emergency?.close();
    throw error;
  }
}

/** A second copy that cannot be opened must not keep the first one from feeding. */
function openEmergency(dir: DataDir): {
  emergency: FileEmergencyJournal | null;
  failure: FeederError | null;
} {
  try {
    return { emergency: new FileEmergencyJournal(dir.emergency), failure: null };
  } catch (error) {
    if (!(error instanceof FeederError)) throw error;
    return { emergency: null, failure: error };
  }
}

/** What the file system or SQLite says when it cannot write; damage and refusals are something else. */
function isDiskTrouble(error: unknown): boolean {
  if (error instanceof FeederError) {
    return (
      error.code === 'ERR_STORAGE' || (error.code === 'ERR_DATA_DIR' && isDiskTrouble(error.cause))
    );
  }
  return sqliteCode(error) !== null || fileCode(error) !== null;
}

/** The code of a failed file operation, such as `EROFS`. */
function fileCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return null;
  return String(error.code);
}

function coded(error: unknown): unknown {
  if (fileCode(error) === null) return error;
  return new FeederError('ERR_STORAGE', {
    message: `The data directory cannot be used (${fileCode(error)}).`,
    cause: error,
  });
}

/** Makes every write fail as it would on the disk. */
export function refuseAll(reason: string): WriteHooks {
  return {
    beforeCommit: () => {
      throw Object.assign(new Error(reason), { code: 'SQLITE_READONLY' });
    },
  };
}
