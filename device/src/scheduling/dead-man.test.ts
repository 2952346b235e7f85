import type { Meal, Occurrence, Verdict } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import {
  fixtureMeal,
  fixtureOverlay,
  fixtureRow,
  fixtureTime,
  fixtureView,
} from '../../test/contracts/plan-fixtures.ts';
import { type DeadManInput, unconfirmedMeals } from './dead-man.ts';
import { plannedBetween } from './occurrences.ts';

const breakfast = fixtureMeal('a', '07:00');
const dueMs = Date.parse('2026-11-20T06:00:00Z');

function look(at: string, patch: Partial<DeadManInput> & { meals?: Meal[] } = {}) {
  const { meals = [breakfast], ...rest } = patch;
  return unconfirmedMeals({
    planned: plannedBetween(fixtureView(meals), '2026-11-18', '2026-11-25'),
    decided: new Map(),
    now: fixtureTime(at),
    closedThroughMs: dueMs - 1,
    deadManMinutes: 30,
    ...rest,
  });
}

function rowWith(patch: Partial<Occurrence>): ReadonlyMap<string, Occurrence> {
  const [planned] = plannedBetween(fixtureView([breakfast]), '2026-11-20', '2026-11-20');
  if (planned === undefined) throw new Error('no breakfast');
  return new Map([[planned.occurrence.key, fixtureRow(planned.occurrence, patch)]]);
}

const subjects = (...args: Parameters<typeof look>) =>
  look(...args).overdue.map(({ occurrence }) => occurrence.key);

describe('the dead-man alarm', () => {
  it('tells of a due meal that is not confirmed, and when it will look next', () => {
    expect(look('2026-11-20T05:00:00Z')).toEqual({ overdue: [], nextMs: dueMs + 30 * 60_000 });
    expect(look('2026-11-20T06:29:59Z')).toEqual({ overdue: [], nextMs: dueMs + 30 * 60_000 });
    expect(subjects('2026-11-20T06:30:00Z')).toEqual(['a@2026-11-20']);
    expect(look('2026-11-20T06:30:00Z').overdue[0]?.why).toBe(
      'Meal of 2026-11-20 07:00 is not confirmed in the bowl after 30 min; it has no verdict',
    );
  });

  it.each<[Verdict | null, boolean]>([
    ['fed', false],
    ['fed_late', false],
    ['fed_reduced', false],
    ['skipped', false],
    ['short', true],
    ['missed', true],
    ['blocked', true],
    ['failed', true],
    ['unknown_after_crash', true],
    [null, true],
  ])('with the verdict %s: %s', (verdict, isTold) => {
    const state = verdict === null ? 'feeding' : 'closed';
    const decided = rowWith({ verdict, state });
    expect(subjects('2026-11-20T07:00:00Z', { decided })).toHaveLength(isTold ? 1 : 0);
  });

  it('says nothing of what was before the schedule began, or of an earlier form of the meal', () => {
    const at = '2026-11-20T07:00:00Z';
    expect(subjects(at, { closedThroughMs: dueMs })).toEqual([]);
    const edited = { ...breakfast, effectiveFromMs: dueMs };
    expect(subjects(at, { meals: [edited] })).toEqual([]);
  });

  it('says nothing of what the owner left out', () => {
    const skip = fixtureOverlay({ kind: 'skip', mealId: 'a', date: '2026-11-20' });
    const planned = plannedBetween(fixtureView([breakfast], [skip]), '2026-11-20', '2026-11-20');
    expect(subjects('2026-11-20T07:00:00Z', { planned })).toEqual([]);
  });

  it('leaves meals of more than a day ago alone', () => {
    const closedThroughMs = Date.parse('2026-11-10T00:00:00Z');
    expect(subjects('2026-11-20T05:59:00Z', { closedThroughMs })).toEqual(['a@2026-11-19']);
    expect(subjects('2026-11-20T06:29:00Z', { closedThroughMs })).toEqual([]);
  });
});
