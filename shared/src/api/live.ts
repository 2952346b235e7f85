import * as v from 'valibot';
import { BowlReadingSchema, HopperReadingSchema } from '../calibration.ts';
import { CameraViewSchema, ClipSchema } from '../camera.ts';
import { FeedingSchema, FeedingStageSchema, OccurrenceSchema } from '../feeding.ts';
import { ClockQualitySchema } from '../time.ts';
import { CalibrationJobSchema } from './kibbles.ts';
import {
  ActiveFaultSchema,
  AlertSchema,
  ComponentSchema,
  ReaderViewSchema,
  StatusSchema,
} from './status.ts';

/** What happens while somebody watches: GET /api/v1/events (server-sent events). */
export const liveEventBodies = {
  /** The whole state: the first event of every stream. */
  status: StatusSchema,
  /** The scale: at most 5 a second while moving, one a second at rest. */
  reading: v.strictObject({ bowl: BowlReadingSchema, ...HopperReadingSchema.entries }),
  /** How far the running feeding is; about twice a second. */
  progress: v.strictObject({
    feedingId: v.string(),
    stage: FeedingStageSchema,
    servedGrams: v.nullable(v.number()),
    turns: v.number(),
    motorMs: v.number(),
    attempts: v.number(),
    bowlBeforeGrams: v.nullable(v.number()),
  }),
  /** A feeding was claimed, ended or refused. */
  feeding: FeedingSchema,
  /** An occurrence has its verdict. */
  occurrence: OccurrenceSchema,
  /** All faults that are active now. */
  faults: v.strictObject({ items: v.array(ActiveFaultSchema) }),
  alert: AlertSchema,
  clock: v.strictObject({ quality: ClockQualitySchema, stepMs: v.number() }),
  calibration: CalibrationJobSchema,
  component: ComponentSchema,
  /** Somebody came to the bowl or left it, or the reader went or came back. */
  presence: ReaderViewSchema,
  /** The camera's state, its recording light or its privacy changed. */
  camera: CameraViewSchema,
  /** A clip is there, or was changed. */
  clip: ClipSchema,
  /** A collection has changed: read it again. */
  changed: v.strictObject({
    what: v.picklist([
      'plans',
      'meals',
      'overlays',
      'pets',
      'kibbles',
      'settings',
      'scale',
      'clips',
    ]),
    id: v.nullable(v.string()),
  }),
  /** Events were missed that are no longer kept: read everything again. */
  reset: v.strictObject({ why: v.string() }),
  /** The feeder stops; the stream ends now. */
  stopping: v.strictObject({ why: v.string() }),
} as const;

export type LiveEventName = keyof typeof liveEventBodies;
export type LiveEventBody<Name extends LiveEventName> = v.InferOutput<
  (typeof liveEventBodies)[Name]
>;

/** The names, for a client that must subscribe to each. */
export const liveEventNames = Object.keys(liveEventBodies) as LiveEventName[];

/** These carry no id and are never replayed: the next one of their kind replaces them. */
export const transientLiveEvents: ReadonlySet<LiveEventName> = new Set([
  'status',
  'reading',
  'progress',
  'presence',
  'camera',
  'reset',
  'stopping',
]);
