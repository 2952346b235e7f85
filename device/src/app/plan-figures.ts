import type { Grams, Meal, Settings } from '@cat-feeder/shared';

const DAYS_A_WEEK = 7;

/** Grams that the active plan serves on an average day; null without a plan or without meals. Pure. */
export function planDayGrams(settings: Settings, meals: readonly Meal[]): Grams | null {
  if (settings.activePlanId === null) return null;
  const weekGrams = meals
    .filter((meal) => meal.planId === settings.activePlanId && meal.enabled)
    .reduce((sum, meal) => sum + meal.portionGrams * meal.weekdays.length, 0);
  return weekGrams === 0 ? null : weekGrams / DAYS_A_WEEK;
}
