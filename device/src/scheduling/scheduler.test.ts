import { DAY_MS, HOUR_MS, MINUTE_MS, occurrenceKey } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import {
  benchWith,
  mealInput,
  ScheduleBench,
  servedKeys,
} from '../../test/contracts/schedule-bench.ts';

describe('A-61, B-63 an ordinary day', () => {
  it('serves each meal once, at its time', async () => {
    const { bench } = await benchWith(['07:00', '18:30']);
    await bench.pass(2 * DAY_MS);
    expect(bench.verdicts()).toEqual([
      '2026-11-20 07:00 fed/on_time',
      '2026-11-20 18:30 fed/on_time',
      '2026-11-21 07:00 fed/on_time',
      '2026-11-21 18:30 fed/on_time',
    ]);
    expect(bench.feeder.served[0]?.atMs).toBe(Date.parse('2026-11-20T06:00:00Z'));
    expect(bench.alerts).toEqual([]);
  });

  it('B-58 serves on the tick when the alarm never rings', async () => {
    const { bench } = await benchWith(['07:00']);
    bench.alarm.isBroken = true;
    await bench.on();
    await bench.passUntil('2026-11-20T06:01:00Z');
    const [served] = bench.feeder.served;
    expect(served?.verdict).toBe('fed');
    expect((served?.atMs ?? 0) - Date.parse('2026-11-20T06:00:00Z')).toBeLessThanOrEqual(30_000);
  });

  it('evaluates only when something can have become due, and writes nothing at rest', async () => {
    const { bench } = await benchWith(['07:00']);
    await bench.passUntil('2026-11-20T06:05:00Z');
    const before = bench.scheduler.counters().evaluations;
    const writes = bench.store.writes;
    await bench.pass(10 * HOUR_MS);
    expect(bench.scheduler.counters().evaluations - before).toBeLessThanOrEqual(12);
    expect(bench.store.writes - writes).toBeLessThanOrEqual(1);
  });

  it('serves two meals of the same minute one after the other', async () => {
    const { bench } = await benchWith(['07:00', '07:00']);
    await bench.passUntil('2026-11-20T06:02:00Z');
    expect(bench.feeder.served).toHaveLength(2);
  });

  it('does nothing without a plan', async () => {
    const bench = new ScheduleBench({ at: '2026-11-20T04:00:00Z' });
    await bench.on();
    await bench.pass(2 * DAY_MS);
    expect(bench.feeder.asked).toEqual([]);
    expect(bench.scheduler.next()).toBeNull();
  });
});

describe('after an outage', () => {
  it('serves one late meal in full when the next is two hours away', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.powerCut(3 * HOUR_MS);
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed_late/late_in_grace']);
  });

  it('misses what is over two hours late, and says why', async () => {
    const { bench, meals } = await benchWith(['07:00', '18:00']);
    await bench.powerCut(5 * HOUR_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 missed/too_late']);
    expect(bench.scheduler.why(occurrenceKey(meals[0]?.id ?? '', '2026-11-20'))).toBe(
      'It would have been 3 h late; meals up to 2 h late are served.',
    );
  });

  it('misses a late meal when the next is near, and then serves the next', async () => {
    const { bench } = await benchWith(['07:00', '09:00']);
    await bench.powerCut(3.5 * HOUR_MS);
    await bench.passUntil('2026-11-20T08:01:00Z');
    expect(bench.verdicts()).toEqual([
      '2026-11-20 07:00 missed/next_meal_near',
      '2026-11-20 09:00 fed/on_time',
    ]);
  });

  it('gives one portion when food was last seen ten hours ago', async () => {
    const { bench } = await benchWith(['07:00', '13:00', '19:00']);
    await bench.passUntil('2026-11-20T06:10:00Z');
    await bench.powerCut(9 * HOUR_MS);
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts().at(-1)).toBe('2026-11-20 13:00 missed/too_late');
    expect(servedKeys(bench)).toHaveLength(1);
    await bench.pass(HOUR_MS);
    expect(bench.feeder.served.map(({ verdict }) => verdict)).toEqual(['fed', 'starvation']);
    const [breakfast, portion] = bench.feeder.served;
    const sinceMs = (portion?.atMs ?? 0) - (breakfast?.atMs ?? 0);
    expect(sinceMs).toBeGreaterThanOrEqual(10 * HOUR_MS);
    expect(sinceMs).toBeLessThanOrEqual(10 * HOUR_MS + MINUTE_MS);
    const key = portion?.key;
    expect(key).toMatch(/^starve:.*@2026-11-20\.\d+$/);
    expect(bench.alerts.map(({ kind }) => kind)).toEqual(['dead_man', 'starvation']);
    await bench.pass(DAY_MS);
    expect(bench.feeder.served.filter(({ verdict }) => verdict === 'starvation')).toHaveLength(1);
  });

  it('gives another after six hours when the first brought nothing', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.passUntil('2026-11-20T06:10:00Z');
    bench.feeder.lowShare = 0;
    await bench.passUntil('2026-11-20T22:30:00Z');
    bench.feeder.lowShare = 1;
    await bench.passUntil('2026-11-21T05:00:00Z');
    const portions = bench.feeder.served.filter(({ verdict }) => verdict === 'starvation');
    expect(portions).toHaveLength(2);
    expect((portions[1]?.atMs ?? 0) - (portions[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(6 * HOUR_MS);
  });

  it('lists the misses of seven days and counts the older ones', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.passUntil('2026-11-20T18:00:00Z');
    await bench.powerCut(30 * DAY_MS);
    const missed = bench.store.closings.filter(({ verdict }) => verdict === 'missed');
    expect(missed).toHaveLength(13);
    expect(bench.store.gaps.map(({ count }) => count)).toEqual([46]);
    expect(bench.feeder.served.map(({ verdict }) => verdict)).toEqual(['fed', 'fed', 'fed_late']);
  });

  it('finds nothing to add when it starts twice', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.powerCut(30 * DAY_MS);
    const rows = bench.verdicts();
    await bench.powerCut(0);
    await bench.powerCut(0);
    expect(bench.verdicts()).toEqual(rows);
    expect(bench.store.gaps).toHaveLength(1);
  });
});

describe('when the feeder refuses', () => {
  const refusal = (rule: 'busy' | 'hardware_fault' | 'cap_day', remainingGrams = 0) => ({
    kind: 'refused' as const,
    rule,
    remainingGrams,
    why: `Because of ${rule}.`,
  });

  it('asks again and serves within the grace', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    bench.feeder.refuse = () => refusal('hardware_fault');
    await bench.passUntil('2026-11-20T06:30:00Z');
    expect(bench.verdicts()).toEqual([]);
    bench.feeder.refuse = () => null;
    await bench.pass(6 * MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed_late/late_in_grace']);
  });

  it('blocks with the last rule when the grace ends, and asks ever more rarely', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    bench.feeder.refuse = () => refusal('hardware_fault');
    await bench.passUntil('2026-11-20T08:01:00Z');
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 blocked/hardware_fault']);
    expect(bench.feeder.asked.length).toBeLessThan(35);
  });

  it('serves what a cap leaves', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    bench.feeder.refuse = (order) => (order.portionGrams > 7.5 ? refusal('cap_day', 7.58) : null);
    await bench.passUntil('2026-11-20T06:01:00Z');
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed_reduced/cap_day']);
    expect(bench.feeder.served[0]?.portionGrams).toBe(7.5);
  });

  it('does not serve crumbs, and says so at once', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    bench.feeder.refuse = () => refusal('cap_day', 0.9);
    await bench.passUntil('2026-11-20T06:01:00Z');
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 blocked/cap_day']);
  });

  it('B-75 alerts once when a due meal is not confirmed in time', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.passUntil('2026-11-20T07:00:00Z');
    bench.feeder.lowShare = 0;
    await bench.passUntil('2026-11-20T17:29:00Z');
    expect(bench.alerts.map(({ kind }) => kind)).toEqual(['starvation']);
    await bench.passUntil('2026-11-20T17:31:00Z');
    expect(bench.alerts.map(({ kind }) => kind)).toEqual(['starvation', 'dead_man']);
    await bench.pass(3 * HOUR_MS);
    bench.alerts.shift();
    expect(bench.alerts.map(({ kind }) => kind)).toEqual(['dead_man']);
    expect(bench.alerts[0]?.why).toContain("its verdict is 'failed'");
  });

  it('asks the owner about a missed meal that is served late only by hand', async () => {
    const { bench } = await benchWith([]);
    bench.book.addMeal(mealInput('07:00', { missedPolicy: 'ask' }));
    await bench.powerCut(2.5 * HOUR_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 missed/policy_ask']);
    expect(bench.alerts[0]?.kind).toBe('ask_owner');
  });

  it('lives on when a feeding breaks off, and asks again', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    bench.feeder.refuse = () => {
      throw new Error('the worker is gone');
    };
    await bench.passUntil('2026-11-20T06:10:00Z');
    expect(bench.feeder.asked.length).toBeGreaterThan(1);
    bench.feeder.refuse = () => null;
    await bench.pass(5 * MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed_late/late_in_grace']);
  });
});

describe('when the disk refuses', () => {
  it('leaves everything as it is and tries again at the next tick', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.off(5 * HOUR_MS);
    bench.store.isFull = true;
    await bench.on();
    await bench.pass(10 * MINUTE_MS);
    expect(bench.verdicts()).toEqual([]);
    expect(bench.scheduler.counters().failures).toBeGreaterThan(10);
    bench.store.isFull = false;
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 missed/too_late']);
  });

  it('refuses an edit rather than lose a verdict', async () => {
    const { bench, meals } = await benchWith(['07:00', '18:00']);
    await bench.off(5 * HOUR_MS);
    bench.store.isFull = true;
    await bench.on();
    expect(() => bench.book.removeMeal(meals[0]?.id ?? '')).toThrow(
      expect.objectContaining({ code: 'ERR_STORAGE' }),
    );
    expect(bench.book.meals()).toHaveLength(2);
  });
});

describe('what the page asks', () => {
  it('shows a day as planned, due, feeding and closed', async () => {
    const { bench } = await benchWith(['07:00', '12:00', '18:00']);
    bench.feeder.refuse = (order) =>
      'occurrence' in order && order.occurrence.localTime === '12:00'
        ? { kind: 'refused', rule: 'hardware_fault', remainingGrams: 0, why: 'The motor is hot.' }
        : null;
    await bench.passUntil('2026-11-20T11:10:00Z');
    const day = bench.scheduler.occurrencesOn('2026-11-20', '2026-11-20');
    expect(day.map(({ state, verdict }) => `${state} ${verdict}`)).toEqual([
      'closed fed',
      'due null',
      'planned null',
    ]);
    expect(day[1]?.why).toContain('The motor is hot.');
    expect(bench.scheduler.why('nothing@2026-11-20')).toBeUndefined();
  });

  it('refuses an unreasonable range', async () => {
    const { bench } = await benchWith(['07:00']);
    expect(() => bench.scheduler.occurrencesOn('2026-01-01', '2028-01-01')).toThrow(
      expect.objectContaining({ code: 'ERR_BUSINESS_RULE' }),
    );
  });

  it('stops when told, and when its signal says so', async () => {
    const { bench } = await benchWith(['07:00']);
    await bench.scheduler.stop();
    await bench.pass(DAY_MS);
    expect(bench.feeder.asked).toEqual([]);
    const controller = new AbortController();
    bench.scheduler.start(controller.signal);
    controller.abort();
    await bench.pass(DAY_MS);
    expect(bench.clock.pendingNames()).toEqual([]);
  });
});
