import * as v from 'valibot';
import { EntityIdSchema } from '../ids.ts';
import {
  MealPatchSchema,
  MealSchema,
  OverlayInputSchema,
  PlanPatchSchema,
  PlanSchema,
} from '../plan.ts';
import { ExpectedRevSchema } from './envelope.ts';

/** A plan with its meals. */
export const PlanViewSchema = v.strictObject({
  ...PlanSchema.entries,
  active: v.boolean(),
  meals: v.array(MealSchema),
});
export type PlanView = v.InferOutput<typeof PlanViewSchema>;

export const PlansSchema = v.strictObject({ items: v.array(PlanViewSchema) });
export const MealsSchema = v.strictObject({ items: v.array(MealSchema) });
/** GET /api/v1/meals?planId=; without it, the meals of every plan. */
export const MealsQuerySchema = v.strictObject({ planId: v.optional(EntityIdSchema) });

/** PATCH /api/v1/plans/{id}. */
export const PlanChangeSchema = v.strictObject({
  ...PlanPatchSchema.entries,
  expectedRev: ExpectedRevSchema,
});
/** PATCH /api/v1/meals/{id}. */
export const MealChangeSchema = v.strictObject({
  ...MealPatchSchema.entries,
  expectedRev: ExpectedRevSchema,
});

const stored = { id: v.string(), rev: v.number(), createdAtMs: v.number() };
const [skip, pause, vacation] = OverlayInputSchema.options;

/** An overlay as the feeder keeps it. */
export const OverlaySchema = v.variant('kind', [
  v.strictObject({ ...skip.entries, ...stored }),
  v.strictObject({ ...pause.entries, ...stored }),
  v.strictObject({ ...vacation.entries, ...stored }),
]);
export const OverlaysSchema = v.strictObject({ items: v.array(OverlaySchema) });
