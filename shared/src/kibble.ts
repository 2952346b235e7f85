import * as v from 'valibot';
import { NameSchema } from './text.ts';

/**
 * What the feeder has learned of one kibble in this dispenser. Masses in grams, spreads as
 * standard deviations; `samples` counts the observations behind them (0: factory guess).
 */
export const KibbleModelSchema = v.strictObject({
  gramsPerTurn: v.pipe(v.number(), v.minValue(0.05), v.maxValue(200)),
  gramsPerTurnSd: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
  /** Food that still reaches the bowl after the motor has stopped. */
  inFlightGrams: v.pipe(v.number(), v.minValue(0), v.maxValue(50)),
  inFlightGramsSd: v.pipe(v.number(), v.minValue(0), v.maxValue(50)),
  /** Mass of one piece. */
  kibbleGrams: v.pipe(v.number(), v.minValue(0.01), v.maxValue(20)),
  samples: v.pipe(v.number(), v.integer(), v.minValue(0)),
});
export type KibbleModel = v.InferOutput<typeof KibbleModelSchema>;

const fields = {
  name: NameSchema,
  kcalPer100g: v.nullable(v.pipe(v.number(), v.minValue(50), v.maxValue(900))),
};

export const KibbleInputSchema = v.strictObject({
  name: fields.name,
  kcalPer100g: v.optional(fields.kcalPer100g, null),
});
export const KibblePatchSchema = v.partial(v.strictObject(fields));
export const KibbleSchema = v.strictObject({
  id: v.string(),
  rev: v.number(),
  ...fields,
  /** Null until calibrated or fed: then the factory guess of the dispenser holds. */
  model: v.nullable(KibbleModelSchema),
  calibratedAtMs: v.nullable(v.number()),
});
export type Kibble = v.InferOutput<typeof KibbleSchema>;
