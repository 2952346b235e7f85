import * as v from 'valibot';
import { FeedingSchema } from '../feeding.ts';
import { EntityIdSchema } from '../ids.ts';
import { queryInteger } from './envelope.ts';

/** GET /api/v1/feedings?limit=&before=&skip=&state=&petId=, newest first. */
export const FeedingsQuerySchema = v.strictObject({
  /** 1 to 100, 20 without it; more is refused by rule. */
  limit: v.optional(queryInteger(1, 1_000_000)),
  /** `nextCursor` of the page before. */
  before: v.optional(EntityIdSchema),
  /** Entries to leave out; for clients that cannot keep a cursor. */
  skip: v.optional(queryInteger(0, 10_000)),
  state: v.optional(v.picklist(['running', 'done', 'refused'])),
  petId: v.optional(EntityIdSchema),
});

export const FeedingsPageSchema = v.strictObject({
  items: v.array(FeedingSchema),
  total: v.number(),
  /** Pass as `before` to go on; null at the end. */
  nextCursor: v.nullable(v.string()),
});
export type FeedingsPage = v.InferOutput<typeof FeedingsPageSchema>;

/** Bowl mass over a feeding: [milliseconds since its start, grams]. */
export const TraceSchema = v.array(v.tuple([v.number(), v.number()]));

/** GET /api/v1/feedings/{id}. */
export const FeedingDetailSchema = v.strictObject({ ...FeedingSchema.entries, trace: TraceSchema });
export type FeedingDetail = v.InferOutput<typeof FeedingDetailSchema>;

/** POST /api/v1/stop. */
export const StopResultSchema = v.strictObject({
  motorOn: v.boolean(),
  /** The feeding that was running, as it ended. */
  cancelled: v.nullable(FeedingSchema),
});
export type StopResult = v.InferOutput<typeof StopResultSchema>;
