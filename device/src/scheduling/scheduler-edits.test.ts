import { DAY_MS, HOUR_MS, MINUTE_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { benchWith, flush, mealInput } from '../../test/contracts/schedule-bench.ts';

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
