import { DAY_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { FEEDING_DAYS_KEPT } from './row-retention.ts';

function lifeOf() {
  const { store, clock, db } = memoryStore();
  const feed = (requestId: string) =>
    store.journal.refuse({
      feedingId: `id-${requestId}`,
      requestId,
      cause: 'person',
      petId: null,
      portionGrams: 10,
      rule: 'busy',
      numbers: {},
      time: clock.now(),
      why: 'a test',
    });
  const kept = () =>
    db.prepare<[], { request_id: string }>('SELECT request_id FROM feeding ORDER BY n').all();
  return { store, clock, feed, kept: () => kept().map((row) => row.request_id) };
}

describe('forgetting old rows', () => {
  it('goes by lived time, and keeps the newest', () => {
    const { store, clock, feed, kept } = lifeOf();
    feed('first');
    clock.ageMs += 10 * DAY_MS;
    feed('second');
    clock.ageMs += (FEEDING_DAYS_KEPT - 5) * DAY_MS;
    feed('third');
    store.maintain();
    expect(kept()).toEqual(['second', 'third']);
    clock.ageMs += 2 * FEEDING_DAYS_KEPT * DAY_MS;
    store.maintain();
    expect(kept()).toEqual(['third']);
  });

  it.each([
    ['a clock that stood at 1970', -1_700_000_000_000],
    ['a clock that was two years ahead', 2 * 365 * DAY_MS],
    ['a clock that was two years behind', -2 * 365 * DAY_MS],
  ])('I1 forgets nothing on account of %s', (_, offMs) => {
    const { store, clock, feed, kept } = lifeOf();
    clock.wallOffsetMs += offMs;
    feed('claimed with a wrong clock');
    clock.wallOffsetMs -= offMs;
    clock.ageMs += DAY_MS;
    feed('a day later');
    store.maintain();
    clock.wallOffsetMs += offMs;
    store.maintain();
    expect(kept()).toEqual(['claimed with a wrong clock', 'a day later']);
  });
});
