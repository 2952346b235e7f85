import * as v from 'valibot';
import { PetPatchSchema, PetSchema } from '../pet.ts';
import { ExpectedRevSchema } from './envelope.ts';

/** What a pet has had on this local day and may still have. */
export const RationTodaySchema = v.strictObject({
  localDate: v.string(),
  /** What likely was served for this pet. */
  servedGrams: v.number(),
  /** Null: no ration of its own. */
  rationGrams: v.nullable(v.number()),
  remainingGrams: v.nullable(v.number()),
  /** Null without an active kibble that names its energy. */
  servedKcal: v.nullable(v.number()),
  /** Energy need by weight and stage of life; null while either is not known. */
  needKcal: v.nullable(v.number()),
});
export type RationToday = v.InferOutput<typeof RationTodaySchema>;

/** A pet with its ration. */
export const PetViewSchema = v.strictObject({ ...PetSchema.entries, today: RationTodaySchema });
export type PetView = v.InferOutput<typeof PetViewSchema>;

export const PetsSchema = v.strictObject({ items: v.array(PetViewSchema) });

/** PATCH /api/v1/pets/{id}. */
export const PetChangeSchema = v.strictObject({
  ...PetPatchSchema.entries,
  expectedRev: ExpectedRevSchema,
});
