import * as v from 'valibot';
import { DAY_GRAMS_CEILING } from './limits.ts';
import { NameSchema, NoteSchema } from './text.ts';

/** Energy need by stage of life: the factor that multiplies the resting need. */
export const LIFE_STAGE_FACTORS = {
  weight_loss: 0.8,
  inactive: 1.0,
  neutered_adult: 1.2,
  intact_adult: 1.4,
  weight_gain: 1.8,
  kitten: 2.5,
} as const;

const fields = {
  name: NameSchema,
  bodyKg: v.nullable(v.pipe(v.number(), v.minValue(0.2), v.maxValue(25))),
  lifeStage: v.nullable(
    v.picklist(Object.keys(LIFE_STAGE_FACTORS) as (keyof typeof LIFE_STAGE_FACTORS)[]),
  ),
  /** Most grams per local day, counted by what may have reached the bowl; null: no limit of its own. */
  rationGrams: v.nullable(v.pipe(v.number(), v.minValue(1), v.maxValue(DAY_GRAMS_CEILING))),
  note: NoteSchema,
};

/** A pet as a client may send it. */
export const PetInputSchema = v.strictObject({
  name: fields.name,
  bodyKg: v.optional(fields.bodyKg, null),
  lifeStage: v.optional(fields.lifeStage, null),
  rationGrams: v.optional(fields.rationGrams, null),
  note: v.optional(fields.note, ''),
});
/** A change of some fields of a pet. */
export const PetPatchSchema = v.partial(v.strictObject(fields));
export const PetSchema = v.strictObject({ id: v.string(), rev: v.number(), ...fields });
export type Pet = v.InferOutput<typeof PetSchema>;
export type PetInput = v.InferOutput<typeof PetInputSchema>;

/** Resting energy requirement in kcal per day: 70 x kg^0.75 (NRC 2006, the allometric form). */
export function restingKcal(bodyKg: number): number {
  return 70 * bodyKg ** 0.75;
}
