import { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { fixtureMeal, fixtureTime, fixtureView } from '../../test/contracts/plan-fixtures.ts';
import { flush } from '../../test/contracts/schedule-bench.ts';
import { silentLogger } from '../platform/logger.ts';
import type { FeedWish } from './agenda.ts';
import { foodStamp } from './food-clock.ts';
import { MealDesk } from './meal-desk.ts';
import { plannedOn } from './occurrences.ts';
import { RefusalMemory } from './refusal-memory.ts';
import type { ExtraOrder, FeedAnswer, OccurrenceOrder } from './schedule-store.ts';

const now = fixtureTime('2026-11-20T06:00:00Z');
const [planned] = plannedOn(fixtureView([fixtureMeal('a', '07:00')]), '2026-11-20');
if (planned === undefined) throw new Error('no breakfast');

const meal: FeedWish = {
  kind: 'occurrence',
  id: 'a@2026-11-20',
  order: { occurrence: planned.occurrence, portionGrams: 20, verdict: 'fed', rule: 'on_time' },
};
const extra: FeedWish = {
  kind: 'extra',
  id: 'starve:x',
  order: { requestId: 'starve:x', cause: 'starvation', portionGrams: 20, why: 'Hungry.' },
};

const refusal = (rule: 'cap_day' | 'min_gap', remainingGrams = 0): FeedAnswer => ({
  kind: 'refused',
  rule,
  remainingGrams,
  why: 'No.',
});

function setUp(answers: (FeedAnswer | Error)[]) {
  const asked: (OccurrenceOrder | ExtraOrder)[] = [];
  const feed = async (order: OccurrenceOrder | ExtraOrder): Promise<FeedAnswer> => {
    asked.push(order);
    const answer = answers.shift() ?? { kind: 'ended', servedLowGrams: order.portionGrams };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const desk = new MealDesk({
    feeder: { feedOccurrence: feed, feedExtra: feed },
    time: { now: () => now },
    logger: silentLogger,
  });
  return { desk, asked };
}

describe('the desk between schedule and dispenser', () => {
  it('serves one wish at a time', async () => {
    const { desk, asked } = setUp([]);
    let ended = 0;
    desk.begin(meal, () => {
      ended += 1;
    });
    desk.begin(extra, () => {
      ended += 1;
    });
    expect(desk.runningId).toBe('a@2026-11-20');
    await desk.settled();
    expect([ended, asked.length, desk.runningId]).toEqual([1, 1, null]);
    expect(desk.answered.has('a@2026-11-20')).toBe(true);
  });

  it.each([meal, extra])('asks for what a cap leaves, once', async (wish) => {
    const { desk, asked } = setUp([refusal('cap_day', 8.19)]);
    desk.begin(wish, () => {});
    await desk.settled();
    expect(asked.map(({ portionGrams }) => portionGrams)).toEqual([20, 8.1]);
    if (wish.kind === 'occurrence') {
      expect(asked[1]).toMatchObject({ verdict: 'fed_reduced', rule: 'cap_day' });
    }
    expect(desk.answered.has(wish.id)).toBe(true);
  });

  it('asks for a little less than a cap leaves, so that rounding cannot pass it', async () => {
    const left = (14 * 3) / 7 + 1.2 + 1 - 1;
    for (const remainingGrams of [left, 7.199999999999999, 7.2, 7.2000001]) {
      const { desk, asked } = setUp([refusal('cap_day', remainingGrams)]);
      desk.begin(meal, () => {});
      await desk.settled();
      expect(asked[1]?.portionGrams).toBe(7.1);
    }
  });

  it.each([
    ['nothing of a cap that leaves crumbs', refusal('cap_day', 0.99)],
    ['nothing of a cap that claims to leave all of it', refusal('cap_day', 25)],
    ['nothing of a refusal that is no cap', refusal('min_gap', 10)],
  ])('makes %s', async (_, answer) => {
    const { desk, asked } = setUp([answer]);
    desk.begin(meal, () => {});
    await desk.settled();
    expect(asked).toHaveLength(1);
    expect(desk.refused.get(meal.id)).toMatchObject({ why: 'No.' });
    desk.forget(meal.id);
    expect(desk.refused.size).toBe(0);
  });

  it.each([
    [new FeederError('ERR_STORAGE'), 'storage'],
    [new Error('the worker is gone'), 'hardware_fault'],
  ])('takes a feeding that broke off as refused: %s', async (error, rule) => {
    const { desk } = setUp([error]);
    let ended = 0;
    desk.begin(meal, () => {
      ended += 1;
    });
    await flush();
    expect(ended).toBe(1);
    expect(desk.refused.get(meal.id)).toMatchObject({ rule });
  });

  it('remembers feedings by elapsed time', async () => {
    const { desk } = setUp([]);
    desk.begin({ ...extra, order: { ...extra.order, cause: 'elapsed_time' } }, () => {});
    await desk.settled();
    expect(desk.elapsedFeedings).toHaveLength(1);
    desk.begin({ ...extra, id: 'starve:y' }, () => {});
    await desk.settled();
    expect(desk.elapsedFeedings).toHaveLength(1);
  });
});

describe('food that the disk owes', () => {
  const stored = { lastSure: null, lastCatchUp: null, lastElapsed: null, missed: [] };
  const old = foodStamp(fixtureTime('2026-11-19T06:00:00Z'));

  it('counts as served, when it surely arrived', async () => {
    const { desk } = setUp([{ kind: 'ended', servedLowGrams: 9 }]);
    expect(desk.foodSince(stored)).toEqual(stored);
    desk.begin(extra, () => {});
    await desk.settled();
    expect(desk.foodSince(stored)).toEqual({ ...stored, lastCatchUp: foodStamp(now) });
    desk.begin(meal, () => {});
    await desk.settled();
    expect(desk.foodSince({ ...stored, lastSure: old, lastCatchUp: old })).toEqual({
      ...stored,
      lastSure: foodStamp(now),
      lastCatchUp: foodStamp(now),
    });
  });

  it('gives way to what storage knows of later', async () => {
    const { desk } = setUp([]);
    desk.begin(meal, () => {});
    await desk.settled();
    const lastSure = foodStamp(fixtureTime('2026-11-20T07:00:00Z'));
    expect(desk.foodSince({ ...stored, lastSure }).lastSure).toEqual(lastSure);
  });
});

describe('the memory of refusals', () => {
  it('asks again soon for what passes by itself, and ever more rarely for the rest', () => {
    const memory = new RefusalMemory();
    const delays = (rule: 'busy' | 'hardware_fault') =>
      Array.from({ length: 6 }, () => {
        memory.note(rule, { rule, why: '' }, 0);
        return (memory.all.get(rule)?.retryAtAgeMs ?? 0) / 1000;
      });
    expect(delays('busy')).toEqual([30, 30, 30, 30, 30, 30]);
    expect(delays('hardware_fault')).toEqual([30, 60, 120, 240, 300, 300]);
  });

  it('is bounded, and forgets the oldest', () => {
    const memory = new RefusalMemory();
    for (let i = 0; i < 300; i++) memory.note(`key-${i}`, { rule: 'busy', why: '' }, i);
    expect(memory.all.size).toBe(256);
    expect(memory.all.has('key-0')).toBe(false);
    expect(memory.all.has('key-299')).toBe(true);
  });
});
