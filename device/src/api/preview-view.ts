import { type Preview, parseOccurrenceKey } from '@cat-feeder/shared';
import type { PreviewMeal, SchedulePreview } from '../scheduling/preview.ts';

/** The plan run forward, in the words of the API. */
export function previewView({ zone, days, runsOut }: SchedulePreview): Preview {
  return {
    zone,
    hopperEmptyOn: runsOut?.date ?? null,
    days: days.map((day) => ({
      localDate: day.date,
      occurrences: day.meals.map(mealView),
      totalGrams: day.dayGrams,
      totalKcal: day.dayKcal,
      clockShiftMinutes: day.clockForwardMinutes,
      hopperGrams: day.hopperGrams,
    })),
  };
}

/** What is to come has no verdict; what is past is told by the occurrences themselves. */
function mealView(meal: PreviewMeal): Preview['days'][number]['occurrences'][number] {
  const { key, mealName, petId, localTime, dueAtMs, portionGrams, kcal, effect, why } = meal;
  return {
    ...parseOccurrenceKey(key),
    key,
    mealName,
    petId,
    localTime,
    dueAtMs,
    portionGrams,
    state: 'planned',
    verdict: null,
    rule: null,
    feedingId: null,
    servedGrams: null,
    decidedAtMs: null,
    why,
    effect,
    kcal,
  };
}
