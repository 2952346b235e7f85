import * as v from 'valibot';
import { DownAnswerSchema } from './downlink.ts';
import { BATCH_ITEMS_MAX, FORK_ITEMS_MAX, GAPS_REPORTED_MAX, SEGMENTS_MAX } from './sync-limits.ts';
import {
  Bytes8Schema,
  countSchema,
  EpochSchema,
  SeqSchema,
  shortText,
  VersionSchema,
  WallMsSchema,
} from './wire.ts';

/** hello: on each connection, every six hours, and after any 409. */
export const HelloSchema = v.object({
  v: VersionSchema,
  proto: v.object({ min: countSchema, max: countSchema }),
  caps: v.pipe(v.array(shortText), v.maxLength(32)),
  fw: shortText,
  boot: Bytes8Schema,
  /** The newest session that the feeder remembers; 0 without one. */
  session_prev: countSchema,
  /** Every retained segment, oldest first; the last one is the active one. */
  segs: v.pipe(
    v.array(
      v.object({
        epoch: EpochSchema,
        gen: Bytes8Schema,
        /** The first entry still held; `head + 1` when none is. */
        base: SeqSchema,
        head: countSchema,
      }),
    ),
    v.minLength(1),
    v.maxLength(SEGMENTS_MAX),
  ),
  /** Downlink items up to this one are settled. */
  dcur: countSchema,
  /** Digest of the documents; null while entries about them are not acknowledged. */
  docs: v.nullable(shortText),
  /** The present state, shown before the past has drained. */
  now: v.optional(v.record(v.string(), v.unknown()), {}),
  /** Wall clock of the feeder when it sent this. */
  t0: WallMsSchema,
});
export type Hello = v.InferOutput<typeof HelloSchema>;

export const ReportedGapSchema = v.tuple([SeqSchema, SeqSchema]);

/** What the cloud knows of one segment. */
export const SegmentAnswerSchema = v.object({
  /** As the feeder named it, so that an epoch that was just assigned can be told apart. */
  asked: EpochSchema,
  /** Null: not known here under this genesis. */
  epoch: v.nullable(EpochSchema),
  acked: countSchema,
  /**
   * Hash at `acked`, or at the feeder's `head` when that is less; the genesis for 0. Null: the cloud
   * has a gap there.
   */
  hash: v.nullable(Bytes8Schema),
  gaps: v.pipe(v.array(ReportedGapSchema), v.maxLength(GAPS_REPORTED_MAX)),
});
export type SegmentAnswer = v.InferOutput<typeof SegmentAnswerSchema>;

/** Where the doorbell hangs, and the secret that lets this feeder hear its own. */
export const MqttOfferSchema = v.object({ url: v.string(), user: v.string(), token: v.string() });
export type MqttOffer = v.InferOutput<typeof MqttOfferSchema>;

export const HelloAnswerSchema = v.object({
  v: VersionSchema,
  proto: countSchema,
  session: v.pipe(countSchema, v.minValue(1)),
  max_epoch: EpochSchema,
  segs: v.pipe(v.array(SegmentAnswerSchema), v.maxLength(SEGMENTS_MAX)),
  down: DownAnswerSchema,
  need_docs: v.boolean(),
  t1: WallMsSchema,
  t2: WallMsSchema,
  limits: v.object({
    max_events: countSchema,
    max_bytes: countSchema,
    backoff_cap_s: countSchema,
    spread_s: countSchema,
    poll_s: countSchema,
  }),
  mqtt: v.optional(MqttOfferSchema),
  /** A second copy of this feeder was seen since it was claimed. */
  cloned: v.optional(v.boolean(), false),
});
export type HelloAnswer = v.InferOutput<typeof HelloAnswerSchema>;

/** One entry of the ledger. */
export const WireEventSchema = v.object({
  e: Bytes8Schema,
  k: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535)),
  kv: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(255)),
  t: WallMsSchema,
  tq: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3)),
  /** Index into `boots`. */
  bt: countSchema,
  mo: countSchema,
  b: v.unknown(),
});
export type WireEvent = v.InferOutput<typeof WireEventSchema>;

/** Numbers whose entries do not come; `hash` is that of the last of them. */
export const WireGapSchema = v.object({
  gap: ReportedGapSchema,
  why: shortText,
  hash: Bytes8Schema,
});
export type WireGap = v.InferOutput<typeof WireGapSchema>;

const chainedItems = {
  v: VersionSchema,
  session: countSchema,
  epoch: EpochSchema,
  first: SeqSchema,
  /** Hash before `first`. */
  prev: Bytes8Schema,
  boots: v.pipe(v.array(Bytes8Schema), v.maxLength(BATCH_ITEMS_MAX)),
};

export const BatchSchema = v.object({
  ...chainedItems,
  dcur: countSchema,
  events: v.pipe(
    v.array(v.union([WireGapSchema, WireEventSchema])),
    v.minLength(1),
    v.maxLength(BATCH_ITEMS_MAX),
  ),
});
export type Batch = v.InferOutput<typeof BatchSchema>;

export const AckSchema = v.object({ epoch: EpochSchema, seq: countSchema, hash: Bytes8Schema });
export type Ack = v.InferOutput<typeof AckSchema>;

export const BatchAnswerSchema = v.object({
  ack: AckSchema,
  next_ms: v.optional(countSchema, 0),
  /** The downlink has items up to this one. */
  poke: v.optional(countSchema),
});
export type BatchAnswer = v.InferOutput<typeof BatchAnswerSchema>;

/**
 * fill: items for numbers that the cloud has as a gap. They must reach the gap's end with its hash:
 * only the same history has it.
 */
export const FillSchema = v.object({
  ...chainedItems,
  /** The gap's end, when the last item is a gap of the feeder that reaches beyond it. */
  gap_to: v.optional(SeqSchema),
  events: v.pipe(
    v.array(v.union([WireGapSchema, WireEventSchema])),
    v.minLength(1),
    v.maxLength(BATCH_ITEMS_MAX),
  ),
});
export type Fill = v.InferOutput<typeof FillSchema>;

export const FillAnswerSchema = v.object({ filled: ReportedGapSchema });
export type FillAnswer = v.InferOutput<typeof FillAnswerSchema>;

/**
 * fork: one page of what a diverged segment holds, oldest first. An item is `[eid, hash]`, or
 * `[count, hash]` for numbers whose entries are gone.
 */
export const ForkSchema = v.object({
  v: VersionSchema,
  session: countSchema,
  /** The same for every page and every retry: the new epoch is found by it. */
  gen_new: Bytes8Schema,
  epoch: EpochSchema,
  gen: Bytes8Schema,
  from: SeqSchema,
  items: v.pipe(
    v.array(v.tuple([v.union([Bytes8Schema, countSchema]), Bytes8Schema])),
    v.maxLength(FORK_ITEMS_MAX),
  ),
});
export type Fork = v.InferOutput<typeof ForkSchema>;

export const ForkAnswerSchema = v.object({
  /** The epoch that `gen_new` got. */
  epoch: EpochSchema,
  /** The last number of this page at which both chains agree; null: at none of them. */
  common: v.nullable(SeqSchema),
  /** Ranges of this page's numbers whose events the cloud has, in any epoch. */
  have: v.pipe(v.array(ReportedGapSchema), v.maxLength(FORK_ITEMS_MAX)),
});
export type ForkAnswer = v.InferOutput<typeof ForkAnswerSchema>;
