import * as v from 'valibot';

/**
 * How counts become grams: `grams = (counts - zeroCounts) / countsPerGram`. The sign of the span
 * says which way the cell is mounted.
 */
export const ScaleCalibrationSchema = v.strictObject({
  zeroCounts: v.number(),
  countsPerGram: v.pipe(
    v.number(),
    v.check((span) => Math.abs(span) >= 1 && Math.abs(span) < 1e6, 'must be a plausible span'),
  ),
  /** Standard deviation of one reading at rest, in grams. */
  noiseGrams: v.pipe(v.number(), v.minValue(0), v.maxValue(50)),
  taredAtMs: v.nullable(v.number()),
  spannedAtMs: v.nullable(v.number()),
});
export type ScaleCalibration = v.InferOutput<typeof ScaleCalibrationSchema>;

/** POST /api/v1/scale/calibrate. */
export const SpanRequestSchema = v.strictObject({
  knownGrams: v.pipe(v.number(), v.finite(), v.minValue(20), v.maxValue(5000)),
  confirm: v.optional(v.boolean(), false),
});

/** Whether the hopper's food is weighed, and if not, why. */
export const HopperStateSchema = v.picklist([
  'weighed',
  'not_fitted',
  'not_calibrated',
  'waiting',
  'below_zero',
  'silent',
  'stuck',
  'saturated',
]);
export type HopperState = v.InferOutput<typeof HopperStateSchema>;

/** The food in the hopper. */
export const HopperReadingSchema = v.strictObject({
  /** Null in every state but `weighed`. */
  hopperGrams: v.nullable(v.number()),
  hopperState: HopperStateSchema,
});
export type HopperReading = v.InferOutput<typeof HopperReadingSchema>;

/** The bowl as it was last seen. */
export const BowlReadingSchema = v.strictObject({
  /** Null when the scale says nothing that can be believed. */
  grams: v.nullable(v.number()),
  sigmaGrams: v.number(),
  state: v.picklist(['stable', 'moving', 'disturbed', 'saturated', 'silent', 'stuck']),
  /** Milliseconds since the sample was taken. */
  ageMs: v.number(),
});
export type BowlReading = v.InferOutput<typeof BowlReadingSchema>;
