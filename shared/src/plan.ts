import * as v from 'valibot';
import { EntityIdSchema } from './ids.ts';
import { FEEDING_GRAMS_CEILING, PORTION_GRAMS_MIN } from './limits.ts';
import { NameSchema, NoteSchema } from './text.ts';
import { EpochMsSchema, LocalDateSchema, LocalTimeSchema, WeekdaysSchema } from './time.ts';

/** Grams that one feeding may ask for: 1 to the ceiling. NaN and infinity are no numbers here. */
export const PortionGramsSchema = v.pipe(
  v.number('must be a number of grams'),
  v.finite('must be finite'),
  v.minValue(PORTION_GRAMS_MIN, `must be at least ${PORTION_GRAMS_MIN} g`),
  v.maxValue(FEEDING_GRAMS_CEILING, `must be at most ${FEEDING_GRAMS_CEILING} g`),
);

/** When a meal is due: a local time, or a distance from sunrise or sunset. */
export const MealTimeSchema = v.union(
  [
    LocalTimeSchema,
    v.strictObject({
      sun: v.picklist(['sunrise', 'sunset']),
      offsetMinutes: v.pipe(v.number(), v.integer(), v.minValue(-240), v.maxValue(240)),
    }),
  ],
  'must be HH:MM, or {"sun":"sunrise"|"sunset","offsetMinutes":-240..240}',
);
export type MealTime = v.InferOutput<typeof MealTimeSchema>;

/** What happens when a meal could not be served when it was due. */
export const MissedPolicySchema = v.picklist(['catch_up_one', 'skip', 'ask']);
export type MissedPolicy = v.InferOutput<typeof MissedPolicySchema>;

const mealFields = {
  name: NameSchema,
  time: MealTimeSchema,
  weekdays: WeekdaysSchema,
  portionGrams: PortionGramsSchema,
  petId: v.nullable(EntityIdSchema),
  missedPolicy: MissedPolicySchema,
  enabled: v.boolean(),
};

export const MealInputSchema = v.strictObject({
  planId: v.optional(EntityIdSchema),
  name: v.optional(mealFields.name, 'Meal'),
  time: mealFields.time,
  weekdays: v.optional(mealFields.weekdays, [1, 2, 3, 4, 5, 6, 7]),
  portionGrams: mealFields.portionGrams,
  petId: v.optional(mealFields.petId, null),
  missedPolicy: v.optional(mealFields.missedPolicy, 'catch_up_one'),
  enabled: v.optional(mealFields.enabled, true),
});
export const MealPatchSchema = v.partial(v.strictObject(mealFields));
export const MealSchema = v.strictObject({
  id: v.string(),
  rev: v.number(),
  planId: v.string(),
  ...mealFields,
  /** Occurrences due at or before this instant belong to an earlier form of the meal. */
  effectiveFromMs: v.number(),
});
export type Meal = v.InferOutput<typeof MealSchema>;
export type MealInput = v.InferOutput<typeof MealInputSchema>;

export const PlanInputSchema = v.strictObject({ name: NameSchema });
export const PlanPatchSchema = v.partial(v.strictObject({ name: NameSchema }));
export const PlanSchema = v.strictObject({
  id: v.string(),
  rev: v.number(),
  name: NameSchema,
});
export type Plan = v.InferOutput<typeof PlanSchema>;
export type PlanInput = v.InferOutput<typeof PlanInputSchema>;

/**
 * A change of the plan for a while; it ends by itself.
 *   skip      one occurrence is left out
 *   pause     nothing is served on schedule until an instant
 *   vacation  from one local date to another, another plan or another amount
 */
export const OverlayInputSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('skip'), mealId: EntityIdSchema, date: LocalDateSchema }),
  v.strictObject({
    kind: v.literal('pause'),
    untilMs: EpochMsSchema,
    note: v.optional(NoteSchema, ''),
  }),
  v.strictObject({
    kind: v.literal('vacation'),
    fromDate: LocalDateSchema,
    toDate: LocalDateSchema,
    planId: v.optional(v.nullable(EntityIdSchema), null),
    portionFactor: v.optional(v.pipe(v.number(), v.minValue(0.25), v.maxValue(1.5)), 1),
    note: v.optional(NoteSchema, ''),
  }),
]);
export type OverlayInput = v.InferOutput<typeof OverlayInputSchema>;
export type Overlay = OverlayInput & { id: string; rev: number; createdAtMs: number };
