import { DAY_MS } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type { StationTime } from '../platform/clock.ts';
import { statement } from './statements.ts';
import type { Transactor } from './transactor.ts';

/** Feedings and verdicts stay as long as the ledger keeps them at least. */
export const FEEDING_DAYS_KEPT = 400;
/** The curve of a feeding is for looking at it soon after. */
export const TRACE_DAYS_KEPT = 90;

export interface RowRetentionReport {
  readonly feedings: number;
  readonly traces: number;
  readonly occurrences: number;
}

/**
 * Forgets old feedings, their curves and old verdicts. Old is what the feeder has lived through
 * since, never what a wall clock says: these rows are what keeps a request and a meal from being
 * served twice, and a clock that was once wrong by years must not take them away. The newest
 * feeding stays: its number orders what comes after.
 */
export function forgetOldRows(
  db: Database.Database,
  transactor: Transactor,
  now: StationTime,
): RowRetentionReport {
  const oldAgeMs = now.ageMs - FEEDING_DAYS_KEPT * DAY_MS;
  const traceAgeMs = now.ageMs - TRACE_DAYS_KEPT * DAY_MS;
  if (traceAgeMs <= 0) return { feedings: 0, traces: 0, occurrences: 0 };
  return transactor.write('rows.forget', () => {
    const run = (sql: string, ...params: number[]) => statement(db, sql).run(...params).changes;
    return {
      traces: run(
        `DELETE FROM feeding_trace WHERE feeding_id IN
          (SELECT feeding_id FROM feeding WHERE state <> 'running' AND motion_age_ms < ?)`,
        traceAgeMs,
      ),
      // Only from the beginning: a hole in the numbers would look like a lost claim.
      feedings: run(
        `DELETE FROM feeding WHERE n < (SELECT max(n) FROM feeding) AND n < coalesce(
          (SELECT min(n) FROM feeding WHERE state = 'running' OR motion_age_ms >= ?),
          (SELECT max(n) FROM feeding))`,
        oldAgeMs,
      ),
      // A verdict goes when the feeding that followed it has gone.
      occurrences: run(
        `DELETE FROM occurrence WHERE state = 'closed'
          AND after_n < (SELECT coalesce(min(n), 0) - 1 FROM feeding)`,
      ),
    };
  });
}
