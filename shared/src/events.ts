import * as v from 'valibot';
import { ClipDropReasonSchema, ClipSchema, ClipVisitSchema } from './camera.ts';
import {
  FaultSchema,
  FeedingCauseSchema,
  FeedingResultSchema,
  RefusalRuleSchema,
  VerdictSchema,
} from './feeding.ts';
import { GroupOutcomeSchema, GroupRevsSchema, GroupsSchema, SyncDocSchema } from './sync/docs.ts';
import { CommandEndSchema } from './sync/downlink.ts';
import { SignedHeadSchema } from './sync/ledger-file.ts';
import { Bytes8Schema, UlidSchema } from './sync/wire.ts';
import { ClockQualitySchema } from './time.ts';

/**
 * Everything the ledger can hold. A kind keeps its number for ever; a change of its body raises
 * its version. Classes say what goes first when an offline feeder runs out of room: C (weights,
 * health), then B (visits), and A (feedings, safety, documents) last.
 */
const mg = v.pipe(v.number(), v.integer());
const text = v.pipe(v.string(), v.maxLength(400));
const numbers = v.record(v.pipe(v.string(), v.maxLength(40)), v.nullable(v.number()));

const bodies = {
  'daemon.started': v.strictObject({
    version: text,
    bootNumber: v.number(),
    clean: v.boolean(),
    openFeedings: v.number(),
  }),
  'daemon.stopped': v.strictObject({ reason: text }),
  'feeding.claimed': v.strictObject({
    feedingId: v.string(),
    requestId: v.string(),
    cause: FeedingCauseSchema,
    occurrenceKey: v.nullable(v.string()),
    petId: v.nullable(v.string()),
    kibbleId: v.nullable(v.string()),
    portionMg: mg,
    reservedMg: mg,
  }),
  'feeding.ended': v.strictObject({
    feedingId: v.string(),
    result: FeedingResultSchema,
    fault: v.nullable(FaultSchema),
    lowMg: mg,
    likelyMg: mg,
    highMg: mg,
    method: v.picklist(['measured', 'estimated', 'unknown']),
    bowlBeforeMg: v.nullable(mg),
    bowlAfterMg: v.nullable(mg),
    milliTurns: mg,
    attempts: v.number(),
    motorMs: v.number(),
    why: text,
  }),
  'feeding.refused': v.strictObject({
    feedingId: v.string(),
    requestId: v.string(),
    cause: FeedingCauseSchema,
    portionMg: mg,
    rule: RefusalRuleSchema,
    numbers,
    why: text,
  }),
  'occurrence.closed': v.strictObject({
    key: v.string(),
    verdict: VerdictSchema,
    rule: text,
    dueMs: v.number(),
    portionMg: mg,
    servedMg: v.nullable(mg),
    feedingId: v.nullable(v.string()),
    numbers,
    why: text,
  }),
  /** A verdict without motion, given while the clock was wrong, is void again. */
  'occurrence.reopened': v.strictObject({ key: v.string(), voided: VerdictSchema, why: text }),
  /** More missed occurrences than are listed one by one. */
  'occurrence.gap': v.strictObject({
    fromMs: v.number(),
    toMs: v.number(),
    count: v.number(),
    why: text,
  }),
  'doc.changed': v.strictObject({
    kind: v.string(),
    id: v.string(),
    rev: v.number(),
    deleted: v.boolean(),
    groups: v.record(v.string(), v.unknown()),
    /** The revision of each group; entries of version 1 lack it. */
    grevs: v.optional(GroupRevsSchema),
  }),
  /** What became of a wish of the cloud, and the document as it is since; null: there is none. */
  'mutation.closed': v.strictObject({
    mid: UlidSchema,
    /** Kind and id; null when the wish could not be read. */
    target: v.nullable(v.tuple([v.string(), UlidSchema])),
    outcomes: v.record(v.string(), GroupOutcomeSchema),
    reason: v.nullable(text),
    superseded: GroupsSchema,
    doc: v.optional(v.nullable(SyncDocSchema)),
  }),
  'command.ended': v.strictObject({
    commandId: UlidSchema,
    /** The claim this is the end of: nobody else's end counts. */
    nonce: Bytes8Schema,
    state: CommandEndSchema,
    reason: text,
    feedingId: v.nullable(v.string()),
  }),
  /** Document `n` of `of`, one after the other: at the last one the cloud has all there are. */
  'doc.snapshot': v.strictObject({
    n: v.number(),
    of: v.number(),
    doc: v.nullable(SyncDocSchema),
  }),
  /** The feeder's own key vouches for everything before this entry; see `headWords`. */
  'ledger.signed': SignedHeadSchema,
  'calibration.changed': v.strictObject({
    what: v.picklist(['tare', 'span', 'kibble']),
    before: v.nullable(v.unknown()),
    after: v.unknown(),
    why: text,
  }),
  'fault.raised': v.strictObject({
    fault: FaultSchema,
    feedingId: v.nullable(v.string()),
    why: text,
  }),
  'fault.cleared': v.strictObject({ fault: FaultSchema, by: text }),
  'alert.raised': v.strictObject({ alert: text, subject: v.nullable(v.string()), why: text }),
  'clock.changed': v.strictObject({
    from: ClockQualitySchema,
    to: ClockQualitySchema,
    stepMs: v.number(),
  }),
  'storage.restored': v.strictObject({
    reason: text,
    source: text,
    lostFromSeq: v.nullable(v.number()),
    keptAside: v.nullable(v.string()),
  }),
  'storage.trouble': v.strictObject({ reason: text }),
  'visit.ended': v.strictObject({
    startedMs: v.number(),
    endedMs: v.number(),
    /** Null, both: it could not be told what was eaten. */
    eatenMg: v.nullable(mg),
    sigmaMg: v.nullable(mg),
    petId: v.nullable(v.string()),
    /** Of `petId`, 0 to 1; 0 without one. */
    confidence: v.number(),
  }),
  'weight.chunk': v.strictObject({
    fromMs: v.number(),
    everyMs: v.number(),
    firstMg: mg,
    deltasMg: v.array(mg),
  }),
  'clip.recorded': v.strictObject({
    clipId: v.string(),
    ...v.pick(ClipSchema, ['rank', 'feedingIds', 'petIds', 'continues', 'startedMs']).entries,
    ...v.pick(ClipSchema, ['durationMs', 'gapMs', 'bytes', 'sha256', 'codec']).entries,
    visits: v.array(ClipVisitSchema),
  }),
  /** A clip is gone that the cloud never had or that its owner deleted, or could not be made at all. */
  'clip.dropped': v.strictObject({
    clipId: v.string(),
    feedingIds: v.array(v.string()),
    startedMs: v.number(),
    /** Null, both: there never was a file. */
    bytes: v.nullable(v.number()),
    sha256: v.nullable(v.string()),
    reason: ClipDropReasonSchema,
    why: text,
  }),
} as const;

export type EventName = keyof typeof bodies;
export type EventBody<Name extends EventName> = v.InferOutput<(typeof bodies)[Name]>;

export type EventClass = 'A' | 'B' | 'C';
export interface EventKind {
  readonly number: number;
  readonly version: number;
  readonly class: EventClass;
}

export const eventKinds: Readonly<Record<EventName, EventKind>> = {
  'daemon.started': { number: 1, version: 1, class: 'A' },
  'daemon.stopped': { number: 2, version: 1, class: 'A' },
  'feeding.claimed': { number: 3, version: 1, class: 'A' },
  'feeding.ended': { number: 4, version: 1, class: 'A' },
  'feeding.refused': { number: 5, version: 1, class: 'A' },
  'occurrence.closed': { number: 6, version: 1, class: 'A' },
  'occurrence.reopened': { number: 7, version: 1, class: 'A' },
  'occurrence.gap': { number: 8, version: 1, class: 'A' },
  'doc.changed': { number: 9, version: 2, class: 'A' },
  'calibration.changed': { number: 10, version: 1, class: 'A' },
  'fault.raised': { number: 11, version: 1, class: 'A' },
  'fault.cleared': { number: 12, version: 1, class: 'A' },
  'alert.raised': { number: 13, version: 1, class: 'A' },
  'clock.changed': { number: 14, version: 1, class: 'A' },
  'storage.restored': { number: 15, version: 1, class: 'A' },
  'storage.trouble': { number: 16, version: 1, class: 'A' },
  'visit.ended': { number: 17, version: 1, class: 'B' },
  'weight.chunk': { number: 18, version: 1, class: 'C' },
  'clip.recorded': { number: 19, version: 1, class: 'B' },
  'clip.dropped': { number: 20, version: 1, class: 'B' },
  'mutation.closed': { number: 21, version: 1, class: 'A' },
  'command.ended': { number: 22, version: 1, class: 'A' },
  'doc.snapshot': { number: 23, version: 1, class: 'A' },
  'ledger.signed': { number: 24, version: 1, class: 'A' },
};

/** The schema of each kind's body. */
export const eventBodies: {
  readonly [Name in EventName]: v.GenericSchema<unknown, EventBody<Name>>;
} = bodies as never;

const byNumber = new Map<number, EventName>(
  (Object.keys(eventKinds) as EventName[]).map((name) => [eventKinds[name].number, name]),
);

/** The name behind a stored kind number; undefined when a newer version wrote it. */
export function eventName(kindNumber: number): EventName | undefined {
  return byNumber.get(kindNumber);
}
