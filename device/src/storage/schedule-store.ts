import {
  FeederError,
  type Meal,
  MINUTE_MS,
  type Occurrence,
  type Overlay,
  type Plan,
  type Settings,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import type { Collection, Single } from '../platform/collection.ts';
import type {
  FoodHistory,
  OccurrenceClosing,
  PlanView,
  ScheduleStore,
} from '../scheduling/schedule-store.ts';
import type { EventLog } from './event-log.ts';
import { clipWhy, occurrenceRow, toOccurrence } from './feeding-rows.ts';
import type { FoodMemory } from './food-memory.ts';
import type { OccurrenceStore } from './occurrence-store.ts';
import type { StateStore } from './state-store.ts';
import type { Transactor } from './transactor.ts';

/**
 * How far `closedThrough` may run ahead of the disk. After a crash the scheduler goes over these
 * minutes again and finds the rows that are there, so nothing is decided twice; and the card is
 * left alone while nothing happens.
 */
const CLOSED_THROUGH_LAG_MS = 15 * MINUTE_MS;

/**
 * Set by a restore that lost entries, since what was due before it may have been served, and by an
 * edit under an unknown clock, since what was due before it may be in the plan no more.
 */
export interface Fence {
  /** The feeder's age then. */
  readonly ageMs: number;
}

export interface ScheduleStoreOptions {
  readonly transactor: Transactor;
  readonly log: EventLog;
  readonly state: StateStore;
  readonly occurrences: OccurrenceStore;
  readonly food: FoodMemory;
  readonly settings: Single<Settings>;
  readonly plans: Collection<Plan>;
  readonly meals: Collection<Meal>;
  readonly overlays: Collection<Overlay>;
  /** The number of the newest claim, also of one that still waits in the emergency journal. */
  readonly lastFeedingNumber: () => number;
  readonly time: () => StationTime;
}

/** Storage for the scheduler: the plan as it stands, and every decision it has made. */
export class SqliteScheduleStore implements ScheduleStore {
  readonly #options: ScheduleStoreOptions;
  #view: PlanView | null = null;
  #closedThroughMs: number | null | undefined;

  constructor(options: ScheduleStoreOptions) {
    this.#options = options;
  }

  /** The same object until a document changes. */
  view(): PlanView {
    const { settings, plans, meals, overlays } = this.#options;
    const now = {
      settings: settings.get(),
      plans: plans.list(),
      meals: meals.list(),
      overlays: overlays.list(),
    };
    const isSame =
      this.#view?.settings === now.settings &&
      this.#view.plans === now.plans &&
      this.#view.meals === now.meals &&
      this.#view.overlays === now.overlays;
    if (!isSame || this.#view === null) this.#view = now;
    return this.#view;
  }

  decided(fromDate: string, toDate: string): ReadonlyMap<string, Occurrence> {
    return this.#options.occurrences.between(fromDate, toDate);
  }

  occurrence(key: string): Occurrence | undefined {
    const row = this.#options.occurrences.get(key);
    return row === undefined ? undefined : toOccurrence(row);
  }

  close(closing: OccurrenceClosing): void {
    const { transactor, occurrences, food, lastFeedingNumber } = this.#options;
    const { occurrence, verdict, rule, numbers, why, time } = closing;
    if (occurrences.get(occurrence.key) !== undefined) {
      throw new FeederError('ERR_CONFLICT', { message: `${occurrence.key} is decided already.` });
    }
    transactor.write('occurrence.close', () => {
      const row = occurrenceRow(occurrence, {
        state: 'closed',
        feeding_id: null,
        after_n: lastFeedingNumber(),
      });
      const closed = occurrences.close(row, { verdict, rule, numbers, why }, time.wallMs);
      transactor.afterCommit(() => food.onClosed(closed));
    });
  }

  reopen(key: string, why: string, _time: StationTime): void {
    const { transactor, occurrences, food, log } = this.#options;
    const row = occurrences.get(key);
    if (row === undefined) throw new FeederError('ERR_NOT_FOUND');
    const { verdict } = toOccurrence(row);
    if (row.feeding_id !== null || verdict === null) {
      throw new FeederError('ERR_CONFLICT', { message: `The motor may have moved for ${key}.` });
    }
    transactor.write('occurrence.reopen', () => {
      occurrences.remove(key);
      log.append('occurrence.reopened', { key, voided: verdict, why: clipWhy(why) });
      transactor.afterCommit(() => food.onReopened(key));
    });
  }

  closeGap(gap: Parameters<ScheduleStore['closeGap']>[0]): void {
    const { fromMs, toMs, count, why } = gap;
    this.#options.transactor.write('occurrence.gap', () =>
      this.#options.log.append('occurrence.gap', { fromMs, toMs, count, why: clipWhy(why) }),
    );
  }

  closedThroughMs(): number | null {
    const stored = this.#closedThrough();
    const fenceMs = this.#fenceMs();
    if (fenceMs === null) return stored;
    return stored === null ? fenceMs : Math.max(stored, fenceMs);
  }

  setClosedThroughMs(wallMs: number): void {
    const stored = this.#options.state.read<number>('closed_through');
    const fenceMs = this.#fenceMs();
    const isAhead = stored !== null && wallMs >= stored && wallMs < stored + CLOSED_THROUGH_LAG_MS;
    if (!isAhead || fenceMs !== null) {
      this.#options.transactor.write('schedule.closed_through', () => {
        this.#options.state.write('closed_through', wallMs);
        if (fenceMs !== null && wallMs >= fenceMs) this.#options.state.write('restore_fence', null);
      });
    }
    this.#closedThroughMs = wallMs;
  }

  food(): FoodHistory {
    return this.#options.food.history();
  }

  #closedThrough(): number | null {
    if (this.#closedThroughMs === undefined) {
      this.#closedThroughMs = this.#options.state.read<number>('closed_through');
    }
    return this.#closedThroughMs;
  }

  fence({ ageMs }: StationTime): void {
    if (this.#closedThrough() === null) return;
    this.#options.transactor.write('schedule.fence', () => {
      const known = this.#options.state.read<Fence>('restore_fence');
      const fence: Fence = { ageMs: Math.max(ageMs, known?.ageMs ?? 0) };
      this.#options.state.write('restore_fence', fence);
    });
  }

  fencedFromMs(): number | null {
    return this.#fenceMs() === null ? null : this.#closedThrough();
  }

  /** The wall time of the fence; null without one, or while the time is unknown. */
  #fenceMs(): number | null {
    const fence = this.#options.state.read<Fence>('restore_fence');
    if (fence === null) return null;
    const now = this.#options.time();
    if (now.quality === 'unknown') return null;
    return Math.round(now.wallMs - Math.max(0, now.ageMs - fence.ageMs));
  }
}
