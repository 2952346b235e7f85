import {
  FEEDING_GRAMS_CEILING,
  type Grams,
  type Meal,
  type Overlay,
  type Settings,
} from '@cat-feeder/shared';

const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7];

/** The largest portion that any meal or vacation can ask for; 0 without a meal. Pure. */
export function largestPortionGrams(meals: readonly Meal[], overlays: readonly Overlay[]): Grams {
  const factors = overlays.map((overlay) =>
    'portionFactor' in overlay ? overlay.portionFactor : 1,
  );
  const largest = Math.max(0, ...meals.map(({ portionGrams }) => portionGrams));
  return Math.min(FEEDING_GRAMS_CEILING, largest * Math.max(1, ...factors));
}

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
