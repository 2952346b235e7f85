import type {
  EpochMs,
  Grams,
  Meal,
  Milliseconds,
  Occurrence,
  Overlay,
  Plan,
  Settings,
  Verdict,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';

/** The parts of the plan that decide what is due. */
export interface PlanView {
  readonly settings: Settings;
  readonly plans: readonly Plan[];
  readonly meals: readonly Meal[];
  readonly overlays: readonly Overlay[];
}

/** A verdict without motion. */
export interface OccurrenceClosing {
  readonly occurrence: Occurrence;
  readonly verdict: Extract<Verdict, 'skipped' | 'missed' | 'blocked'>;
  readonly rule: string;
  readonly numbers: Record<string, number | null>;
  readonly why: string;
  readonly time: StationTime;
}

/** When something was, for the starvation clock. */
export interface FoodStamp {
  readonly wallMs: EpochMs;
  readonly ageMs: Milliseconds;
  readonly bootId: string;
  /** Whether the wall clock could be believed then. */
  readonly trusted: boolean;
}

/** What the starvation clock and the elapsed-time mode need to know. */
export interface FoodHistory {
  /** The last feeding of which at least half of the portion surely arrived. */
  readonly lastSure: FoodStamp | null;
  readonly lastCatchUp: FoodStamp | null;
  readonly lastElapsed: FoodStamp | null;
  /** Occurrences since then that were due and did not surely bring food. */
  readonly missed: readonly {
    readonly key: string;
    readonly portionGrams: Grams;
    readonly dueAtMs: EpochMs;
  }[];
}

/** Storage as scheduling needs it. Synchronous and durable; throws `ERR_STORAGE` with nothing changed. */
export interface ScheduleStore {
  view(): PlanView;
  /** Occurrences that have a row (state `feeding` or `closed`) on local dates from..to, both included. */
  decided(fromDate: string, toDate: string): ReadonlyMap<string, Occurrence>;
  occurrence(key: string): Occurrence | undefined;
  close(closing: OccurrenceClosing): void;
  /** Voids a verdict that was given without motion: the row goes, a ledger entry stays. */
  reopen(key: string, why: string, time: StationTime): void;
  /** More missed occurrences than are listed one by one. */
  closeGap(gap: {
    fromMs: EpochMs;
    toMs: EpochMs;
    count: number;
    why: string;
    time: StationTime;
  }): void;
  /** Everything due at or before this instant has its verdict. Null before the first run. */
  closedThroughMs(): EpochMs | null;
  /** Takes a fence away that lies at or before this instant. */
  setClosedThroughMs(wallMs: EpochMs): void;
  /**
   * The plan is edited while nobody knows the time: `closedThroughMs` lies here as soon as the time
   * is known, and `fencedFromMs` tells from where on nothing was sure. Nothing before the first run.
   */
  fence(time: StationTime): void;
  /** Null without a fence, and while the time is unknown. */
  fencedFromMs(): EpochMs | null;
  food(): FoodHistory;
}

/** One due occurrence with what was decided for it. */
export interface OccurrenceOrder {
  readonly occurrence: Occurrence;
  readonly portionGrams: Grams;
  /** The verdict when the whole of `portionGrams` is served. */
  readonly verdict: Extract<Verdict, 'fed' | 'fed_late' | 'fed_reduced'>;
  readonly rule: string;
}

/** A feeding that the scheduler wants without an occurrence of its own. */
export interface ExtraOrder {
  readonly requestId: string;
  readonly cause: 'starvation' | 'elapsed_time';
  readonly portionGrams: Grams;
  readonly why: string;
}

/** What came of asking. `refused`: nothing was begun; `remainingGrams` is what the caps still leave. */
export type FeedAnswer =
  | { readonly kind: 'ended'; readonly servedLowGrams: Grams }
  | {
      readonly kind: 'refused';
      readonly rule: import('@cat-feeder/shared').RefusalRule;
      readonly remainingGrams: Grams;
      readonly why: string;
    };

/** The feeding rules as scheduling needs them. */
export interface MealFeeder {
  /**
   * Serves one occurrence; when it resolves as `ended`, its verdict is on disk. What is to be served
   * has its row when the call returns: an occurrence without one was refused, and may be closed.
   */
  feedOccurrence(order: OccurrenceOrder): Promise<FeedAnswer>;
  feedExtra(order: ExtraOrder): Promise<FeedAnswer>;
}

/** The alarm clock: rings at least once at or after the wall time given. It is never the truth. */
export interface AlarmClock {
  /** Replaces the alarm set before. */
  ringAt(wallMs: EpochMs, ring: () => void): void;
  clear(): void;
}
