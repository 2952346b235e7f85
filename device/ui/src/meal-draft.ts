import type { Meal, MealTime, MissedPolicy } from '@cat-feeder/shared';

/** A meal as it stands in the form: texts, until it is saved. */
export interface MealDraft {
  readonly name: string;
  readonly timeKind: 'clock' | 'sunrise' | 'sunset';
  readonly clockTime: string;
  readonly offsetMinutes: string;
  readonly weekdays: readonly number[];
  readonly grams: string;
  readonly petId: string;
  readonly missedPolicy: MissedPolicy;
  readonly enabled: boolean;
}

export const newMealDraft: MealDraft = {
  name: '',
  timeKind: 'clock',
  clockTime: '07:00',
  offsetMinutes: '0',
  weekdays: [1, 2, 3, 4, 5, 6, 7],
  grams: '15',
  petId: '',
  missedPolicy: 'catch_up_one',
  enabled: true,
};

/** The form's texts for a meal that exists. */
export function draftOf(meal: Meal): MealDraft {
  const { time } = meal;
  const isClock = typeof time === 'string';
  return {
    name: meal.name,
    timeKind: isClock ? 'clock' : time.sun,
    clockTime: isClock ? time : '07:00',
    offsetMinutes: isClock ? '0' : String(time.offsetMinutes),
    weekdays: meal.weekdays,
    grams: String(meal.portionGrams),
    petId: meal.petId ?? '',
    missedPolicy: meal.missedPolicy,
    enabled: meal.enabled,
  };
}

function timeOf(draft: MealDraft): MealTime {
  if (draft.timeKind === 'clock') return draft.clockTime;
  return { sun: draft.timeKind, offsetMinutes: Math.round(Number(draft.offsetMinutes)) || 0 };
}

/** What the draft asks the feeder to store; the feeder judges the values. */
export function bodyOf(draft: MealDraft, portionGrams: number): Omit<Meal, MealOwnFields> {
  return {
    name: draft.name.trim() === '' ? 'Meal' : draft.name.trim(),
    time: timeOf(draft),
    weekdays: [...draft.weekdays],
    portionGrams,
    petId: draft.petId === '' ? null : draft.petId,
    missedPolicy: draft.missedPolicy,
    enabled: draft.enabled,
  };
}

/** What the feeder gives a meal itself. */
type MealOwnFields = 'id' | 'rev' | 'planId' | 'effectiveFromMs';

/** The weekdays with one of them put in or taken out, in order. */
export function toggleWeekday(weekdays: readonly number[], day: number): readonly number[] {
  if (weekdays.includes(day)) return weekdays.filter((one) => one !== day);
  return [...weekdays, day].sort((a, b) => a - b);
}

/** Minutes since midnight of `HH:MM`; null for a meal by the sun. */
export function minuteOfDay(time: MealTime): number | null {
  if (typeof time !== 'string') return null;
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
