import { HOUR_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import {
  fixtureMeal,
  fixtureOverlay,
  fixtureRow,
  fixtureTime,
  fixtureView,
} from '../../test/contracts/plan-fixtures.ts';
import { elapsedMs, foodStamp, wallOf } from './food-clock.ts';
import { plannedBetween } from './occurrences.ts';
import type { FoodHistory, FoodStamp } from './schedule-store.ts';
import { type StarvationInput, starvationPortion } from './starvation.ts';

const meals = [fixtureMeal('a', '07:00'), fixtureMeal('b', '18:00', { portionGrams: 30 })];
const view = fixtureView(meals);
const sureAt = '2026-11-20T06:00:00Z';
const stampAt = (at: string, patch = {}) => foodStamp(fixtureTime(at, patch));
const missed = (key: string, portionGrams: number, due: string) => ({
  key,
  portionGrams,
  dueAtMs: Date.parse(due),
});
const dinnerMissed = missed('b@2026-11-20', 30, '2026-11-20T17:00:00Z');

function decide(at: string, food: Partial<FoodHistory> = {}, patch: Partial<StarvationInput> = {}) {
  const input = { view, now: fixtureTime(at), decided: new Map(), ...patch };
  return starvationPortion({
    ...input,
    food: {
      lastSure: stampAt(sureAt),
      lastCatchUp: null,
      lastElapsed: null,
      missed: [dinnerMissed],
      ...food,
    },
    planned: plannedBetween(input.view, '2026-11-18', '2026-11-25'),
  });
}

describe('the starvation clock', () => {
  it('H1 runs out ten hours after the last sure food, not before', () => {
    expect(decide('2026-11-20T15:59:59Z')).toMatchObject({
      kind: 'wait',
      dueAtAgeMs: fixtureTime('2026-11-20T16:00:00Z').ageMs,
    });
    expect(decide('2026-11-20T16:00:00Z')).toMatchObject({ kind: 'feed' });
  });

  it('H1 runs out at the limit that is set', () => {
    const strict = { view: fixtureView(meals, [], { starveLimitHours: 6 }) };
    expect(decide('2026-11-20T12:00:00Z', {}, strict).kind).toBe('feed');
    expect(decide('2026-11-20T11:59:00Z', {}, strict).kind).toBe('wait');
  });

  it('H1 stands still without a miss, without a plan, in a pause, and with an unknown clock', () => {
    const at = '2026-11-21T06:00:00Z';
    const never = { kind: 'wait', dueAtAgeMs: Number.POSITIVE_INFINITY };
    expect(decide(at, { missed: [] })).toEqual(never);
    expect(decide(at, {}, { view: fixtureView(meals, [], { activePlanId: null }) })).toEqual(never);
    const pause = fixtureOverlay({ kind: 'pause', untilMs: Date.parse(at) + 1, note: '' });
    expect(decide(at, {}, { view: fixtureView(meals, [pause]) })).toEqual(never);
    expect(decide(at, {}, { now: fixtureTime(at, { quality: 'unknown' }) })).toEqual(never);
    expect(decide(at).kind).toBe('feed');
  });

  it('H1 waits for a meal that is due within half an hour, not for one that is left out', () => {
    const food = { missed: [missed('a@2026-11-20', 20, sureAt)] };
    const at = '2026-11-20T16:30:01Z';
    expect(decide('2026-11-20T16:30:00Z', food).kind).toBe('feed');
    expect(decide(at, food)).toEqual({
      kind: 'wait',
      dueAtAgeMs: fixtureTime('2026-11-20T17:00:00Z').ageMs,
    });
    expect(decide('2026-11-20T17:00:00Z', food).kind).toBe('feed');
    const skip = fixtureOverlay({ kind: 'skip', mealId: 'b', date: '2026-11-20' });
    expect(decide(at, food, { view: fixtureView(meals, [skip]) }).kind).toBe('feed');
    // Served in its first life, before the clock was set back: it will not be served again.
    const dinner = plannedBetween(view, '2026-11-20', '2026-11-20')[1]?.occurrence;
    if (dinner === undefined) throw new Error('no dinner');
    const decided = new Map([[dinner.key, fixtureRow(dinner, { verdict: 'fed' })]]);
    expect(decide(at, food, { decided }).kind).toBe('feed');
  });

  it('H2 gives the largest missed portion, once for all of them', () => {
    const food = {
      missed: [missed('a@2026-11-21', 20, '2026-11-21T06:00:00Z'), dinnerMissed],
    };
    const decision = decide('2026-11-21T09:00:00Z', food);
    expect(decision).toMatchObject({
      kind: 'feed',
      order: {
        requestId: 'starve:a@2026-11-21.360',
        cause: 'starvation',
        portionGrams: 30,
        why: '2 meals brought no food and the last food that surely arrived was 27 h ago (limit 10 h): one portion of 30 g.',
      },
    });
  });

  it('H3 gives another only six hours after the last, whatever came of it', () => {
    const food = { lastCatchUp: stampAt('2026-11-20T16:00:00Z') };
    expect(decide('2026-11-20T21:59:00Z', food)).toMatchObject({
      dueAtAgeMs: fixtureTime('2026-11-20T22:00:00Z').ageMs,
    });
    expect(decide('2026-11-20T22:00:00Z', food).kind).toBe('feed');
  });

  it('H3 has one id until food or a portion has been given, so a crash repeats none', () => {
    const id = (food: Partial<FoodHistory>, at = '2026-11-22T06:00:00Z') => {
      const decision = decide(at, food);
      return decision.kind === 'feed' ? decision.order.requestId : null;
    };
    expect(id({})).toBe(id({}, '2026-11-22T09:00:00Z'));
    expect(id({})).not.toBe(id({ lastSure: stampAt('2026-11-21T06:00:00Z') }));
    expect(id({})).not.toBe(id({ lastCatchUp: stampAt('2026-11-21T06:00:00Z') }));
    expect(id({ lastCatchUp: stampAt('2026-11-19T06:00:00Z') })).toBe(id({}));
    expect(id({ lastSure: null })).toBe('starve:b@2026-11-20.never');
  });

  it('takes food that was never seen as long ago', () => {
    expect(decide('2026-11-20T17:01:00Z', { lastSure: null }).kind).toBe('feed');
  });

  it('leaves out meals that their owner wants not made up for', () => {
    const medical = [fixtureMeal('b', '18:00', { missedPolicy: 'skip' })];
    expect(decide('2026-11-21T06:00:00Z', {}, { view: fixtureView(medical) }).kind).toBe('wait');
    const asking = [fixtureMeal('b', '18:00', { missedPolicy: 'ask' })];
    expect(decide('2026-11-21T06:00:00Z', {}, { view: fixtureView(asking) }).kind).toBe('feed');
  });
});

describe('a meal that comes due a second time', () => {
  const planned = plannedBetween(view, '2026-11-20', '2026-11-20')[1];
  const row = (patch = {}) => {
    if (planned === undefined) throw new Error('no dinner');
    const { occurrence } = planned;
    return new Map([[occurrence.key, fixtureRow(occurrence, { verdict: 'fed', ...patch })]]);
  };
  // Dinner was served, then the clock was set back by a day: food came ten hours ago.
  const at = '2026-11-20T17:30:00Z';
  const back = { lastSure: stampAt('2026-11-20T07:20:00Z'), missed: [] };

  it('counts as one without food, because it is not served again', () => {
    expect(decide(at, back, { decided: row() }).kind).toBe('feed');
  });

  it('counts for nothing when it was not served, was moved, or the food came with it', () => {
    expect(decide(at, back).kind).toBe('wait');
    expect(decide(at, back, { decided: row({ verdict: 'skipped' }) }).kind).toBe('wait');
    expect(decide(at, back, { decided: row({ localTime: '07:00' }) }).kind).toBe('wait');
    const justNow = { lastSure: stampAt('2026-11-20T17:01:00Z'), missed: [] };
    expect(decide('2026-11-21T05:00:00Z', justNow, { decided: row() }).kind).toBe('wait');
  });
});

describe('elapsed time', () => {
  const then: FoodStamp = { wallMs: 1000, ageMs: 500, bootId: 'boot-1', trusted: true };
  const now = (patch = {}) =>
    fixtureTime('2026-11-20T00:00:00Z', { ageMs: 700, wallMs: 9000, ...patch });

  it.each([
    ['in one start is lived time', {}, {}, 200],
    [
      'in one start is lived time when the wall was stepped back',
      {},
      { wallMs: -5 * HOUR_MS },
      200,
    ],
    ['over a restart is the wall, when both can be trusted', {}, { bootId: 'boot-2' }, 8000],
    ['over a restart is at least lived time', {}, { bootId: 'boot-2', wallMs: 1001 }, 200],
    [
      'is lived time when the wall was not trusted then',
      { trusted: false },
      { bootId: 'boot-2' },
      200,
    ],
    [
      'is lived time when the wall is only estimated',
      {},
      { bootId: 'boot-2', quality: 'estimated' },
      200,
    ],
    [
      'counts the dark when the stamp was the last thing noted before it',
      {},
      { bootId: 'boot-2', poweredAtAgeMs: 500 },
      8000,
    ],
    [
      'is lived time over a restart while the power stayed on',
      {},
      { bootId: 'boot-2', poweredAtAgeMs: 499 },
      200,
    ],
    ['is never negative', { ageMs: 900 }, {}, 0],
  ])('%s', (_, stamp, time, expected) => {
    expect(elapsedMs({ ...then, ...stamp }, now(time))).toBe(expected);
  });

  it('places a stamp on the wall as it is now, when that can be known', () => {
    expect(wallOf(then, now())).toBe(8800);
    expect(wallOf(then, now({ bootId: 'boot-2' }))).toBe(1000);
    expect(wallOf({ ...then, trusted: false }, now({ bootId: 'boot-2' }))).toBeNull();
  });
});
