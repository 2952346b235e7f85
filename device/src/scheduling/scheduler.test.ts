import { DAY_MS, HOUR_MS, MINUTE_MS, occurrenceKey } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { flush, mealInput, ScheduleBench } from '../../test/contracts/schedule-bench.ts';

/** Berlin in winter is one hour ahead of UTC. */
async function benchWith(times: string[], at = '2026-11-20T04:00:00Z') {
  const bench = new ScheduleBench({ at });
  await bench.on();
  const meals = times.map((time) => bench.book.addMeal(mealInput(time)));
  return { bench, meals };
}

const keys = (bench: ScheduleBench) => bench.feeder.served.map(({ key }) => key.slice(-10));

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
    expect(keys(bench)).toHaveLength(1);
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

describe('the clock', () => {
  it('FMEA-30 clock unknown at boot: waits, then feeds by elapsed time, then goes on by the plan', async () => {
    const { bench } = await benchWith(['06:00', '14:00', '22:00']);
    bench.time.quality = 'unknown';
    await bench.on();
    await bench.pass(29 * MINUTE_MS);
    expect(bench.feeder.served).toEqual([]);
    await bench.pass(2 * MINUTE_MS);
    expect(bench.feeder.served).toMatchObject([{ verdict: 'elapsed_time', portionGrams: 15 }]);
    await bench.pass(7.5 * HOUR_MS);
    expect(bench.feeder.served).toHaveLength(1);
    await bench.pass(17 * HOUR_MS);
    expect(bench.feeder.served).toHaveLength(4);
    expect(bench.feeder.served.reduce((sum, { portionGrams }) => sum + portionGrams, 0)).toBe(60);
    bench.time.quality = 'synchronized';
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts()).toEqual([
      '2026-11-20 06:00 skipped/covered_by_elapsed',
      '2026-11-20 14:00 skipped/covered_by_elapsed',
      '2026-11-20 22:00 skipped/covered_by_elapsed',
      '2026-11-21 06:00 skipped/covered_by_elapsed',
    ]);
    expect(bench.alerts.some(({ kind }) => kind === 'elapsed_time')).toBe(true);
    await bench.pass(DAY_MS);
    expect(bench.verdicts().slice(-3)).toEqual([
      '2026-11-21 14:00 fed/on_time',
      '2026-11-21 22:00 fed/on_time',
      '2026-11-22 06:00 fed/on_time',
    ]);
  });

  it('I2 counts what the plan asked for before the time was ever known, and serves none of it', async () => {
    const bench = new ScheduleBench({ at: '2026-11-20T04:00:00Z' });
    bench.time.quality = 'unknown';
    await bench.on();
    for (const time of ['07:00', '11:30', '18:00'] as const) bench.book.addMeal(mealInput(time));
    await bench.passUntil('2026-11-20T10:50:00Z');
    bench.time.quality = 'synchronized';
    await bench.passUntil('2026-11-20T17:30:00Z');
    expect(bench.store.gaps).toEqual([
      {
        fromMs: Date.parse('2026-11-20T04:00:00Z'),
        toMs: Date.parse('2026-11-20T10:50:30Z'),
        count: 2,
      },
    ]);
    expect(bench.verdicts()).toEqual(['2026-11-20 18:00 fed/on_time']);
    await bench.powerCut(0);
    expect(bench.store.gaps).toHaveLength(1);
  });

  it('I2 owes nothing for the time before the first clock when nothing was planned', async () => {
    const bench = new ScheduleBench({ at: '2026-11-20T04:00:00Z' });
    await bench.pass(DAY_MS);
    await bench.on();
    bench.book.addMeal(mealInput('07:00'));
    await bench.pass(2 * HOUR_MS);
    expect(bench.store.gaps).toEqual([]);
  });

  it('I2 says what it cannot say of a meal that was removed while nobody knew the time', async () => {
    const { bench, meals } = await benchWith(['07:00', '18:00', '20:00']);
    bench.feeder.refuse = () => ({
      kind: 'refused',
      rule: 'hardware_fault',
      remainingGrams: 0,
      why: 'The door is open.',
    });
    await bench.passUntil('2026-11-20T06:20:00Z');
    await bench.off(11 * HOUR_MS);
    bench.feeder.refuse = () => null;
    bench.time.quality = 'unknown';
    await bench.on();
    bench.book.removeMeal(meals[0]?.id ?? '');
    await bench.pass(MINUTE_MS);
    expect(bench.store.gaps).toEqual([]);
    bench.time.quality = 'synchronized';
    await bench.pass(MINUTE_MS);
    const [gap] = bench.store.gaps;
    expect(gap?.fromMs).toBeLessThan(Date.parse('2026-11-20T06:00:00Z'));
    expect(gap).toMatchObject({ toMs: Date.parse('2026-11-20T17:20:00Z'), count: 1 });
    await bench.pass(DAY_MS);
    expect(bench.store.gaps).toHaveLength(1);
    expect(bench.verdicts()).toEqual([
      '2026-11-20 20:00 fed/on_time',
      '2026-11-21 18:00 fed/on_time',
    ]);
  });

  it('FMEA-31 clock only estimated: feeds, says so, and takes half an hour as in time', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.off(2.4 * HOUR_MS);
    bench.time.quality = 'estimated';
    await bench.on();
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed/clock_estimated']);
  });

  it('FMEA-34 clock jumps forward: no burst, whatever the size', async () => {
    for (const stepMs of [90_000, HOUR_MS, 3 * HOUR_MS, DAY_MS, 40 * DAY_MS, 3000 * DAY_MS]) {
      const { bench } = await benchWith(['07:00', '08:00', '12:00', '18:00']);
      bench.clock.stepWall(stepMs);
      await bench.pass(2 * MINUTE_MS);
      expect(bench.feeder.served.length).toBeLessThanOrEqual(1);
    }
  });

  it('FMEA-35 clock jumps back: nothing is served twice, and a false future is taken back', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.passUntil('2026-11-20T06:10:00Z');
    bench.clock.stepWall(-HOUR_MS);
    await bench.pass(2 * HOUR_MS);
    expect(bench.feeder.served).toHaveLength(1);
    bench.clock.stepWall(2 * DAY_MS);
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts().filter((row) => row.includes('missed'))).toHaveLength(3);
    expect(bench.feeder.served).toHaveLength(2);
    bench.clock.stepWall(-2 * DAY_MS);
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts()).toEqual([
      '2026-11-20 07:00 fed/on_time',
      '2026-11-22 07:00 fed_late/late_in_grace',
    ]);
    await bench.passUntil('2026-11-21T18:00:00Z');
    expect(bench.verdicts().slice(0, 4)).toEqual([
      '2026-11-20 07:00 fed/on_time',
      '2026-11-20 18:00 fed/on_time',
      '2026-11-21 07:00 fed/on_time',
      '2026-11-21 18:00 fed/on_time',
    ]);
  });

  it('FMEA-34 clock jumps forward: a meal that came due meanwhile is served when it is right again', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    await bench.passUntil('2026-11-20T05:50:00Z');
    bench.feeder.refuse = () => ({ kind: 'refused', rule: 'busy', remainingGrams: 0, why: '' });
    bench.clock.stepWall(5 * HOUR_MS);
    await bench.pass(15 * MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 missed/too_late']);
    bench.feeder.refuse = () => null;
    bench.clock.stepWall(-5 * HOUR_MS);
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed_late/late_in_grace']);
  });

  it('I2 FMEA-34 a disk that refuses while a false future is taken back loses no meal', async () => {
    const { bench, meals } = await benchWith(['07:00', '07:02', '18:00']);
    await bench.passUntil('2026-11-20T05:59:00Z');
    bench.clock.stepWall(5 * HOUR_MS);
    await bench.pass(MINUTE_MS);
    bench.clock.stepWall(-5 * HOUR_MS);
    // The first verdict is void, and then the disk refuses until after the meal is due.
    const reopen = bench.store.reopen.bind(bench.store);
    bench.store.reopen = (...args) => {
      reopen(...args);
      bench.store.isFull = true;
    };
    await bench.pass(2 * MINUTE_MS);
    expect(bench.store.reopened).toContain(occurrenceKey(meals[0]?.id ?? '', '2026-11-20'));
    bench.store.reopen = reopen;
    bench.store.isFull = false;
    await bench.pass(4 * MINUTE_MS);
    expect(bench.verdicts()).toEqual([
      '2026-11-20 07:00 fed/on_time',
      '2026-11-20 07:02 fed/on_time',
    ]);
  });

  it('FMEA-35 clock jumps back by days: the cat is fed although its meals have their verdicts', async () => {
    const { bench } = await benchWith(['07:00', '13:00', '19:00']);
    await bench.pass(3 * DAY_MS);
    const before = bench.feeder.served.length;
    bench.clock.stepWall(-2 * DAY_MS);
    await bench.pass(2 * DAY_MS);
    const portions = bench.feeder.served.slice(before);
    expect(portions.length).toBeGreaterThanOrEqual(4);
    const times = portions.map(({ atMs }) => atMs);
    for (let i = 1; i < times.length; i++) {
      expect((times[i] ?? 0) - (times[i - 1] ?? 0)).toBeLessThan(10.1 * HOUR_MS);
    }
  });

  it('FMEA-37 sixty days without a restart: every meal, within half a minute', async () => {
    const { bench } = await benchWith(['07:00', '18:00'], '2026-09-20T04:00:00Z');
    bench.alarm.isBroken = true;
    await bench.on();
    await bench.pass(60 * DAY_MS);
    expect(bench.feeder.served).toHaveLength(120);
    for (const { key, atMs } of bench.feeder.served) {
      const dueAtMs = bench.store.rows.get(key)?.dueAtMs ?? 0;
      expect(atMs - dueAtMs).toBeLessThanOrEqual(30_000);
    }
  });
});

describe('the zone', () => {
  it('FMEA-36 timezone change: nothing is repeated and nothing lost without a verdict', async () => {
    const zones = ['America/New_York', 'Asia/Tokyo', 'Pacific/Kiritimati', 'Pacific/Pago_Pago'];
    for (const zone of zones) {
      for (const hour of [1, 5, 9, 13, 17, 21]) {
        const { bench, meals } = await benchWith(['07:00', '12:00', '19:00']);
        await bench.pass(DAY_MS);
        await bench.passUntil(`2026-11-21T${String(hour).padStart(2, '0')}:00:00Z`);
        bench.book.changeSettings({ zone });
        await bench.pass(3 * DAY_MS);
        for (const date of ['2026-11-20', '2026-11-21', '2026-11-22']) {
          for (const meal of meals) {
            const row = bench.store.rows.get(occurrenceKey(meal.id, date));
            expect(`${zone} ${hour} ${date} ${row?.verdict}`).not.toContain('undefined');
          }
        }
        const served = bench.feeder.served.map(({ key }) => key);
        expect(new Set(served).size).toBe(served.length);
      }
    }
  });
});

describe('edits', () => {
  it('FMEA-43 schedule edited during a dose: the dose keeps its meal, the edit is for the next', async () => {
    const { bench, meals } = await benchWith(['07:00', '18:00']);
    let release = () => {};
    bench.feeder.hold = new Promise((resolve) => {
      release = resolve;
    });
    await bench.passUntil('2026-11-20T06:00:05Z');
    expect(bench.feeder.served).toHaveLength(1);
    bench.book.changeMeal(meals[0]?.id ?? '', { time: '07:30', portionGrams: 40 });
    await bench.pass(MINUTE_MS);
    expect(bench.scheduler.occurrencesOn('2026-11-20', '2026-11-20')[0]?.state).toBe('feeding');
    release();
    await flush();
    await bench.pass(DAY_MS + HOUR_MS);
    expect(bench.feeder.served.slice(0, 3)).toMatchObject([
      { portionGrams: 20 },
      { portionGrams: 20 },
      { portionGrams: 40, verdict: 'fed' },
    ]);
    expect(bench.verdicts()[0]).toBe('2026-11-20 07:00 fed/on_time');
    expect(bench.store.rows.get(bench.feeder.served[2]?.key ?? '')?.localTime).toBe('07:30');
  });

  it('FMEA-43 schedule edited during a dose: removing its meal does not serve it twice', async () => {
    const { bench, meals } = await benchWith(['07:00', '18:00']);
    let release = () => {};
    bench.feeder.hold = new Promise((resolve) => {
      release = resolve;
    });
    await bench.passUntil('2026-11-20T06:00:05Z');
    bench.book.removeMeal(meals[0]?.id ?? '');
    release();
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed/on_time']);
  });

  it('serves what was due before the edit under its old form', async () => {
    const { bench, meals } = await benchWith(['07:00', '18:00'], '2026-11-20T04:00:10Z');
    bench.alarm.isBroken = true;
    await bench.on();
    await bench.passUntil('2026-11-20T06:00:05Z');
    expect(bench.feeder.asked).toEqual([]);
    bench.book.changeMeal(meals[0]?.id ?? '', { portionGrams: 50 });
    await flush();
    expect(bench.feeder.served).toMatchObject([{ portionGrams: 20 }]);
  });

  it('gives a meal moved into the past its verdict, and takes it back when it is moved on', async () => {
    const { bench, meals } = await benchWith(['12:00']);
    await bench.passUntil('2026-11-20T09:00:00Z');
    const id = meals[0]?.id ?? '';
    bench.book.changeMeal(id, { time: '08:00' });
    expect(bench.verdicts()).toEqual(['2026-11-20 08:00 skipped/edited_past']);
    bench.book.changeMeal(id, { time: '20:00' });
    expect(bench.verdicts()).toEqual([]);
    await bench.passUntil('2026-11-20T19:01:00Z');
    expect(bench.verdicts()).toEqual(['2026-11-20 20:00 fed/on_time']);
  });

  it('never serves a date twice because its meal moved on', async () => {
    const { bench, meals } = await benchWith(['07:00']);
    await bench.passUntil('2026-11-20T06:10:00Z');
    bench.book.changeMeal(meals[0]?.id ?? '', { time: '12:00' });
    await bench.passUntil('2026-11-20T20:00:00Z');
    expect(bench.feeder.served).toHaveLength(1);
  });

  it('gives a pending meal its verdict when it is removed', async () => {
    const { bench, meals } = await benchWith(['07:00', '18:00']);
    bench.feeder.refuse = () => ({ kind: 'refused', rule: 'busy', remainingGrams: 0, why: '' });
    await bench.passUntil('2026-11-20T06:10:00Z');
    bench.book.removeMeal(meals[0]?.id ?? '');
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 skipped/plan_changed']);
  });

  describe('of a meal that is asked for by the edit itself and refused', () => {
    async function dueBetweenTicks(rule: 'busy' | 'cap_day', remainingGrams: number) {
      const { bench, meals } = await benchWith(['07:00', '18:00'], '2026-11-20T04:00:10Z');
      bench.alarm.isBroken = true;
      await bench.on();
      await bench.passUntil('2026-11-20T06:00:05Z');
      bench.feeder.refuse = ({ portionGrams }) =>
        portionGrams <= remainingGrams ? null : { kind: 'refused', rule, remainingGrams, why: '' };
      return { bench, id: meals[0]?.id ?? '' };
    }

    it('I2 removed: it gets its verdict', async () => {
      const { bench, id } = await dueBetweenTicks('busy', 0);
      bench.book.removeMeal(id);
      await flush();
      expect(bench.verdicts()).toEqual(['2026-11-20 07:00 skipped/plan_changed']);
      expect(bench.feeder.asked).toHaveLength(1);
    });

    it('I2 moved on: what a cap leaves is not served under its old form', async () => {
      const { bench, id } = await dueBetweenTicks('cap_day', 12);
      bench.book.changeMeal(id, { time: '12:00' });
      await flush();
      expect(bench.feeder.served).toEqual([]);
      await bench.passUntil('2026-11-20T11:01:00Z');
      expect(bench.verdicts()).toEqual(['2026-11-20 12:00 fed_reduced/cap_day']);
    });

    it('removed: what a cap leaves is not asked for', async () => {
      const { bench, id } = await dueBetweenTicks('cap_day', 12);
      bench.book.removeMeal(id);
      await flush();
      expect(bench.feeder.served).toEqual([]);
      expect(bench.verdicts()).toEqual(['2026-11-20 07:00 skipped/plan_changed']);
    });

    it('left as it is: it is served what a cap leaves', async () => {
      const { bench } = await dueBetweenTicks('cap_day', 12);
      bench.book.changeSettings({ deadManMinutes: 45 });
      await flush();
      expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed_reduced/cap_day']);
    });
  });

  it('lets a pending meal wait on when only its name and portion are changed', async () => {
    const { bench, meals } = await benchWith(['07:00', '18:00']);
    bench.feeder.refuse = () => ({ kind: 'refused', rule: 'busy', remainingGrams: 0, why: '' });
    await bench.passUntil('2026-11-20T06:10:00Z');
    const { time, weekdays, enabled } = mealInput('07:00');
    const asShown = { time, weekdays, enabled, name: 'Breakfast', portionGrams: 30 };
    bench.book.changeMeal(meals[0]?.id ?? '', asShown);
    bench.feeder.refuse = () => null;
    await bench.pass(MINUTE_MS);
    expect(bench.verdicts()).toEqual(['2026-11-20 07:00 fed_late/late_in_grace']);
    expect(bench.feeder.served).toMatchObject([{ portionGrams: 30 }]);
  });

  it('I2 gives a pending meal of yesterday its verdict when it is changed after midnight', async () => {
    const { bench, meals } = await benchWith(['23:50']);
    bench.feeder.refuse = () => ({ kind: 'refused', rule: 'busy', remainingGrams: 0, why: '' });
    await bench.passUntil('2026-11-20T23:10:00Z');
    bench.book.changeMeal(meals[0]?.id ?? '', { weekdays: [5, 6] });
    expect(bench.verdicts()).toEqual(['2026-11-20 23:50 skipped/edited_past']);
  });

  it('does not serve the earlier meals of a plan that is switched to', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    const other = bench.book.addPlan({ name: 'Diet' });
    // Long past when the plan is switched: not a word of it. An hour before: a word.
    bench.book.addMeal(mealInput('06:30', { planId: other.id }));
    bench.book.addMeal(mealInput('09:30', { planId: other.id }));
    bench.book.addMeal(mealInput('15:00', { planId: other.id }));
    await bench.passUntil('2026-11-20T09:00:00Z');
    bench.book.activatePlan(other.id);
    await bench.passUntil('2026-11-20T15:00:00Z');
    expect(bench.verdicts()).toEqual([
      '2026-11-20 07:00 fed/on_time',
      '2026-11-20 09:30 skipped/edited_past',
      '2026-11-20 15:00 fed/on_time',
    ]);
  });

  it('leaves out a skipped meal, a pause and a vacation, and goes on by itself', async () => {
    const { bench } = await benchWith(['07:00', '18:00']);
    expect(bench.scheduler.next()?.localTime).toBe('07:00');
    bench.book.skipNext();
    expect(bench.scheduler.next()?.localTime).toBe('18:00');
    await bench.passUntil('2026-11-20T12:00:00Z');
    bench.book.addOverlay({
      kind: 'pause',
      untilMs: Date.parse('2026-11-21T02:00:00Z'),
      note: '',
    });
    bench.book.addOverlay({
      kind: 'vacation',
      fromDate: '2026-11-21',
      toDate: '2026-11-21',
      planId: null,
      portionFactor: 0.5,
      note: '',
    });
    await bench.passUntil('2026-11-22T07:00:00Z');
    expect(bench.verdicts()).toEqual([
      '2026-11-20 07:00 skipped/skip_overlay',
      '2026-11-20 18:00 skipped/paused',
      '2026-11-21 07:00 fed/on_time',
      '2026-11-21 18:00 fed/on_time',
      '2026-11-22 07:00 fed/on_time',
    ]);
    expect(bench.feeder.served.map(({ portionGrams }) => portionGrams)).toEqual([10, 10, 20]);
    expect(bench.alerts).toEqual([]);
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
