import type { Grams, Meal, Settings } from '@cat-feeder/shared';

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];

/**
 * Grams that the active plan serves on its fullest weekday; null without a plan or without meals.
 * The fullest and not the mean: a plan with a feast on Sunday must be able to serve it. Pure.
 */
export function planDayGrams(settings: Settings, meals: readonly Meal[]): Grams | null {
  if (settings.activePlanId === null) return null;
  const served = meals.filter((meal) => meal.planId === settings.activePlanId && meal.enabled);
  const gramsOn = (weekday: number) =>
    served
      .filter((meal) => meal.weekdays.includes(weekday))
      .reduce((sum, meal) => sum + meal.portionGrams, 0);
  const fullest = Math.max(...WEEKDAYS.map(gramsOn));
  return fullest === 0 ? null : fullest;
}
