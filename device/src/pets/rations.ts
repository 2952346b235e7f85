import {
  type EpochMs,
  type Grams,
  type Kcal,
  LIFE_STAGE_FACTORS,
  type Pet,
  restingKcal,
  roundGrams,
} from '@cat-feeder/shared';

/** Food that was booked for a pet; null: for nobody in particular. */
export interface PetDose {
  readonly petId: string | null;
  /** What counts against the ration: likely grams when measured, else what may have come. */
  readonly rationGrams: Grams;
  readonly wallMs: EpochMs;
}

export interface PetDay {
  readonly petId: string;
  readonly servedGrams: Grams;
  /** What the ration leaves, never negative; null without a ration. */
  readonly remainingGrams: Grams | null;
  readonly servedKcal: Kcal | null;
  /** Resting need by body mass times the factor of the stage of life; null when either is unknown. */
  readonly needKcal: Kcal | null;
}

/** What each pet has had on one local day, given as [startMs, endMs). Pure. */
export function petDays(input: {
  readonly pets: readonly Pet[];
  readonly doses: readonly PetDose[];
  readonly day: { readonly startMs: EpochMs; readonly endMs: EpochMs };
  readonly kcalPer100g: number | null;
}): PetDay[] {
  const { day, kcalPer100g } = input;
  return input.pets.map((pet) => {
    let servedGrams: Grams = 0;
    for (const dose of input.doses) {
      const isToday = dose.wallMs >= day.startMs && dose.wallMs < day.endMs;
      if (dose.petId !== pet.id || !isToday) continue;
      servedGrams += dose.rationGrams;
    }
    return {
      petId: pet.id,
      servedGrams: roundGrams(servedGrams),
      remainingGrams:
        pet.rationGrams === null ? null : roundGrams(Math.max(0, pet.rationGrams - servedGrams)),
      servedKcal: kcalPer100g === null ? null : Math.round((servedGrams * kcalPer100g) / 10) / 10,
      needKcal: kcalNeed(pet),
    };
  });
}

/** The energy a pet needs per day, in whole kcal: RER x factor; null when it cannot be said. */
export function kcalNeed(pet: Pick<Pet, 'bodyKg' | 'lifeStage'>): Kcal | null {
  if (pet.bodyKg === null || pet.lifeStage === null) return null;
  return Math.round(restingKcal(pet.bodyKg) * LIFE_STAGE_FACTORS[pet.lifeStage]);
}
