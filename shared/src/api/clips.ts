import * as v from 'valibot';
import { ClipIdSchema, ClipPictureSchema, ClipSchema } from '../camera.ts';
import { EntityIdSchema } from '../ids.ts';
import { LocalDateSchema } from '../time.ts';
import { queryInteger } from './envelope.ts';

/** GET /api/v1/clips?limit=&before=&feedingId=&petId=&keep=&date=, newest first. */
export const ClipsQuerySchema = v.strictObject({
  /** 1 to 100, 20 without it; more is refused by rule. */
  limit: v.optional(queryInteger(1, 1_000_000)),
  /** `nextCursor` of the page before. */
  before: v.optional(ClipIdSchema),
  feedingId: v.optional(EntityIdSchema),
  petId: v.optional(EntityIdSchema),
  keep: v.optional(v.picklist(['true', 'false'])),
  /** Begun on this day, by the feeder's zone. */
  date: v.optional(LocalDateSchema),
});

export const ClipsPageSchema = v.strictObject({
  items: v.array(ClipSchema),
  /** Pass as `before` to go on; null at the end. */
  nextCursor: v.nullable(ClipIdSchema),
});
export type ClipsPage = v.InferOutput<typeof ClipsPageSchema>;

/** PATCH /api/v1/clips/{id}. */
export const ClipChangeSchema = v.strictObject({
  /** Kept for ever: only the owner removes it. */
  keep: v.boolean(),
});

/** GET /api/v1/clips/{id}/pictures/{picture}. */
export const ClipPictureParamsSchema = v.strictObject({
  id: ClipIdSchema,
  picture: ClipPictureSchema,
});

/** GET /api/v1/clips.zip?date=. */
export const ClipExportQuerySchema = v.strictObject({ date: LocalDateSchema });

/** Where a clip's video is. */
export function clipVideoPath(id: string): string {
  return `/api/v1/clips/${id}/video`;
}

/** Where a picture of a clip is. */
export function clipPicturePath(id: string, picture: v.InferOutput<typeof ClipPictureSchema>) {
  return `/api/v1/clips/${id}/pictures/${picture}`;
}
