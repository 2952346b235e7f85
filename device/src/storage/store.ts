import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { EventBody, EventName, RandomBytes, ScaleCalibration } from '@cat-feeder/shared';
import { FeederError } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { StationTime } from '../platform/clock.ts';
import { openDatabase } from './database.ts';
import type { EmergencyJournal } from './emergency-journal.ts';
import { migrate } from './migrations.ts';
import { composeParts, type StoreParts } from './store-parts.ts';
import { Transactor, type WriteHooks } from './transactor.ts';
import { type VerifyReport, verifyDatabase } from './verify-store.ts';

export const DATABASE_FILE = 'feeder.db';

export interface StoreOptions {
  /**
   * A data directory, or `:memory:`, or the handle of a database that its caller keeps open: a
   * simulator opens the next store on the same handle after a power cut.
   */
  readonly at: string | Database.Database;
  /** Stamps for ledger entries and documents. Not called before `openStore` has returned. */
  readonly time: () => StationTime;
  /** For ids and the genesis; the operating system's unless given. */
  readonly random?: RandomBytes;
  readonly hooks?: WriteHooks;
  /** What the bowl's scale is by its datasheet, until it is calibrated. */
  readonly defaultCalibration: ScaleCalibration;
  /** Replaces the emergency journal of the data directory; without a directory there is none. */
  readonly emergency?: EmergencyJournal | null;
}

/** Everything that the feeder remembers, over one database. */
export interface DeviceStore extends StoreParts {
  /** One transaction over several stores; what they write inside belongs to it. */
  write<T>(name: string, work: () => T): T;
  /** One ledger entry in a transaction of its own. */
  record<Name extends EventName>(name: Name, body: EventBody<Name>): void;
  /** Checks everything that can be read. Takes seconds on a large database. */
  verify(): VerifyReport;
  close(): void;
}

/** Opens the feeder's memory, ready to be used. Throws coded errors; see docs/storage.md. */
export function openStore(options: StoreOptions): DeviceStore {
  const { at } = options;
  const source = typeof at === 'string' && at !== ':memory:' ? fileIn(at) : at;
  const { db, close } = openDatabase(source);
  try {
    const transactor = new Transactor({
      db,
      ...(options.hooks === undefined ? {} : { hooks: options.hooks }),
    });
    migrate({ db, transactor });
    const parts = composeParts({
      db,
      transactor,
      time: options.time,
      random: options.random ?? randomBytes,
      emergency: options.emergency ?? null,
      defaultCalibration: options.defaultCalibration,
    });
    return {
      ...parts,
      write: (name, work) => transactor.write(name, work),
      record: (name, body) => transactor.write(name, () => parts.log.append(name, body)),
      verify: () => verifyDatabase(db, parts.log),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function fileIn(dir: string): string {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new FeederError('ERR_DATA_DIR', {
      message: `The data directory ${dir} cannot be made.`,
      cause: error,
    });
  }
  return join(dir, DATABASE_FILE);
}
