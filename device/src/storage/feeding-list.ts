import { FeederError } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { FeedingJournal } from '../feeding/feeding-journal.ts';
import type { CheckedTable } from './checked-table.ts';
import type { FeedingRow } from './schema.ts';
import { type SqlValue, statement } from './statements.ts';

const PAGE_MAX = 500;

export type FeedingQuery = Parameters<FeedingJournal['list']>[0];

export interface FeedingRows {
  readonly rows: readonly FeedingRow[];
  readonly total: number;
  readonly nextCursor: string | null;
}

/** One page of feedings, newest first; `held` are rows that the database does not have yet. */
export function listFeedings(
  db: Database.Database,
  feedings: CheckedTable<FeedingRow>,
  held: readonly FeedingRow[],
  query: FeedingQuery,
): FeedingRows {
  const limit = Math.min(Math.max(1, Math.floor(query.limit)), PAGE_MAX);
  const before = query.before === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.before);
  const { where, params } = conditions(query);
  const counted = statement<{ total: number }>(
    db,
    `SELECT count(*) AS total FROM feeding WHERE ${where}`,
  ).get(...params);
  const fitting = held
    .filter((row) => query.state === undefined || row.state === query.state)
    .filter((row) => query.petId === undefined || row.pet_id === query.petId)
    .toReversed();
  const rest = `WHERE ${where} AND n < ? ORDER BY n DESC LIMIT ?`;
  const stored = feedings.all(rest, ...params, before, limit + 1);
  const found = [...fitting.filter((row) => row.n < before), ...stored];
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return {
    rows,
    total: (counted?.total ?? 0) + fitting.length,
    nextCursor: found.length > limit && last !== undefined ? String(last.n) : null,
  };
}

function conditions(query: FeedingQuery): { where: string; params: SqlValue[] } {
  const terms = ['1 = 1'];
  const params: SqlValue[] = [];
  if (query.state !== undefined) {
    terms.push('state = ?');
    params.push(query.state);
  }
  if (query.petId !== undefined) {
    terms.push('pet_id = ?');
    params.push(query.petId);
  }
  return { where: terms.join(' AND '), params };
}

function readCursor(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new FeederError('ERR_VALIDATION', {
    details: [{ path: 'before', message: 'must be a cursor that this list gave' }],
  });
}
