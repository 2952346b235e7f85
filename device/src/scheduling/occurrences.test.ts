import { FEEDING_GRAMS_CEILING, PORTION_GRAMS_MIN } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { fixtureMeal, fixtureOverlay, fixtureView } from '../../test/contracts/plan-fixtures.ts';
import { isEarlierForm, plannedBetween, plannedOn } from './occurrences.ts';

const breakfast = fixtureMeal('a', '07:00');
const vacation = (patch = {}, createdAtMs = 0) =>
  fixtureOverlay(
    {
      kind: 'vacation',
      fromDate: '2026-11-20',
      toDate: '2026-11-22',
      planId: null,
      portionFactor: 1,
      note: '',
      ...patch,
    },
    createdAtMs,
  );

const keysOn = (view: ReturnType<typeof fixtureView>, date: string) =>
  plannedOn(view, date).map(({ occurrence }) => occurrence.key);

describe('the plan of a date', () => {
  it('has the enabled meals of the active plan and the weekday, by due time', () => {
    const view = fixtureView([
      fixtureMeal('late', '18:00'),
      breakfast,
      fixtureMeal('off', '08:00', { enabled: false }),
      fixtureMeal('sunday', '08:00', { weekdays: [7] }),
      fixtureMeal('other', '08:00', { planId: 'diet' }),
    ]);
    expect(keysOn(view, '2026-11-20')).toEqual(['a@2026-11-20', 'late@2026-11-20']);
    expect(keysOn(view, '2026-11-22')).toContain('sunday@2026-11-22');
    expect(plannedBetween(view, '2026-11-20', '2026-11-22')).toHaveLength(7);
  });

  it('is empty without an active plan, and on a date that the zone does not have', () => {
    expect(keysOn(fixtureView([breakfast], [], { activePlanId: null }), '2026-11-20')).toEqual([]);
    const samoa = fixtureView([breakfast], [], { zone: 'Pacific/Apia' });
    expect(keysOn(samoa, '2011-12-30')).toEqual([]);
    expect(keysOn(samoa, '2011-12-31')).toHaveLength(1);
  });

  it('is the same object until the view changes', () => {
    const view = fixtureView([breakfast]);
    expect(plannedOn(view, '2026-11-20')).toBe(plannedOn(view, '2026-11-20'));
    expect(plannedOn({ ...view, meals: [] }, '2026-11-20')).toEqual([]);
  });
});

describe('FMEA-44 dates at the end of the calendar', () => {
  it('come to an end, although the date after 9999-12-31 is less as text', () => {
    const view = fixtureView([breakfast]);
    expect(plannedBetween(view, '9999-12-30', '9999-12-31').length).toBe(2);
  });
});

describe('B-76 a vacation', () => {
  const meals = [breakfast, fixtureMeal('d', '08:00', { planId: 'diet' })];

  it('changes plan or amount for its dates, both included, and ends by itself', () => {
    const view = fixtureView(meals, [vacation({ planId: 'diet' })]);
    expect(keysOn(view, '2026-11-19')).toEqual(['a@2026-11-19']);
    expect(keysOn(view, '2026-11-20')).toEqual(['d@2026-11-20']);
    expect(keysOn(view, '2026-11-22')).toEqual(['d@2026-11-22']);
    expect(keysOn(view, '2026-11-23')).toEqual(['a@2026-11-23']);
  });

  it('made last wins', () => {
    const view = fixtureView(meals, [
      vacation({ planId: 'diet' }, 2000),
      vacation({ portionFactor: 0.5 }, 1000),
    ]);
    expect(keysOn(view, '2026-11-20')).toEqual(['d@2026-11-20']);
  });

  it('with a plan that is gone keeps the active one: the cat eats', () => {
    expect(keysOn(fixtureView(meals, [vacation({ planId: 'gone' })]), '2026-11-20')).toEqual([
      'a@2026-11-20',
    ]);
  });

  it.each([
    [20, 0.5, 10],
    [2, 0.25, PORTION_GRAMS_MIN],
    [140, 1.5, FEEDING_GRAMS_CEILING],
    [7, 0.33, 2.31],
  ])('makes %d g x %d to %d g', (portionGrams, portionFactor, expected) => {
    const view = fixtureView([{ ...breakfast, portionGrams }], [vacation({ portionFactor })]);
    expect(plannedOn(view, '2026-11-20')[0]?.occurrence.portionGrams).toBe(expected);
  });
});

describe('a meal by the sun', () => {
  const meal = fixtureMeal('s', { sun: 'sunset', offsetMinutes: -30 });
  const location = { latitude: 52.52, longitude: 13.4 };

  it('is due that far from it, and shows its time', () => {
    const [planned] = plannedOn(fixtureView([meal], [], { location }), '2026-12-21');
    expect(planned?.occurrence).toMatchObject({
      localTime: '15:24',
      why: 'Planned for 15:24 (by sunset): 20 g.',
    });
  });

  it('says that it goes by a fixed time where there is no sun, or no place', () => {
    expect(plannedOn(fixtureView([meal]), '2026-12-21')[0]?.occurrence).toMatchObject({
      localTime: '17:30',
      why: 'Planned for 17:30 (the feeder does not know its location, so by a fixed time): 20 g.',
    });
    const north = { zone: 'Europe/Oslo', location: { latitude: 69.65, longitude: 18.96 } };
    expect(plannedOn(fixtureView([meal], [], north), '2026-12-21')[0]?.occurrence.why).toContain(
      'the sun does not rise on this date',
    );
    expect(plannedOn(fixtureView([meal], [], north), '2026-06-21')[0]?.occurrence.why).toContain(
      'the sun does not set on this date',
    );
  });
});

describe('an earlier form of the plan', () => {
  it('is what was due up to the edit, unless the edit lies ahead', () => {
    const dueMs = Date.parse('2026-11-20T06:00:00Z');
    const [planned] = plannedOn(
      fixtureView([{ ...breakfast, effectiveFromMs: dueMs }]),
      '2026-11-20',
    );
    if (planned === undefined) throw new Error('no breakfast');
    expect(isEarlierForm(planned, dueMs)).toBe(true);
    expect(isEarlierForm(planned, dueMs - 1)).toBe(false);
    const before = { ...planned, formFromMs: dueMs - 1 };
    expect(isEarlierForm(before, dueMs)).toBe(false);
  });

  it('ends for the other plan of a vacation when the vacation was made', () => {
    const meals = [breakfast, fixtureMeal('d', '08:00', { planId: 'diet' })];
    const other = fixtureView(meals, [vacation({ planId: 'diet' }, 5000)]);
    expect(plannedOn(other, '2026-11-20')[0]?.formFromMs).toBe(5000);
    const same = fixtureView(meals, [vacation({ planId: 'plan' }, 5000)]);
    expect(plannedOn(same, '2026-11-20')[0]?.formFromMs).toBe(0);
  });
});
