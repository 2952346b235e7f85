import * as v from 'valibot';
import { OccurrenceSchema } from '../feeding.ts';
import { PREVIEW_DAYS_MAX } from '../limits.ts';
import { LocalDateSchema } from '../time.ts';
import { queryInteger } from './envelope.ts';

/** GET /api/v1/preview?days= (7 without it). */
export const PreviewQuerySchema = v.strictObject({
  days: v.optional(queryInteger(1, PREVIEW_DAYS_MAX)),
});

/** A meal to come, as the plan will serve it. */
export const PreviewMealSchema = v.strictObject({
  ...OccurrenceSchema.entries,
  /** What an overlay did to it, or that its time had passed when the preview was made. */
  effect: v.picklist(['none', 'skipped', 'paused', 'vacation', 'past']),
  /** Null without an active kibble that names its energy. */
  kcal: v.nullable(v.number()),
});
export type PreviewMeal = v.InferOutput<typeof PreviewMealSchema>;

/** One local day to come. */
export const PreviewDaySchema = v.strictObject({
  localDate: v.string(),
  occurrences: v.array(PreviewMealSchema),
  totalGrams: v.number(),
  /** Null without an active kibble that names its energy. */
  totalKcal: v.nullable(v.number()),
  /** Minutes by which the local clock jumps on this date: 60 in spring, -60 in autumn, else 0. */
  clockShiftMinutes: v.number(),
  /** What the hopper will hold after the last meal; null when its content is not known. */
  hopperGrams: v.nullable(v.number()),
});
export type PreviewDay = v.InferOutput<typeof PreviewDaySchema>;

/** What the plan will do over the next days. */
export const PreviewSchema = v.strictObject({
  zone: v.string(),
  days: v.array(PreviewDaySchema),
  /** The date on which the hopper runs out; null: not within these days, or its mass is not known. */
  hopperEmptyOn: v.nullable(v.string()),
});
export type Preview = v.InferOutput<typeof PreviewSchema>;

/** The widest range of one occurrences query, in days. */
export const OCCURRENCE_DAYS_MAX = 100;

/** GET /api/v1/occurrences?from=&to=, local dates, both included; today without them. */
export const OccurrencesQuerySchema = v.strictObject({
  from: v.optional(LocalDateSchema),
  to: v.optional(LocalDateSchema),
});
export const OccurrencesSchema = v.strictObject({ items: v.array(OccurrenceSchema) });
