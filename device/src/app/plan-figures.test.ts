import { defaultSettings, type Meal } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { planDayGrams } from './plan-figures.ts';

const settings = { ...defaultSettings, activePlanId: 'plan' };
const meal = (portionGrams: number, weekdays: number[], over: Partial<Meal> = {}): Meal => ({
  id: 'm',
  rev: 1,
  planId: 'plan',
  name: 'Meal',
  time: '08:00',
  weekdays,
  portionGrams,
  petId: null,
  missedPolicy: 'catch_up_one',
  enabled: true,
  effectiveFromMs: 0,
  ...over,
});

test.each([
  ['no meals', [], null],
  ['the same every day', [meal(12, [1, 2, 3, 4, 5, 6, 7]), meal(8, [1, 2, 3, 4, 5, 6, 7])], 20],
  ['a feast on Sunday', [meal(12, [1, 2, 3, 4, 5, 6, 7]), meal(30, [7])], 42],
  ['a meal that is switched off', [meal(12, [1]), meal(30, [1], { enabled: false })], 12],
  ['a meal of another plan', [meal(12, [1]), meal(30, [1], { planId: 'other' })], 12],
])('what a plan serves on its fullest day: %s', (_, meals, grams) => {
  expect(planDayGrams(settings, meals)).toBe(grams);
});

test('without an active plan there is nothing to go by', () => {
  expect(planDayGrams(defaultSettings, [meal(12, [1])])).toBeNull();
});
