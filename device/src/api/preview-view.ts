import { type Occurrence, type Preview, parseOccurrenceKey } from '@cat-feeder/shared';
import type { PreviewMeal, SchedulePreview } from '../scheduling/preview.ts';

/** The plan run forward, in the words of the API. */
export function previewView(
  { zone, days, runsOut }: SchedulePreview,
  occurrencesOn: (localDate: string) => readonly Occurrence[],
): Preview {
  const isPast = ({ effect }: PreviewMeal) => effect === 'past';
  const decided = new Map(
    days
      .filter((day) => day.meals.some(isPast))
      .flatMap((day) => occurrencesOn(day.date))
      .map((occurrence) => [occurrence.key, occurrence] as const),
  );
  return {
    zone,
    hopperEmptyOn: runsOut?.date ?? null,
    days: days.map((day) => ({
      localDate: day.date,
      occurrences: day.meals.map((meal) =>
        mealView(meal, isPast(meal) ? decided.get(meal.key) : undefined),
      ),
      totalGrams: day.dayGrams,
      totalKcal: day.dayKcal,
      clockShiftMinutes: day.clockForwardMinutes,
      hopperGrams: day.hopperGrams,
    })),
  };
}

/** What is to come has no verdict; what is past is what became of it. */
function mealView(
  meal: PreviewMeal,
  past: Occurrence | undefined,
): Preview['days'][number]['occurrences'][number] {
  const { key, mealName, petId, localTime, dueAtMs, portionGrams, kcal, effect, why } = meal;
  return {
    ...parseOccurrenceKey(key),
    key,
    mealName,
    petId,
    localTime,
    dueAtMs,
    portionGrams,
    state: past?.state ?? 'planned',
    verdict: past?.verdict ?? null,
    rule: past?.rule ?? null,
    feedingId: past?.feedingId ?? null,
    servedGrams: past?.servedGrams ?? null,
    decidedAtMs: past?.decidedAtMs ?? null,
    why: past?.why ?? why,
    effect,
    kcal,
  };
}
