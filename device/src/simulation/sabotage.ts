import type { Settings } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { claimedFeeding } from '../feeding/claimed-feeding.ts';
import { checkFeed, type FeedContext } from '../feeding/feed-checks.ts';
import type { ClaimRecord, FeedingJournal } from '../feeding/feeding-journal.ts';
import type { ScheduleStore } from '../scheduling/schedule-store.ts';
import type { Sabotage } from './boot.ts';

/*
 * Ways to take a rule away without touching the product: its ports are wrapped, its checks see
 * another context, its database lies. Only mutants.ts uses them.
 */

/** The checks as they are, on a context without what one of them needs. */
export function changedContext(change: (context: FeedContext) => FeedContext): () => Sabotage {
  return () => ({
    rules: { check: (command, context) => checkFeed(command, change(context)) },
  });
}

/** The checks as they are, with a setting that never refuses. */
export function withSettings(settings: Partial<Settings>): () => Sabotage {
  return changedContext((context) => ({
    ...context,
    settings: { ...context.settings, ...settings },
  }));
}

export function wrapJournal(
  wrap: (journal: FeedingJournal) => Partial<FeedingJournal>,
): () => Sabotage {
  return () => ({
    rules: { wrapJournal: (journal) => changed(journal, wrap(journal)) },
  });
}

export function wrapSchedule(
  wrap: (store: ScheduleStore) => Partial<ScheduleStore>,
): () => Sabotage {
  return () => ({
    rules: { wrapSchedule: (store) => changed(store, wrap(store)) },
  });
}

/** The same object, but for what is changed. */
export function changed<T extends object>(target: T, changes: Partial<T>): T {
  return new Proxy(target, {
    get: (object, key) => {
      if (Object.hasOwn(changes, key)) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(object, key, object);
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

/** The claim reaches the disk only together with the outcome. */
export function lateClaims(journal: FeedingJournal): Partial<FeedingJournal> {
  const waiting = new Map<string, ClaimRecord>();
  return {
    claim: (record) => void waiting.set(record.feedingId, record),
    find: (id) => {
      const record = waiting.get(id);
      return record === undefined ? journal.find(id) : claimedFeeding(record);
    },
    finish: (record) => {
      const claim = waiting.get(record.feedingId);
      if (claim !== undefined) journal.claim(claim);
      waiting.delete(record.feedingId);
      journal.finish(record);
    },
  };
}

/** Nothing keeps a request or an occurrence from being claimed again. */
export function withoutUniqueness(db: Database.Database): Database.Database {
  db.exec('DROP INDEX IF EXISTS feeding_by_request; DROP INDEX IF EXISTS feeding_by_occurrence');
  return db;
}

/** Commits of one kind are rolled back, and everybody is told that they succeeded. */
export function loseCommits(transaction: string): () => Sabotage {
  return () => {
    let isLost = false;
    const known = new WeakMap<Database.Database, Database.Database>();
    return {
      beforeCommit: (name) => {
        isLost = name === transaction;
      },
      database: (db) => {
        const before = known.get(db);
        if (before !== undefined) return before;
        const commit = db.prepare('COMMIT');
        const rollback = db.prepare('ROLLBACK');
        const lying = changed(db, {
          prepare: ((sql: string) =>
            sql === 'COMMIT'
              ? { run: () => (isLost ? rollback : commit).run() }
              : db.prepare(sql)) as unknown as Database.Database['prepare'],
        });
        known.set(db, lying);
        return lying;
      },
    };
  };
}

export function trigger(sql: string): () => Sabotage {
  return () => ({
    afterOpen: (db) => {
      db.exec(`DROP TRIGGER IF EXISTS mutant; CREATE TEMP TRIGGER mutant ${sql}`);
    },
  });
}

type PlanView = ReturnType<ScheduleStore['view']>;

/** The plan with half as much again in each meal. */
export function largerMeals(view: PlanView): PlanView {
  const meals = view.meals.map((meal) => ({ ...meal, portionGrams: 1.5 * meal.portionGrams }));
  return { ...view, meals };
}

/** The plan as a feeder sees it that serves a meal however late. */
export function endlessGrace(view: PlanView): PlanView {
  return { ...view, settings: { ...view.settings, graceMinutes: 24 * 60 } };
}

/** The plan as a feeder sees it that knows no summer time. */
export function fixedOffset(view: PlanView): PlanView {
  return { ...view, settings: { ...view.settings, zone: 'Etc/GMT-1' } };
}
