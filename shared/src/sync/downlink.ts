import * as v from 'valibot';
import { MutationSchema } from './docs.ts';
import { syncRefusalNames } from './sync-errors.ts';
import { DOWN_ITEMS_MAX, WATCH_S_MAX } from './sync-limits.ts';
import {
  Bytes8Schema,
  countSchema,
  SeqSchema,
  shortText,
  UlidSchema,
  VersionSchema,
  WallMsSchema,
} from './wire.ts';

/** What a command asks for. */
export const CommandOrderSchema = v.variant('op', [
  v.object({
    op: v.literal('feed'),
    mg: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(150_000)),
    pet: v.optional(v.nullable(UlidSchema), null),
  }),
  v.object({ op: v.literal('stop') }),
]);
export type CommandOrder = v.InferOutput<typeof CommandOrderSchema>;

const place = { d: SeqSchema, ref: UlidSchema };

export const CommandItemSchema = v.object({
  ...place,
  k: v.literal('cmd'),
  /** Last instant, by the cloud's clock, at which it may be claimed. */
  na: WallMsSchema,
  b: CommandOrderSchema,
});
export type CommandItem = v.InferOutput<typeof CommandItemSchema>;

export const MutationItemSchema = v.object({ ...place, k: v.literal('mut'), b: MutationSchema });
export type MutationItem = v.InferOutput<typeof MutationItemSchema>;

/** An item of a kind that this version does not know, or whose body it cannot read. */
export const UnknownItemSchema = v.object({ ...place, k: shortText, b: v.unknown() });

/** Items are read leniently: one that is not understood is answered with `unsupported`. */
export const DownItemSchema = v.union([CommandItemSchema, MutationItemSchema, UnknownItemSchema]);
export type DownItem = v.InferOutput<typeof DownItemSchema>;

/** Open items after a cursor. When all of `items` are settled, everything up to `upto` is. */
export const DownAnswerSchema = v.object({
  items: v.pipe(v.array(DownItemSchema), v.maxLength(DOWN_ITEMS_MAX)),
  upto: countSchema,
  head: countSchema,
});
export type DownAnswer = v.InferOutput<typeof DownAnswerSchema>;

export const DownQuerySchema = v.object({ session: countSchema, after: countSchema });
export type DownQuery = v.InferOutput<typeof DownQuerySchema>;

/** The doorbell without an item; `watch_s`: somebody watches for so long, the live channel is wanted. */
export const PokeSchema = v.object({
  down: countSchema,
  watch_s: v.optional(v.pipe(countSchema, v.maxValue(WATCH_S_MAX))),
});

/** claim: may this command start now? */
export const ClaimSchema = v.object({
  v: VersionSchema,
  session: countSchema,
  nonce: Bytes8Schema,
});
export type Claim = v.InferOutput<typeof ClaimSchema>;

export const ClaimAnswerSchema = v.object({ ok: v.literal(true), nonce: Bytes8Schema });
export type ClaimAnswer = v.InferOutput<typeof ClaimAnswerSchema>;

/** The body of every refusal. */
export const RefusalSchema = v.object({
  err: v.picklist(syncRefusalNames),
  retry_after_s: v.optional(countSchema),
});
export type Refusal = v.InferOutput<typeof RefusalSchema>;

/** The states of a command in the cloud: see the drawing in the service's command core. */
export const CommandStateSchema = v.picklist([
  'queued',
  'claimed',
  'done',
  'failed',
  'refused',
  'expired',
  'cancelled',
  'unconfirmed',
]);
export type CommandState = v.InferOutput<typeof CommandStateSchema>;

/** What a feeder says about a command that it dealt with. */
export const CommandEndSchema = v.picklist(['done', 'failed', 'refused']);
export type CommandEnd = v.InferOutput<typeof CommandEndSchema>;
