import * as v from 'valibot';
import { countSchema, shortText, UlidSchema } from './wire.ts';

const sha256Text = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));

/** A clip is announced before its bytes move: size and checksum are bound here. */
export const ClipUploadSchema = v.object({
  bytes: v.pipe(countSchema, v.minValue(1), v.maxValue(80_000_000_000)),
  sha256: sha256Text,
  feed: v.optional(v.nullable(UlidSchema), null),
});
export const ClipUploadAnswerSchema = v.object({
  state: v.picklist(['open', 'stored']),
  part_bytes: countSchema,
  parts: v.array(v.object({ n: countSchema, url: v.string() })),
  expires_s: countSchema,
});
export const ClipCompleteSchema = v.object({
  parts: v.pipe(v.array(v.object({ n: countSchema, etag: shortText })), v.maxLength(10_000)),
});
export const ClipCompleteAnswerSchema = v.object({ state: v.literal('stored') });
