import {
  FeederError,
  type Feeding,
  type Meal,
  type Occurrence,
  type Overlay,
  type Plan,
  type Settings,
} from '@cat-feeder/shared';
import type { StationTime } from '../../src/platform/clock.ts';
import type { Collection, Single } from '../../src/platform/collection.ts';
import { isTrusted } from '../../src/scheduling/food-clock.ts';
import type {
  FoodHistory,
  FoodStamp,
  OccurrenceClosing,
  OccurrenceOrder,
  PlanView,
  ScheduleStore,
} from '../../src/scheduling/schedule-store.ts';

export interface MemoryScheduleDocuments {
  readonly plans: Collection<Plan>;
  readonly meals: Collection<Meal>;
  readonly overlays: Collection<Overlay>;
  readonly settings: Single<Settings>;
}

/** A feeding that a test lets happen, as far as the schedule can see it. */
export interface PlayedFeeding {
  readonly cause: Feeding['cause'];
  readonly order: OccurrenceOrder | null;
  readonly portionGrams: number;
  readonly servedLowGrams: number;
  readonly time: StationTime;
}

const hungryVerdicts = ['missed', 'blocked', 'failed', 'short', 'unknown_after_crash'];

/** The storage of the schedule in memory: the twin of the real one, for tests. */
export class MemoryScheduleStore implements ScheduleStore {
  readonly rows = new Map<string, Occurrence>();
  readonly closings: OccurrenceClosing[] = [];
  readonly reopened: string[] = [];
  readonly gaps: { fromMs: number; toMs: number; count: number }[] = [];
  /** When true, every write throws `ERR_STORAGE` and changes nothing. */
  isFull = false;
  writes = 0;
  readonly #documents: MemoryScheduleDocuments;
  readonly #time: (() => StationTime) | undefined;
  #view: PlanView | null = null;
  #closedThroughMs: number | null = null;
  #fenceAgeMs: number | null = null;
  #lastSure: FoodStamp | null = null;
  #lastCatchUp: FoodStamp | null = null;
  #lastElapsed: FoodStamp | null = null;
  #missed = new Map<string, FoodHistory['missed'][number]>();

  /** Without a clock no fence is ever seen. */
  constructor(documents: MemoryScheduleDocuments, time?: () => StationTime) {
    this.#documents = documents;
    this.#time = time;
  }

  /** The same object until a document changes. */
  view(): PlanView {
    const { settings, plans, meals, overlays } = this.#documents;
    const fresh = {
      settings: settings.get(),
      plans: plans.list(),
      meals: meals.list(),
      overlays: overlays.list(),
    };
    const isSame =
      this.#view?.settings === fresh.settings &&
      this.#view.plans === fresh.plans &&
      this.#view.meals === fresh.meals &&
      this.#view.overlays === fresh.overlays;
    this.#view = isSame && this.#view !== null ? this.#view : fresh;
    return this.#view;
  }

  decided(fromDate: string, toDate: string): ReadonlyMap<string, Occurrence> {
    const within = [...this.rows].filter(
      ([, row]) => row.localDate >= fromDate && row.localDate <= toDate,
    );
    return new Map(within);
  }

  occurrence(key: string): Occurrence | undefined {
    return this.rows.get(key);
  }

  close(closing: OccurrenceClosing): void {
    this.#write();
    const { occurrence, verdict, rule, why, time } = closing;
    if (this.rows.has(occurrence.key)) throw new FeederError('ERR_CONFLICT');
    const row: Occurrence = {
      ...occurrence,
      state: 'closed',
      verdict,
      rule,
      why,
      decidedAtMs: time.wallMs,
    };
    this.rows.set(occurrence.key, row);
    this.closings.push(closing);
    this.#noteMiss(row);
  }

  reopen(key: string, _why: string, _time: StationTime): void {
    this.#write();
    const row = this.rows.get(key);
    if (row === undefined) throw new FeederError('ERR_NOT_FOUND');
    if (row.feedingId !== null || row.verdict === null) throw new FeederError('ERR_CONFLICT');
    this.rows.delete(key);
    this.#missed.delete(key);
    this.reopened.push(key);
  }

  closeGap(gap: Parameters<ScheduleStore['closeGap']>[0]): void {
    this.#write();
    this.gaps.push({ fromMs: gap.fromMs, toMs: gap.toMs, count: gap.count });
  }

  closedThroughMs(): number | null {
    const fenceMs = this.#fenceMs();
    if (fenceMs === null || this.#closedThroughMs === null) return this.#closedThroughMs;
    return Math.max(this.#closedThroughMs, fenceMs);
  }

  setClosedThroughMs(wallMs: number): void {
    this.#write();
    this.#closedThroughMs = wallMs;
    const fenceMs = this.#fenceMs();
    if (fenceMs !== null && wallMs >= fenceMs) this.#fenceAgeMs = null;
  }

  fence({ ageMs }: StationTime): void {
    if (this.#closedThroughMs === null) return;
    this.#write();
    this.#fenceAgeMs = Math.max(ageMs, this.#fenceAgeMs ?? 0);
  }

  fencedFromMs(): number | null {
    return this.#fenceMs() === null ? null : this.#closedThroughMs;
  }

  food(): FoodHistory {
    return {
      lastSure: this.#lastSure,
      lastCatchUp: this.#lastCatchUp,
      lastElapsed: this.#lastElapsed,
      missed: [...this.#missed.values()],
    };
  }

  /** What the feeding rules write before anything moves. */
  claim({ occurrence }: OccurrenceOrder): void {
    this.#write();
    if (this.rows.has(occurrence.key)) throw new FeederError('ERR_CONFLICT');
    const feedingId = `feeding of ${occurrence.key}`;
    this.rows.set(occurrence.key, { ...occurrence, state: 'feeding', feedingId });
  }

  /** What the feeding rules would have written. */
  play(feeding: PlayedFeeding): void {
    this.#write();
    const { order, time, portionGrams, servedLowGrams } = feeding;
    const stamp = {
      wallMs: time.wallMs,
      ageMs: time.ageMs,
      bootId: time.bootId,
      trusted: isTrusted(time.quality),
    };
    if (feeding.cause === 'starvation') this.#lastCatchUp = stamp;
    if (feeding.cause === 'elapsed_time') this.#lastElapsed = stamp;
    const isSure = servedLowGrams * 2 >= portionGrams;
    if (isSure) {
      this.#lastSure = stamp;
      this.#missed.clear();
    }
    if (order === null) return;
    const { occurrence } = order;
    if (this.rows.get(occurrence.key)?.state === 'closed') throw new FeederError('ERR_CONFLICT');
    const row: Occurrence = {
      ...occurrence,
      state: 'closed',
      verdict: isSure ? order.verdict : 'failed',
      rule: isSure ? order.rule : 'jam',
      feedingId: `feeding of ${occurrence.key}`,
      servedGrams: servedLowGrams,
      decidedAtMs: time.wallMs,
      why: isSure ? 'Served.' : 'The motor was stuck.',
    };
    this.rows.set(occurrence.key, row);
    this.#noteMiss(row);
  }

  #fenceMs(): number | null {
    const now = this.#time?.();
    if (this.#fenceAgeMs === null || now === undefined || now.quality === 'unknown') return null;
    return Math.round(now.wallMs - Math.max(0, now.ageMs - this.#fenceAgeMs));
  }

  #noteMiss(row: Occurrence): void {
    if (!hungryVerdicts.includes(row.verdict ?? '')) return;
    const { key, portionGrams, dueAtMs } = row;
    this.#missed.set(key, { key, portionGrams, dueAtMs });
  }

  #write(): void {
    if (this.isFull) throw new FeederError('ERR_STORAGE');
    this.writes += 1;
  }
}
