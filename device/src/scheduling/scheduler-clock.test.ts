import { DAY_MS, HOUR_MS, MINUTE_MS, occurrenceKey } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { benchWith, mealInput, ScheduleBench } from '../../test/contracts/schedule-bench.ts';

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
