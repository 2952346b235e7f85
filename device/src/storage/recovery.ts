import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RandomBytes, ScaleCalibration } from '@cat-feeder/shared';
import type { BookedDose } from '../feeding/feeding-journal.ts';
import type { StationTime } from '../platform/clock.ts';
import {
  type DataDir,
  keepNewest,
  moveDurably,
  nextNumber,
  numbered,
  syncDir,
} from './data-dir.ts';
import { type OpenDatabase, openDatabase } from './database.ts';
import type { EmergencyJournal, NotedClaim } from './emergency-journal.ts';
import { hasHistory } from './history-mark.ts';
import { migrate } from './migrations.ts';
import type { PlanCopy } from './plan-copy.ts';
import { findLostTail, reachesBack, takeClaims } from './restore-claims.ts';
import { type Salvaged, salvage } from './salvage.ts';
import { copySnapshot, listSnapshots } from './snapshots.ts';
import { isDamage, storageError } from './sqlite-errors.ts';
import { EMPTY, findDamage } from './start-check.ts';
import { composeParts, type StoreParts } from './store-parts.ts';
import { Transactor } from './transactor.ts';
import { verifyFile } from './verify-file.ts';

/** Damaged databases that are kept for whoever wants to look at them. */
const DAMAGED_KEPT = 3;

/** What a start had to do to have a good database again. */
export interface RestoreReport {
  /** What was wrong. */
  readonly reason: string;
  /** Where the restored database came from: a snapshot's name, or `none`. */
  readonly source: string;
  /** Where the damaged one lies now; null when there was none. */
  readonly keptAside: string | null;
  readonly entriesSalvaged: number;
  readonly rowsSalvaged: number;
  readonly documentsFromCopy: number;
  readonly claimsFromJournal: number;
  /** The first ledger entry that is lost; null when none is. */
  readonly lostFromSeq: number | null;
  /** Whether feedings may have been served that nothing remembers: the caps then assume the most. */
  readonly isDoseUnknown: boolean;
}

export interface RecoveryOptions {
  readonly dir: DataDir;
  /** Null when it cannot be opened: then it proves nothing. */
  readonly emergency: EmergencyJournal | null;
  readonly planCopy: PlanCopy;
  readonly random: RandomBytes;
  readonly defaultCalibration: ScaleCalibration;
}

/**
 * Opens the database of a data directory. A damaged or missing one is replaced: moved aside, the
 * newest good snapshot taken, everything added that the damaged file, the emergency journal and
 * the plan copy still prove. The new database is put together beside and moved in by one rename,
 * so a power cut at any point is a restore that begins again.
 */
export function openOrRestore(options: RecoveryOptions): {
  opened: OpenDatabase;
  report: RestoreReport | null;
} {
  const { dir } = options;
  const found = inspect(options);
  if (found.kind === 'good') return { opened: found.opened, report: null };
  const reason = found.kind === 'damaged' ? found.reason : null;
  if (reason === null) {
    mkdirSync(dir.databaseDir, { recursive: true, mode: 0o700 });
    syncDir(dir.root);
    return { opened: openDatabase(dir.database), report: null };
  }
  const report = restore(options, reason);
  return { opened: openDatabase(dir.database), report };
}

type Found =
  | { kind: 'good'; opened: OpenDatabase }
  | { kind: 'damaged'; reason: string }
  | { kind: 'new' };

function inspect({ dir, emergency, planCopy }: RecoveryOptions): Found {
  const isUsed = hasHistory(dir, emergency);
  if (!existsSync(dir.database)) {
    return isUsed ? { kind: 'damaged', reason: 'The database is missing.' } : { kind: 'new' };
  }
  let opened: OpenDatabase | null = null;
  try {
    opened = openDatabase(dir.database);
    const problem = findDamage(opened.db) ?? findLostTail(opened.db, emergency, planCopy);
    if (problem === null) return { kind: 'good', opened };
    const isNew = problem === EMPTY && !isUsed;
    opened.close();
    return isNew ? { kind: 'new' } : { kind: 'damaged', reason: problem };
  } catch (error) {
    opened?.close();
    if (!isDamage(error)) throw storageError(error, 'The check of the database');
    return { kind: 'damaged', reason: error instanceof Error ? error.message : String(error) };
  }
}

function restore(options: RecoveryOptions, reason: string): RestoreReport {
  const { dir } = options;
  const keptAside = moveAside(dir);
  const damagedDir = numbered(dir.damaged)[0]?.path;
  const source = takeSnapshot(dir);
  const next = openDatabase(dir.nextDatabase);
  try {
    const report = rebuild(options, next, {
      reason,
      source,
      keptAside,
      damagedFile: damagedDir === undefined ? null : join(damagedDir, 'feeder.db'),
    });
    next.close();
    syncDir(dir.nextDir);
    moveDurably(dir.nextDir, dir.databaseDir);
    keepNewest(dir.damaged, DAMAGED_KEPT);
    return report;
  } finally {
    if (next.db.open) next.close();
  }
}

function moveAside(dir: DataDir): string | null {
  if (!existsSync(dir.databaseDir)) return null;
  const aside = nextNumber(dir.damaged);
  moveDurably(dir.databaseDir, aside);
  return aside;
}

/** Puts the newest good snapshot in place for the restore; says which, or `none`. */
function takeSnapshot(dir: DataDir): string {
  for (const snapshot of listSnapshots(dir.snapshots)) {
    rmSync(dir.nextDir, { recursive: true, force: true });
    mkdirSync(dir.nextDir, { recursive: true, mode: 0o700 });
    copySnapshot(snapshot, dir.nextDatabase);
    if (verifyFile(dir.nextDatabase).ok) return snapshot.slice(dir.snapshots.length + 1);
  }
  rmSync(dir.nextDir, { recursive: true, force: true });
  mkdirSync(dir.nextDir, { recursive: true, mode: 0o700 });
  return 'none';
}

interface Loss {
  readonly reason: string;
  readonly source: string;
  readonly keptAside: string | null;
  readonly damagedFile: string | null;
}

/** Adds everything that is still known to the database that is to take over. */
function rebuild(options: RecoveryOptions, next: OpenDatabase, loss: Loss): RestoreReport {
  const { emergency, planCopy } = options;
  const transactor = new Transactor({ db: next.db });
  migrate({ db: next.db, transactor });
  const compose = (time: () => StationTime): StoreParts =>
    composeParts({ ...options, db: next.db, transactor, time, emergency: null });
  const noTime = timeOfRestore(0, 0);
  const { log } = compose(() => noTime);
  const salvaged: Salvaged =
    loss.damagedFile !== null && existsSync(loss.damagedFile)
      ? salvage(loss.damagedFile, { db: next.db, transactor, log })
      : { entries: 0, rows: 0, lostFromSeq: log.head().seq + 1 };
  const noted = emergency?.noted() ?? [];
  const time = lastKnownTime(
    compose(() => noTime),
    noted,
  );
  const isTailLost = findLostTail(next.db, emergency, planCopy) !== null;
  const lostFromSeq = salvaged.lostFromSeq ?? (isTailLost ? log.head().seq + 1 : null);
  const isDoseUnknown = lostFromSeq !== null && !reachesBack(noted, next.db);
  const parts = composeParts({ ...options, db: next.db, transactor, time: () => time, emergency });
  return transactor.write('storage.restore', () => {
    const documentsFromCopy = takeDocuments(parts, planCopy);
    const claimsFromJournal = takeClaims(parts, noted, time);
    parts.clockMemory.save({ ...time, doubtedAtAgeMs: null, power: null });
    if (lostFromSeq !== null) parts.state.write('restore_fence', { ageMs: time.ageMs });
    if (isDoseUnknown) parts.state.write('unknown_dose', unknownDose(parts, time));
    const { reason, source, keptAside } = loss;
    parts.log.append('storage.restored', {
      reason: reason.slice(0, 400),
      source,
      lostFromSeq,
      keptAside,
    });
    return {
      reason,
      source,
      keptAside,
      entriesSalvaged: salvaged.entries,
      rowsSalvaged: salvaged.rows,
      documentsFromCopy,
      claimsFromJournal,
      lostFromSeq,
      isDoseUnknown,
    };
  });
}

function timeOfRestore(wallMs: number, ageMs: number): StationTime {
  return { wallMs, monoMs: 0, ageMs, bootId: 'restore', quality: 'unknown' };
}

/** Ages must not run backwards: the latest one that any copy has seen. */
function lastKnownTime(parts: StoreParts, noted: readonly NotedClaim[]): StationTime {
  const clock = parts.clockMemory.load();
  const claims = noted.map(({ claim }) => claim.time);
  return timeOfRestore(
    Math.max(clock?.wallMs ?? 0, ...claims.map((time) => time.wallMs)),
    Math.max(clock?.ageMs ?? 0, ...claims.map((time) => time.ageMs)),
  );
}

function takeDocuments(parts: StoreParts, planCopy: PlanCopy): number {
  const copied = planCopy.read() ?? [];
  return copied.filter((document) => parts.documents.restore(document)).length;
}

/**
 * Nothing remembers what was served since the last known entry. The caps held then, too, so it was
 * at most the day's cap: that much counts as served at the instant of the restore, until 24 hours
 * have surely passed.
 */
function unknownDose(parts: StoreParts, time: StationTime): BookedDose {
  const { dayGramsMax } = parts.settings.get();
  return {
    feedingId: 'restore',
    cause: 'schedule',
    petId: null,
    portionGrams: dayGramsMax,
    lowGrams: 0,
    highGrams: dayGramsMax,
    rationGrams: dayGramsMax,
    at: { wallMs: time.wallMs, ageMs: time.ageMs, bootId: time.bootId, quality: time.quality },
  };
}
