import { describe, expect, it } from 'vitest';
import { PlanTruth } from './plan-truth.ts';

const planId = '01hplan0000000000000000000';
const mealId = '01hmeal0000000000000000000';
const at = (text: string) => Date.parse(text);

function planned(time: string, zone = 'Europe/Berlin') {
  const plan = new PlanTruth(at('2027-10-01T00:00:00Z'));
  const begin = at('2027-10-02T00:00:00Z');
  const change = (kind: string, id: string, fields: object, whenMs = begin) =>
    plan.change({ kind, id, rev: 1, deleted: false, groups: { all: fields } }, whenMs, true);
  change('plan', planId, { name: 'Plan' });
  change('settings', '0', { zone, activePlanId: planId });
  const meal = { planId, name: 'Meal', time, weekdays: [1, 2, 3, 4, 5, 6, 7], portionGrams: 10 };
  change('meal', mealId, { ...meal, petId: null, missedPolicy: 'skip', enabled: true });
  return { plan, change, meal };
}

const keysBetween = (plan: PlanTruth, from: string, to: string) =>
  plan.dueBetween(at(from), at(to)).map(({ key, dueMs }) => [key, new Date(dueMs).toISOString()]);

describe('what came due, by the ledger and a calendar of its own', () => {
  it('counts a repeated hour once and a missing one once', () => {
    const { plan } = planned('02:30');
    expect(keysBetween(plan, '2027-10-30T12:00:00Z', '2027-11-01T12:00:00Z')).toEqual([
      [`${mealId}@2027-10-31`, '2027-10-31T00:30:00.000Z'],
      [`${mealId}@2027-11-01`, '2027-11-01T01:30:00.000Z'],
    ]);
    expect(keysBetween(plan, '2028-03-25T12:00:00Z', '2028-03-26T12:00:00Z')).toEqual([
      [`${mealId}@2028-03-26`, '2028-03-26T01:00:00.000Z'],
    ]);
  });

  it('knows when an occurrence was moved on, and when it was moved back or taken away', () => {
    const { plan, change, meal } = planned('08:00');
    const rest = { petId: null, missedPolicy: 'skip', enabled: true };
    const key = `${mealId}@2027-10-05`;
    const dueMs = at('2027-10-05T06:00:00Z');
    const movedMs = at('2027-10-05T07:00:00Z');
    change('meal', mealId, { ...meal, ...rest, time: '07:00' }, at('2027-10-05T06:30:00Z'));
    change('meal', mealId, { ...meal, ...rest, time: '20:00' }, movedMs);
    change('meal', mealId, { ...meal, ...rest, enabled: false }, at('2027-10-05T09:00:00Z'));
    expect(plan.movedOnAt(key, dueMs, at('2027-10-05T10:00:00Z'))).toBe(movedMs);
    expect(plan.movedOnAt(key, dueMs, at('2027-10-05T06:45:00Z'))).toBeNull();
    expect(plan.movedOnAt(key, movedMs, at('2027-10-05T10:00:00Z'))).toBeNull();
  });

  it('goes by the form of the plan that held at the time', () => {
    const { plan, change, meal } = planned('08:00');
    const moved = { ...meal, time: '20:00', petId: null, missedPolicy: 'skip', enabled: true };
    change('meal', mealId, moved, at('2027-10-05T12:00:00Z'));
    expect(keysBetween(plan, '2027-10-04T12:00:00Z', '2027-10-06T12:00:00Z')).toEqual([
      [`${mealId}@2027-10-05`, '2027-10-05T06:00:00.000Z'],
      [`${mealId}@2027-10-05`, '2027-10-05T18:00:00.000Z'],
    ]);
  });

  it('leaves out what is switched off or removed', () => {
    const { plan } = planned('08:00');
    const whenMs = at('2027-10-05T12:00:00Z');
    plan.change({ kind: 'meal', id: mealId, rev: 2, deleted: true, groups: {} }, whenMs, true);
    expect(keysBetween(plan, '2027-10-05T12:00:00Z', '2027-10-08T12:00:00Z')).toEqual([]);
  });
});
