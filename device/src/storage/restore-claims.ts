import type Database from 'better-sqlite3';
import type { StationTime } from '../platform/clock.ts';
import { CheckedTable } from './checked-table.ts';
import { documentKinds } from './document-groups.ts';
import type { EmergencyJournal, NotedClaim } from './emergency-journal.ts';
import type { PlanCopy } from './plan-copy.ts';
import { docTable, type FeedingRow, feedingTable } from './schema.ts';
import type { StoreParts } from './store-parts.ts';
import { ulidToBytes } from './ulid-bytes.ts';

/**
 * A database that is sound in itself may still have lost its end: a WAL that was removed or has a
 * flipped bit, a card that lied about its flushes, an older image. Both second copies are written
 * after the database, so one that knows more than the database proves the loss. Null when all is
 * well, else what is missing.
 */
export function findLostTail(
  db: Database.Database,
  emergency: EmergencyJournal | null,
  planCopy: PlanCopy,
): string | null {
  for (const { n, claim, dose } of emergency?.noted() ?? []) {
    if (n === 0) continue;
    const row = feedingOf(db, claim.feedingId);
    if (row === undefined && n > oldestNumber(db)) {
      return 'The end of the database is missing: a claim that was written is not there.';
    }
    if (row?.state === 'running' && dose !== null) {
      return 'The end of the database is missing: a feeding that ended is still open.';
    }
  }
  const docs = new CheckedTable(db, docTable);
  for (const { kind, id, rev } of planCopy.read() ?? []) {
    const known = docs.get(documentKinds[kind], ulidToBytes(id))?.rev ?? 0;
    // A tombstone may have been purged since; anything else that is newer in the copy was lost.
    if (known < rev && known > 0) {
      return 'The end of the database is missing: a document is older than its copy.';
    }
  }
  return null;
}

function feedingOf(db: Database.Database, feedingId: string): FeedingRow | undefined {
  return new CheckedTable(db, feedingTable).first('WHERE feeding_id = ?', feedingId);
}

/** Feedings before this one were forgotten by age. */
function oldestNumber(db: Database.Database): number {
  return new CheckedTable(db, feedingTable).first('ORDER BY n LIMIT 1')?.n ?? 0;
}

/** Whether the noted claims go back without a hole to one that the database has, or to the first. */
export function reachesBack(noted: readonly NotedClaim[], db: Database.Database): boolean {
  const isClaimed = (id: string) => feedingOf(db, id) !== undefined;
  const byId = new Map(noted.map((entry) => [entry.claim.feedingId, entry]));
  let entry = noted.at(-1);
  for (let steps = 0; entry !== undefined && steps <= noted.length; steps++) {
    if (entry.after === null || isClaimed(entry.claim.feedingId)) return true;
    if (isClaimed(entry.after)) return true;
    entry = byId.get(entry.after);
  }
  return false;
}

/** Claims that only the emergency journal remembers; those whose end it has are closed with it. */
export function takeClaims(
  parts: StoreParts,
  noted: readonly NotedClaim[],
  time: StationTime,
): number {
  let taken = 0;
  // Claims that never reached the database come in by themselves.
  parts.journal.importHeld();
  for (const { claim, dose } of noted) {
    if (parts.journal.find(claim.feedingId) === undefined) {
      if (isDecided(parts, claim)) continue;
      parts.journal.claim(claim);
      taken += 1;
    }
    if (dose === null || parts.journal.find(claim.feedingId)?.state !== 'running') continue;
    const result = dose.lowGrams * 2 >= claim.portionGrams ? 'served' : 'short';
    const why = 'The database was lost; the emergency journal kept what was served.';
    parts.journal.finish({
      feedingId: claim.feedingId,
      result,
      fault: null,
      dose,
      bowlBeforeGrams: null,
      bowlAfterGrams: null,
      turns: 0,
      attempts: 0,
      motorMs: 0,
      trace: [],
      verdict:
        claim.occurrence === null
          ? null
          : {
              verdict: result === 'served' ? 'fed' : 'short',
              rule: 'storage_restored',
              numbers: { lowGrams: dose.lowGrams, highGrams: dose.highGrams },
            },
      time,
      why,
      learned: null,
    });
  }
  return taken;
}

function isDecided(parts: StoreParts, claim: NotedClaim['claim']): boolean {
  const { occurrence, requestId } = claim;
  const known = parts.journal.findByRequestId(requestId);
  if (known !== undefined && known.state !== 'refused') return true;
  return occurrence !== null && parts.schedule.occurrence(occurrence.key) !== undefined;
}
