import * as v from 'valibot';
import { BowlReadingSchema, HopperReadingSchema, ScaleCalibrationSchema } from '../calibration.ts';

/** POST /api/v1/scale/tare?confirm=: `true` takes a zero far from the one before, too. */
export const TareQuerySchema = v.strictObject({
  confirm: v.optional(v.picklist(['true', 'false'], 'must be true or false')),
});

/** GET /api/v1/scale. */
export const ScaleViewSchema = v.strictObject({
  bowl: BowlReadingSchema,
  ...HopperReadingSchema.entries,
  calibration: ScaleCalibrationSchema,
  /** Of the cell under the hopper; null until it was first tared. */
  hopperCalibration: v.nullable(ScaleCalibrationSchema),
});
export type ScaleView = v.InferOutput<typeof ScaleViewSchema>;
