import type {
  Alert,
  BowlReading,
  CalibrationJob,
  CameraView,
  Clip,
  ClipPicture,
  CloudQueue,
  CloudView,
  Component,
  Conflict,
  Fault,
  Feeding,
  FeedRequest,
  Grams,
  Kibble,
  LedgerPage,
  LedgerVerify,
  Meal,
  MealInput,
  Milliseconds,
  Occurrence,
  Overlay,
  OverlayInput,
  PartTest,
  Pet,
  PetInput,
  Plan,
  PlanInput,
  RationToday,
  ReaderView,
  ScaleCalibration,
  Settings,
  StorageHealth,
  Today,
} from '@cat-feeder/shared';
import type { ClipCatalogue } from '../camera/clip-catalogue.ts';
import type { LiveSeats } from '../camera/live-seats.ts';
import type { StationHealth } from '../dispensing/feed-station.ts';
import type { ActiveFault } from '../feeding/fault-effects.ts';
import type { FeedingJournal } from '../feeding/feeding-journal.ts';
import type { Clock, StationClock } from '../platform/clock.ts';
import type { Collection, Single } from '../platform/collection.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import type { Logger } from '../platform/logger.ts';
import type { SchedulePreview } from '../scheduling/preview.ts';
import type { ByteSource } from './pulled-stream.ts';

/** The one way to the dispenser. */
export interface FeedDoor {
  /** Resolves when the claim is durable; rejects with the coded error of the rule that refused. */
  feed(request: FeedRequest): Promise<{ feeding: Feeding; created: boolean }>;
  /** Resolves with what fell; a feeding that has ended is returned as it is. `ERR_NOT_FOUND`. */
  cancel(feedingId: string): Promise<Feeding>;
  /** The motor is off when this returns; the promise waits for the record. */
  stopAll(): Promise<void>;
  running(): Feeding | null;
}

/** Faults that are shown now. */
export interface FaultBoard {
  active(): readonly ActiveFault[];
  /** `ERR_NOT_FOUND` when it is not active. */
  clear(fault: Fault, by: string): void;
}

/** The plan as people edit it; every rule of it is checked in there. */
export interface PlanBookPort {
  plans(): readonly Plan[];
  meals(): readonly Meal[];
  overlays(): readonly Overlay[];
  addPlan(input: PlanInput): Plan;
  changePlan(id: string, patch: { name?: string }, expectedRev?: number): Plan;
  removePlan(id: string): void;
  activatePlan(id: string): void;
  /** Into the named plan, else the active one, else a first one that it makes. */
  addMeal(input: MealInput): Meal;
  changeMeal(id: string, patch: Partial<Omit<MealInput, 'planId'>>, expectedRev?: number): Meal;
  removeMeal(id: string): void;
  addOverlay(input: OverlayInput): Overlay;
  removeOverlay(id: string): void;
  /** Leaves out the next occurrence. `ERR_BUSINESS_RULE` when none is to come. */
  skipNext(): Overlay;
}

/** What was due, is due and will be. */
export interface SchedulePort {
  /** Null without a plan, or while everything is paused. */
  next(): Occurrence | null;
  /** Local dates, both included. */
  occurrences(fromDate: string, toDate: string): readonly Occurrence[];
  occurrence(key: string): Occurrence | undefined;
  preview(days: number): SchedulePreview;
  localDate(): string;
}

export interface PetRegisterPort {
  list(): readonly Pet[];
  get(id: string): Pet | undefined;
  add(input: PetInput): Pet;
  change(id: string, patch: Partial<PetInput>, expectedRev?: number): Pet;
  /** `ERR_BUSINESS_RULE` while meals are meant for it. */
  remove(id: string): void;
  today(id: string): RationToday;
}

export interface ScalePort {
  reading(): BowlReading;
  calibration(): ScaleCalibration;
  tare(request: { confirm: boolean }): Promise<ScaleCalibration>;
  span(request: { knownGrams: Grams; confirm: boolean }): Promise<ScaleCalibration>;
}

/** The cell under the hopper; its present reading is in the station's health. */
export interface HopperPort {
  /** Null: never tared. */
  calibration(): ScaleCalibration | null;
  tare(request: { confirm: boolean }): Promise<ScaleCalibration>;
  span(request: { knownGrams: Grams; confirm: boolean }): Promise<ScaleCalibration>;
  /** At the mean of the last seven days; null when unknown. */
  daysLeft(): number | null;
}

export interface KibbleCalibrationPort {
  start(kibbleId: string, wish: { rounds: number; portionGrams: Grams }): CalibrationJob;
  /** The job that runs or ran last. */
  status(): CalibrationJob | null;
}

export interface LedgerPort {
  page(query: { afterSeq: number; limit: number }): LedgerPage;
  verify(): LedgerVerify | Promise<LedgerVerify>;
  /** The whole of it with a signature, as `docs/ledger-file.md` says. */
  file(): ByteSource;
}

/** The camera now. */
export interface CameraPort {
  view(): CameraView;
  /** The newest picture as a JPEG; `ERR_CAMERA`. */
  snapshot(): Promise<Uint8Array>;
  readonly live: Pick<LiveSeats, 'watch'>;
}

/** Clips that are there, with a camera or without. */
export interface ClipsPort extends Pick<ClipCatalogue, 'get' | 'list'> {
  /** Watchers are told. `ERR_NOT_FOUND`, `ERR_STORAGE`. */
  setKeep(id: string, keep: boolean): Clip;
  /** By the owner's hand. `ERR_NOT_FOUND`, `ERR_STORAGE`. */
  remove(id: string): Promise<void>;
  /** Where a file of a clip is; null: there is none. */
  path(id: string, what: 'video' | ClipPicture): string | null;
}

/** The link to the cloud. */
export interface CloudPort {
  view(): CloudView;
  /** Asks the cloud for a code. `ERR_UNAVAILABLE`. */
  beginClaim(): Promise<NonNullable<CloudView['claim']>>;
  /** `ERR_CONFLICT` when this account has not typed the code. */
  agree(account: string): void;
  cancelClaim(): void;
  /** `ERR_UNAVAILABLE` and `ERR_CONFLICT`: the former key stays. */
  rotateKey(): Promise<void>;
  /** The feeder is local from now on. */
  unlink(): void;
  /** Edits of both sides that met, the newest first. */
  conflicts(): readonly Conflict[];
  /** Makes the lost edit again, here. `ERR_NOT_FOUND`, `ERR_CONFLICT`, and what an edit is refused with. */
  restoreConflict(id: string): Conflict;
  /** `ERR_NOT_FOUND`. */
  dismissConflict(id: string): Conflict;
  /** Somebody wants the link now: a wait between two tries ends. */
  hurry(): void;
  /** What waits for the cloud, and why. */
  queue(): CloudQueue;
}

/** What this program is. */
export interface FeederIdentity {
  readonly version: string;
  readonly board: string;
  readonly simulated: boolean;
  /** Monotonic time at which the daemon began. */
  readonly startedMonoMs: Milliseconds;
}

/** Everything that the routes ask the feeder. Each part is as small as they need. */
export interface ApiDeps {
  readonly identity: FeederIdentity;
  readonly clock: Clock;
  readonly time: StationClock;
  readonly log: Logger;
  readonly live: LiveEvents;
  readonly station: { health(): StationHealth };
  readonly feeding: FeedDoor;
  readonly journal: Pick<FeedingJournal, 'find' | 'findByRequestId' | 'list' | 'trace'>;
  readonly faults: FaultBoard;
  readonly today: () => Today;
  readonly plans: PlanBookPort;
  readonly schedule: SchedulePort;
  readonly pets: PetRegisterPort;
  readonly kibbles: Collection<Kibble>;
  readonly kibbleCalibration: KibbleCalibrationPort;
  readonly scale: ScalePort;
  readonly hopper: HopperPort;
  readonly settings: Single<Settings>;
  readonly ledger: LedgerPort;
  readonly alerts: () => readonly Alert[];
  readonly components: () => readonly Component[];
  /** What every part finds out about itself; two seconds at most, and nothing turns. */
  selfTest(): Promise<PartTest[]>;
  readonly storage: () => StorageHealth;
  /** Null: no pet reader is wired. */
  readonly reader: () => ReaderView | null;
  /** Null: the feeder has none. */
  readonly camera: CameraPort | null;
  readonly clips: ClipsPort;
  /** Null: no cloud is configured. */
  readonly cloud: CloudPort | null;
  /** Space left where the data lies; null when it cannot be known. */
  readonly diskFreeBytes: () => number | null;
  /** Live readings cost wake-ups: told when somebody begins to watch, and when nobody does. */
  readonly onAudience: (isWatched: boolean) => void;
}
