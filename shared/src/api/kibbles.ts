import * as v from 'valibot';
import { KibbleModelSchema, KibblePatchSchema, KibbleSchema } from '../kibble.ts';
import { ExpectedRevSchema } from './envelope.ts';

/** A kibble, and whether it is the one in the hopper. */
export const KibbleViewSchema = v.strictObject({ ...KibbleSchema.entries, active: v.boolean() });
export type KibbleView = v.InferOutput<typeof KibbleViewSchema>;
export const KibblesSchema = v.strictObject({ items: v.array(KibbleViewSchema) });

/** PATCH /api/v1/kibbles/{id}. */
export const KibbleChangeSchema = v.strictObject({
  ...KibblePatchSchema.entries,
  expectedRev: ExpectedRevSchema,
});

/** POST /api/v1/kibbles/{id}/calibrate: feeds small portions and learns from them. */
export const KibbleCalibrateSchema = v.strictObject({
  rounds: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10)), 3),
  portionGrams: v.optional(v.pipe(v.number(), v.finite(), v.minValue(3), v.maxValue(30)), 10),
});

/** How far a guided kibble calibration has come. */
export const CalibrationJobSchema = v.strictObject({
  kibbleId: v.string(),
  state: v.picklist(['running', 'done', 'failed']),
  rounds: v.number(),
  portionGrams: v.number(),
  /** Likely grams of each round that has ended. */
  servedGrams: v.array(v.number()),
  model: v.nullable(KibbleModelSchema),
  startedAtMs: v.number(),
  endedAtMs: v.nullable(v.number()),
  why: v.string(),
});
/** GET /api/v1/kibbles/{id}/calibrate: null when none was begun since the start. */
export const LatestCalibrationSchema = v.nullable(CalibrationJobSchema);
export type CalibrationJob = v.InferOutput<typeof CalibrationJobSchema>;
