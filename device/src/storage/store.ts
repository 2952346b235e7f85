import { randomBytes } from 'node:crypto';
import type { EventBody, EventName, RandomBytes, ScaleCalibration } from '@cat-feeder/shared';
import { TOMBSTONE_MS } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { StationTime } from '../platform/clock.ts';
import { keepNewest, nextNumber } from './data-dir.ts';
import type { EmergencyJournal } from './emergency-journal.ts';
import { leaveMark } from './history-mark.ts';
import { LogRetention, type RetentionReport } from './log-retention.ts';
import { type CheckpointReport, checkpoint, type DiskUse, diskUse } from './maintenance.ts';
import { appliedMigrations, migrate } from './migrations.ts';
import { openPlace, type Place, refuseAll } from './place.ts';
import { PlanCopyWriter } from './plan-copy-writer.ts';
import type { RestoreReport } from './recovery.ts';
import { forgetOldRows, type RowRetentionReport } from './row-retention.ts';
import { copyNow, rotateSnapshots, type Snapshot, writeSnapshot } from './snapshots.ts';
import { composeParts, type StoreParts } from './store-parts.ts';
import { Transactor, type WriteHooks } from './transactor.ts';
import { type VerifyReport, verifyDatabase } from './verify-store.ts';

export interface StoreOptions {
  /**
   * A data directory, or `:memory:`, or the handle of a database that its caller keeps open: a
   * simulator opens the next store on the same handle after a power cut.
   */
  readonly at: string | Database.Database;
  /** Stamps for ledger entries and documents. Not called before `openStore` has returned. */
  readonly time: () => StationTime;
  /** What the bowl's scale is by its datasheet, until it is calibrated. */
  readonly defaultCalibration: ScaleCalibration;
  /** How the hopper's cell left its maker; without it nobody has calibrated it. */
  readonly defaultHopperCalibration?: ScaleCalibration | null;
  /** For ids and the genesis; the operating system's unless given. */
  readonly random?: RandomBytes;
  readonly hooks?: WriteHooks;
  /** For stores without a directory; a directory has its own. */
  readonly emergency?: EmergencyJournal;
  /** Gives up the directory's lock that the caller holds already; called when the store closes. */
  readonly unlock?: () => void;
}

/** What the health page says of storage, beside the disk's figures. */
export interface StorageState {
  /** Why nothing can be written at all; null when it can. */
  readonly readOnly: string | null;
  /** Why the newest write was refused; null when the disk took it. */
  readonly refusal: string | null;
  /** Claims that only the emergency journal holds. */
  readonly heldClaims: number;
  /** Writes of the second copies that failed since the start. */
  readonly copiesFailed: number;
  /** What this start had to restore; null when nothing. */
  readonly restored: RestoreReport | null;
}

export interface MaintenanceReport {
  readonly ledger: RetentionReport;
  readonly rows: RowRetentionReport;
  readonly tombstones: number;
  readonly checkpoint: CheckpointReport;
}

/** Everything that the feeder remembers, over one database. */
export interface DeviceStore extends StoreParts {
  /** What the start had to restore; null when nothing. */
  readonly restored: RestoreReport | null;
  /** One transaction over several stores; what they write inside belongs to it. */
  write<T>(name: string, work: () => T): T;
  /** One ledger entry in a transaction of its own. */
  record<Name extends EventName>(name: Name, body: EventBody<Name>): void;
  /** Writes that the disk has taken since the start. */
  writesTaken(): number;
  /** Checks everything that can be read. Takes seconds on a large database. */
  verify(): VerifyReport;
  /** Copies the database to this path while it is in use, and checks the copy. */
  snapshot(path: string): Promise<Snapshot>;
  /** The daily snapshot in the data directory; null for a store without one. */
  takeDailySnapshot(): Promise<Snapshot | null>;
  /** Retention, tombstones, WAL, ballast, second copy: to be called daily. */
  maintain(): MaintenanceReport;
  checkpoint(): CheckpointReport;
  diskUse(): DiskUse;
  health(): StorageState;
  /** Checkpoints, gives up the lock and closes. Idempotent. */
  close(): void;
}

/** Databases as they were before a migration. */
const MIGRATION_BACKUPS_KEPT = 2;
const BACKUP_SUFFIX = '.before-migration.db';

/**
 * Opens the feeder's memory, ready to be used. Throws `ERR_ALREADY_RUNNING`, `ERR_DATA_DIR`,
 * `ERR_STORAGE`, `ERR_SCHEMA_TOO_NEW`, `ERR_MIGRATION_CHANGED`, and `ERR_DATABASE_CORRUPT` when a
 * damaged database could not be replaced.
 */
export function openStore(options: StoreOptions): DeviceStore {
  const place = openPlace({ random: randomBytes, ...options });
  try {
    return compose(place, options);
  } catch (error) {
    place.close();
    throw error;
  }
}

/** Brings the schema up to date and joins the stores over it. */
function begin(place: Place, transactor: Transactor, options: StoreOptions): StoreParts {
  const { db } = place.opened;
  const { dir } = place;
  const build = () => {
    migrate({
      db,
      transactor,
      backup: () => {
        if (dir === null) return;
        copyNow(db, nextNumber(dir.root, BACKUP_SUFFIX));
        keepNewest(dir.root, MIGRATION_BACKUPS_KEPT, BACKUP_SUFFIX);
      },
    });
    return composeParts({
      db,
      transactor,
      time: options.time,
      random: options.random ?? randomBytes,
      emergency: place.emergency,
      defaultCalibration: options.defaultCalibration,
      defaultHopperCalibration: options.defaultHopperCalibration ?? null,
    });
  };
  // A new database is there with its ledger, or not at all.
  const isNew = appliedMigrations(db).length === 0;
  return isNew ? transactor.write('store.begin', build) : build();
}

/** Deletions from before this are forgotten; none while a cloud may still ask for them. */
function oldestTombstoneMs(
  { quality, wallMs }: StationTime,
  { log, sync }: Pick<StoreParts, 'log' | 'sync'>,
): number {
  const isBelieved = quality === 'synchronized' || quality === 'rtc';
  const isLinked = log.head().epoch > 0;
  if (!isBelieved || (isLinked && sync.hasUnackedDocs())) return Number.NEGATIVE_INFINITY;
  return wallMs - TOMBSTONE_MS;
}

function compose(place: Place, options: StoreOptions): DeviceStore {
  const { db } = place.opened;
  const { dir, ballast } = place;
  const transactor = new Transactor({
    db,
    makeRoom: () => ballast?.drop() ?? false,
    hooks: place.readOnly === null ? (options.hooks ?? {}) : refuseAll(place.readOnly),
  });
  const parts = begin(place, transactor, options);
  const copies =
    place.planCopy === null ? null : new PlanCopyWriter(place.planCopy, parts.documents);
  const isMarked = dir === null || leaveMark(dir);
  const ledger = new LogRetention({ db, transactor, log: parts.log, touched: parts.touched });
  return {
    ...parts,
    restored: place.restored,
    write: (name, work) => transactor.write(name, work),
    writesTaken: () => transactor.commits,
    record: (name, body) => transactor.write(name, () => parts.log.append(name, body)),
    verify: () => verifyDatabase(db, parts.log),
    snapshot: (path) => writeSnapshot(db, path),
    takeDailySnapshot: async () => (dir === null ? null : rotateSnapshots(db, dir.snapshots)),
    maintain: () => {
      const now = options.time();
      const oldMs = oldestTombstoneMs(now, parts);
      parts.journal.importHeld();
      const report = {
        ledger: ledger.run(now),
        rows: forgetOldRows(db, transactor, now),
        tombstones: parts.documents.purgeTombstones(({ ms, tq }) => tq >= 2 && ms < oldMs),
        checkpoint: checkpoint(db),
      };
      copies?.writeIfStale();
      ballast?.take();
      return report;
    },
    checkpoint: () => checkpoint(db),
    diskUse: () => diskUse(db, dir, ballast),
    health: () => ({
      readOnly: place.readOnly,
      refusal: transactor.refusal,
      heldClaims: parts.journal.heldCount,
      copiesFailed:
        parts.journal.notesLost +
        (copies?.failures ?? 0) +
        place.copiesMissing +
        (isMarked ? 0 : 1),
      restored: place.restored,
    }),
    close: () => {
      if (!db.open) return;
      copies?.writeIfStale();
      place.close();
    },
  };
}
