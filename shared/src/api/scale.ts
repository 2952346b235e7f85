import * as v from 'valibot';
import { BowlReadingSchema, ScaleCalibrationSchema } from '../calibration.ts';

/** GET /api/v1/scale. */
export const ScaleViewSchema = v.strictObject({
  bowl: BowlReadingSchema,
  hopperGrams: v.nullable(v.number()),
  calibration: ScaleCalibrationSchema,
});
export type ScaleView = v.InferOutput<typeof ScaleViewSchema>;
