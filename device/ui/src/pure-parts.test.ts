import { describe, expect, it } from 'vitest';
import { bodyOf, draftOf, minuteOfDay, newMealDraft, toggleWeekday } from './meal-draft.ts';
import { en } from './messages/en.ts';
import { say, sayCode, sayCount } from './messages/say.ts';
import { hashOf, VIEWS, viewOf } from './route.ts';
import { sparkPath } from './spark-path.ts';

describe('addresses', () => {
  it('lead to their view and back', () => {
    for (const view of VIEWS) expect(viewOf(hashOf(view))).toBe(view);
  });
  it('that nobody knows lead home', () => {
    expect(['', '#', '#/nonsense', '#main'].map(viewOf)).toEqual(['home', 'home', 'home', 'home']);
  });
});

describe('texts', () => {
  it('fill in their values', () => {
    expect(say('unit.gramsRange', { low: '1', high: 2 })).toBe('1 to 2 g');
  });
  it('show the name of a value that is missing', () => {
    expect(say('unit.grams')).toBe('{grams} g');
  });
  it('count', () => {
    expect(sayCount('facts.hopperDays', 1)).toBe('about 1 day of the plan');
    expect(sayCount('facts.hopperDays', 17)).toBe('about 17 days of the plan');
  });
  it('say a code of a newer feeder in words', () => {
    expect(sayCode('fault', 'jam')).toBe('The dispenser is jammed');
    expect(sayCode('fault', 'motor_on_fire')).toBe('motor on fire');
  });
  it('are all there, trimmed and without doubled braces', () => {
    for (const [key, text] of Object.entries(en)) {
      expect(text, key).toBe(text.trim());
      expect(text, key).not.toMatch(/\{\{|\}\}|\$\{/);
      expect(text.length, key).toBeGreaterThan(0);
    }
  });
});

describe('the form of a meal', () => {
  const meal = {
    id: 'm',
    rev: 3,
    planId: 'p',
    name: 'Dinner',
    time: { sun: 'sunset', offsetMinutes: -20 } as const,
    weekdays: [1, 3],
    portionGrams: 12.5,
    petId: null,
    missedPolicy: 'skip' as const,
    enabled: false,
    effectiveFromMs: 1,
  };
  it('gives back what it was given', () => {
    const { id: _id, rev: _rev, planId: _plan, effectiveFromMs: _from, ...fields } = meal;
    expect(bodyOf(draftOf(meal), 12.5)).toEqual(fields);
    const clock = { ...meal, time: '17:30' };
    expect(bodyOf(draftOf(clock), 12.5)).toEqual({ ...fields, time: '17:30' });
  });
  it('names a meal that was not named', () => {
    expect(bodyOf({ ...newMealDraft, name: '  ' }, 5).name).toBe('Meal');
  });
  it('puts weekdays in and out in order', () => {
    expect(toggleWeekday([1, 3], 2)).toEqual([1, 2, 3]);
    expect(toggleWeekday([1, 2, 3], 2)).toEqual([1, 3]);
  });
  it('knows the minute of a clock time only', () => {
    expect(minuteOfDay('07:30')).toBe(450);
    expect(minuteOfDay(meal.time)).toBeNull();
  });
});

describe('a spark line', () => {
  it('stays inside its box, also when nothing changes', () => {
    for (const points of [
      [
        [0, 2],
        [10, 5],
      ],
      [
        [0, 2],
        [10, 2],
      ],
      [
        [5, 2],
        [5, 9],
      ],
    ] as const) {
      const numbers =
        sparkPath(points, 96, 28)
          .match(/[\d.]+/g)
          ?.map(Number) ?? [];
      expect(numbers.length).toBe(4);
      expect(numbers.every((value) => value >= 0 && value <= 96)).toBe(true);
    }
  });
  it('is nothing for fewer than two points', () => {
    expect(sparkPath([[0, 1]], 96, 28)).toBe('');
  });
});
