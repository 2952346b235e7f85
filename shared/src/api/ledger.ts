import * as v from 'valibot';
import { queryInteger } from './envelope.ts';

/** GET /api/v1/ledger?afterSeq=&limit=, oldest first. */
export const LedgerQuerySchema = v.strictObject({
  afterSeq: v.optional(queryInteger(0, Number.MAX_SAFE_INTEGER)),
  /** 1 to 100, 100 without it; more is refused by rule. */
  limit: v.optional(queryInteger(1, 1_000_000)),
});

/** One entry of the hash-chained record. */
export const LedgerEntrySchema = v.strictObject({
  seq: v.number(),
  wallMs: v.number(),
  /** Null when a newer version wrote it. */
  kind: v.nullable(v.string()),
  kindNumber: v.number(),
  version: v.number(),
  body: v.unknown(),
  /** Hex; covers this entry and the hash before it. */
  hash: v.string(),
});

export const LedgerPageSchema = v.strictObject({
  items: v.array(LedgerEntrySchema),
  lastSeq: v.number(),
  /** Pass as `afterSeq` to go on; null at the end. */
  nextAfterSeq: v.nullable(v.number()),
});
export type LedgerPage = v.InferOutput<typeof LedgerPageSchema>;

/** POST /api/v1/ledger/verify: the whole chain was read and hashed again. */
export const LedgerVerifySchema = v.strictObject({
  ok: v.boolean(),
  entries: v.number(),
  lastSeq: v.number(),
  /** The first entry that does not fit; null when all do. */
  brokenSeq: v.nullable(v.number()),
  why: v.string(),
  /** The x of the Ed25519 key that signs this ledger; null: the feeder has none. */
  key: v.nullable(v.string()),
});
export type LedgerVerify = v.InferOutput<typeof LedgerVerifySchema>;
