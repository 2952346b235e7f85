import * as v from 'valibot';
import { BowlReadingSchema, HopperReadingSchema } from '../calibration.ts';
import { CameraViewSchema } from '../camera.ts';
import { FaultSchema, FeedingSchema, OccurrenceSchema } from '../feeding.ts';
import { ClockQualitySchema } from '../time.ts';

/** What this local day has brought so far. */
export const TodaySchema = v.strictObject({
  localDate: v.string(),
  /** What the plan wants over the whole day. */
  plannedGrams: v.number(),
  /** What likely reached the bowl. */
  servedGrams: v.number(),
  /** What surely did. */
  lowGrams: v.number(),
  /** What may have; counts against the caps. */
  highGrams: v.number(),
  /** What the caps of the day still leave. */
  remainingCapGrams: v.number(),
});
export type Today = v.InferOutput<typeof TodaySchema>;

/** A fault that is shown now. */
export const ActiveFaultSchema = v.strictObject({
  fault: FaultSchema,
  /** The feeding in which it was seen. */
  feedingId: v.nullable(v.string()),
  sinceMs: v.number(),
  why: v.string(),
  /**
   * off: nothing moves until a person has cleared it. maintenance: reduced portions go on.
   * retry: the next meal tries again. wait: refused while the condition lasts.
   */
  effect: v.picklist(['off', 'maintenance', 'retry', 'wait']),
  /** What the person in front of the feeder can do. */
  advice: v.string(),
});
export type FaultView = v.InferOutput<typeof ActiveFaultSchema>;

/** Something a person should know, such as a meal that did not arrive. */
export const AlertSchema = v.strictObject({
  alert: v.string(),
  /** What it is about: an occurrence, a pet, or nothing. */
  subject: v.nullable(v.string()),
  sinceMs: v.number(),
  why: v.string(),
});
export type Alert = v.InferOutput<typeof AlertSchema>;

/** One part of the daemon. */
export const ComponentSchema = v.strictObject({
  name: v.string(),
  state: v.picklist(['ok', 'degraded', 'failed', 'starting']),
  why: v.string(),
});
export type Component = v.InferOutput<typeof ComponentSchema>;

/** The pet reader: whether it works, and who is at the bowl. */
export const ReaderViewSchema = v.strictObject({
  state: v.picklist(['ok', 'silent', 'unplugged', 'implausible', 'stuck', 'saturated', 'babbling']),
  /** A sentence for people; empty when all is well. */
  why: v.string(),
  /** Chips and collar tags at the bowl now, in the order of their arrival. */
  tags: v.array(v.string()),
  /** The tag that was seen last since the start, by its last four digits; null: none yet. */
  lastSeen: v.nullable(v.strictObject({ tag: v.string(), atMs: v.number() })),
});
export type ReaderView = v.InferOutput<typeof ReaderViewSchema>;

export const StorageHealthSchema = v.strictObject({ ok: v.boolean(), why: v.string() });
export type StorageHealth = v.InferOutput<typeof StorageHealthSchema>;

/** A claim under way: the code is for the owner, who types it at the cloud. */
export const ClaimViewSchema = v.strictObject({
  code: v.string(),
  secondsLeft: v.number(),
  /** The account that typed the code; it gets the feeder when somebody agrees here. Null: none. */
  account: v.nullable(v.string()),
});

/** The link to the cloud. Feeding never waits for it. */
export const CloudViewSchema = v.strictObject({
  url: v.string(),
  /**
   * unclaimed: no account has this feeder. resting: it waits before it tries again. connecting,
   * online. local: the cloud refuses this feeder, which tries again once an hour. off: not started.
   */
  state: v.picklist(['unclaimed', 'off', 'resting', 'connecting', 'online', 'local']),
  account: v.nullable(v.string()),
  /** The name of this feeder at the cloud. */
  device: v.nullable(v.string()),
  /** Entries of the ledger that the cloud does not have yet. */
  waiting: v.number(),
  /** Since the cloud's last answer; null: none since the start. */
  secondsSinceAnswer: v.nullable(v.number()),
  /** Why it is not online; empty when it is. */
  why: v.string(),
  /** Whether the cloud can ring. Off or waiting: it is asked every now and then, and nothing is lost. */
  doorbell: v.picklist(['off', 'waiting', 'calling', 'listening']),
  /** Edits of both sides that met, and that nobody has looked at yet. */
  openConflicts: v.number(),
  /** Clips on their way to the cloud; null: this feeder has no place for clips. */
  clips: v.nullable(
    v.strictObject({
      /** The owner wants them there. */
      isOn: v.boolean(),
      isSending: v.boolean(),
      /** Clips that the cloud does not have; 0 while it is to have none. */
      waiting: v.number(),
      /** Why nothing is sent; empty: nothing is wrong. */
      why: v.string(),
    }),
  ),
  /** The cloud has seen a second copy of this feeder's card since it was claimed. */
  cloned: v.boolean(),
  claim: v.nullable(ClaimViewSchema),
});
export type CloudView = v.InferOutput<typeof CloudViewSchema>;

/** POST /api/v1/cloud/agree: the account as it was shown, so that no other one slips in. */
export const ClaimAgreeSchema = v.strictObject({ account: v.pipe(v.string(), v.maxLength(200)) });

/** GET /api/v1/status: everything the first page shows. */
export const StatusSchema = v.strictObject({
  name: v.string(),
  version: v.string(),
  nowMs: v.number(),
  clockQuality: ClockQualitySchema,
  zone: v.string(),
  uptimeMs: v.number(),
  bowl: BowlReadingSchema,
  ...HopperReadingSchema.entries,
  /**
   * Days that the food in the hopper lasts at the mean of the last seven days; null when its mass
   * is unknown, the clock is not believed, or there are no seven days of feedings to go by.
   */
  hopperDaysLeft: v.nullable(v.number()),
  motorOn: v.boolean(),
  running: v.nullable(FeedingSchema),
  next: v.nullable(OccurrenceSchema),
  today: TodaySchema,
  faults: v.array(ActiveFaultSchema),
  alerts: v.array(AlertSchema),
  storage: StorageHealthSchema,
  /** Null: no pet reader is wired. */
  reader: v.nullable(ReaderViewSchema),
  /** Null: the feeder has no camera. */
  camera: v.nullable(CameraViewSchema),
  /** Null: no cloud is configured. */
  cloud: v.nullable(CloudViewSchema),
  /** True on the simulated board: nothing here moves real food. */
  simulated: v.boolean(),
  components: v.array(ComponentSchema),
});
export type Status = v.InferOutput<typeof StatusSchema>;
