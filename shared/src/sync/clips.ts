import * as v from 'valibot';
import { CLIP_BYTES_MAX, CLIP_PARTS_MAX } from './sync-limits.ts';
import { countSchema, SeqSchema, UlidSchema } from './wire.ts';

/** 32 bytes of a SHA-256 as they travel. */
const sha256Text = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
/** 16 bytes of an MD5 as object stores name a part: what its sender computed of its own bytes. */
const md5Hex = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/));

/** POST /v1/clips/ID/upload: a clip is announced before its bytes move, and bound to this. */
export const ClipUploadSchema = v.object({
  bytes: v.pipe(countSchema, v.minValue(1), v.maxValue(CLIP_BYTES_MAX)),
  sha256: sha256Text,
  /** The first feeding that it shows. */
  feed: v.optional(v.nullable(UlidSchema), null),
});
export type ClipUpload = v.InferOutput<typeof ClipUploadSchema>;

/** Where one part goes: a PUT of exactly these bytes, with exactly these headers, by the store. */
export const ClipPartSchema = v.object({
  n: v.pipe(SeqSchema, v.maxValue(CLIP_PARTS_MAX)),
  url: v.pipe(v.string(), v.url(), v.maxLength(4096)),
  headers: v.record(v.pipe(v.string(), v.maxLength(100)), v.pipe(v.string(), v.maxLength(400))),
});
export type ClipPart = v.InferOutput<typeof ClipPartSchema>;

/** The answer to it, and to GET /v1/clips/ID/upload: parts that the store does not have yet. */
export const ClipUploadAnswerSchema = v.object({
  /** `stored`: nothing is to be sent. */
  state: v.picklist(['open', 'stored']),
  /** Bytes of every part but the last. */
  part_bytes: v.pipe(countSchema, v.minValue(1)),
  /** The next of them; none of an open upload: all are there, and `complete` is due. */
  parts: v.array(ClipPartSchema),
  /** Life of the addresses. */
  expires_s: countSchema,
});
export type ClipUploadAnswer = v.InferOutput<typeof ClipUploadAnswerSchema>;

/** POST /v1/clips/ID/complete: every part with the MD5 that its sender computed. */
export const ClipCompleteSchema = v.object({
  parts: v.pipe(
    v.array(v.object({ n: SeqSchema, etag: md5Hex })),
    v.minLength(1),
    v.maxLength(CLIP_PARTS_MAX),
  ),
});
export type ClipComplete = v.InferOutput<typeof ClipCompleteSchema>;
export const ClipCompleteAnswerSchema = v.object({ state: v.literal('stored') });
export type ClipCompleteAnswer = v.InferOutput<typeof ClipCompleteAnswerSchema>;
