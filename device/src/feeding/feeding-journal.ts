import type {
  ClockQuality,
  Dose,
  EpochMs,
  Fault,
  Feeding,
  FeedingCause,
  FeedingResult,
  Grams,
  Milliseconds,
  Occurrence,
  RefusalRule,
  Turns,
  Verdict,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';

/** When something was, in every clock that the feeder has. */
export interface Stamp {
  readonly wallMs: EpochMs;
  readonly ageMs: Milliseconds;
  readonly bootId: string;
  readonly quality: ClockQuality;
}

/** Food that counts: finished feedings by their interval, a running one by its reservation. */
export interface BookedDose {
  readonly feedingId: string;
  readonly cause: FeedingCause;
  readonly petId: string | null;
  readonly portionGrams: Grams;
  readonly lowGrams: Grams;
  readonly highGrams: Grams;
  /** What counts against a ration: the likely grams of a measured dose, else the high ones. */
  readonly rationGrams: Grams;
  readonly at: Stamp;
  /** Nobody knows whether it fell at all: the share of the plan, which is no safety bound, leaves it out. */
  readonly isAssumed?: true;
}

/** The durable intent: it commits before the first motor step. */
export interface ClaimRecord {
  readonly feedingId: string;
  readonly requestId: string;
  readonly cause: FeedingCause;
  /** The occurrence that this feeding serves; its row becomes `feeding` in the same transaction. */
  readonly occurrence: Occurrence | null;
  readonly petId: string | null;
  readonly kibbleId: string | null;
  readonly portionGrams: Grams;
  /** Booked against the caps until the outcome is known. */
  readonly reservedGrams: Grams;
  readonly time: StationTime;
  readonly why: string;
}

/** What was last heard of a running feeding. */
export interface ProgressRecord {
  readonly feedingId: string;
  readonly stage: Feeding['stage'];
  readonly turns: Turns;
  readonly motorMs: Milliseconds;
  readonly attempts: number;
  readonly servedGrams: Grams | null;
  readonly bowlBeforeGrams: Grams | null;
}

/** The outcome; the occurrence, if any, gets its verdict in the same transaction. */
export interface FinishRecord {
  readonly feedingId: string;
  readonly result: FeedingResult;
  readonly fault: Fault | null;
  readonly dose: Dose;
  readonly bowlBeforeGrams: Grams | null;
  readonly bowlAfterGrams: Grams | null;
  readonly turns: Turns;
  readonly attempts: number;
  readonly motorMs: Milliseconds;
  readonly trace: readonly (readonly [Milliseconds, Grams])[];
  readonly verdict: {
    readonly verdict: Verdict;
    readonly rule: string;
    readonly numbers: Record<string, number | null>;
  } | null;
  readonly time: StationTime;
  readonly why: string;
  /** Written in the same transaction: the kibble's model after learning. */
  readonly learned: {
    readonly kibbleId: string | null;
    readonly model: import('@cat-feeder/shared').KibbleModel;
  } | null;
}

export interface RefusalRecord {
  readonly feedingId: string;
  readonly requestId: string;
  readonly cause: FeedingCause;
  readonly petId: string | null;
  readonly portionGrams: Grams;
  readonly rule: RefusalRule;
  readonly numbers: Record<string, number | null>;
  readonly time: StationTime;
  readonly why: string;
}

/** A feeding whose outcome was never written: the power or the program failed in the middle. */
export interface OpenFeeding {
  readonly feeding: Feeding;
  readonly reservedGrams: Grams;
  readonly lastProgress: ProgressRecord;
  readonly occurrence: Occurrence | null;
  readonly claimedAt: Stamp;
}

export interface FeedingPage {
  readonly items: readonly Feeding[];
  readonly total: number;
  /** Pass as `before` to go on; null at the end. */
  readonly nextCursor: string | null;
}

/**
 * Where feedings are written. Synchronous: when a call returns, it is on disk. Every call is one
 * transaction with its ledger entry, and throws `ERR_STORAGE` with nothing changed on failure.
 */
export interface FeedingJournal {
  find(feedingId: string): Feeding | undefined;
  findByRequestId(requestId: string): Feeding | undefined;
  trace(feedingId: string): readonly (readonly [Milliseconds, Grams])[];
  list(query: {
    limit: number;
    before?: string;
    state?: Feeding['state'];
    petId?: string;
  }): FeedingPage;
  /** Doses that a window of 24 hours can still see, newest last, the running one included. */
  doses(now: StationTime): readonly BookedDose[];
  /** Books food that may have fallen, and that no feeding tells of. */
  assume(dose: BookedDose): void;
  /** Throws `ERR_CONFLICT` when the requestId or the occurrence was claimed before. */
  claim(record: ClaimRecord): void;
  /** Not a ledger entry: one small row, so that a crash can be explained. */
  progress(record: ProgressRecord): void;
  finish(record: FinishRecord): void;
  refuse(record: RefusalRecord): void;
  open(): readonly OpenFeeding[];
}
