import { defaultSettings, HOUR_MS } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StationTime } from '../platform/clock.ts';
import { leastElapsedMs } from './elapsed.ts';
import type { BookedDose } from './feeding-journal.ts';
import { checkLimits, DAY_WINDOW_MS, type LimitContext } from './portion-limits.ts';

const NOON = Date.UTC(2026, 5, 15, 12);
const dateOf = (wallMs: number) => new Date(wallMs).toISOString().slice(0, 10);

function timeAt(wallMs: number, over: Partial<StationTime> = {}): StationTime {
  const ageMs = wallMs - NOON + 100 * HOUR_MS;
  return { wallMs, monoMs: ageMs, ageMs, bootId: 'boot-1', quality: 'synchronized', ...over };
}

function dose(hoursAgo: number, highGrams: number, over: Partial<BookedDose> = {}): BookedDose {
  const at = timeAt(NOON - hoursAgo * HOUR_MS);
  return {
    feedingId: `f${hoursAgo}`,
    cause: 'person',
    petId: null,
    portionGrams: highGrams,
    lowGrams: highGrams - 1,
    highGrams,
    rationGrams: highGrams - 0.5,
    at,
    ...over,
  };
}

function context(doses: BookedDose[], over: Partial<LimitContext> = {}): LimitContext {
  return {
    settings: { ...defaultSettings, feedingGramsMax: 60, hourGramsMax: 80, dayGramsMax: 120 },
    planDayGrams: null,
    rationGrams: null,
    doses,
    now: timeAt(NOON),
    localDateOf: dateOf,
    ...over,
  };
}

const ask = (portionGrams: number, over = {}) => ({
  cause: 'person' as const,
  petId: null,
  portionGrams,
  overshootGrams: 1,
  errorShare: 0,
  ...over,
});

describe('B-21 I3 never too much: the caps of one portion', () => {
  const table: readonly [string, BookedDose[], number, string | null][] = [
    ['nothing before', [], 60, null],
    ['one gram over the feeding cap', [], 61, 'cap_feeding'],
    ['the hour is nearly full', [dose(0.5, 50)], 30, 'cap_hour'],
    ['just inside the hour', [dose(0.5, 50)], 29, null],
    ['the hour has passed', [dose(1.01, 50)], 30, null],
    ['the day is nearly full', [dose(5, 60), dose(8, 50)], 10, 'cap_day'],
    ['just inside the day', [dose(5, 60), dose(8, 50)], 9, null],
    ['yesterday at the same minute no longer counts', [dose(23.9, 60), dose(22.1, 50)], 60, null],
  ];
  test.each(table)('%s', (_, doses, grams, rule) => {
    const answer = checkLimits(ask(grams), context(doses));
    expect(answer.rule).toBe(rule);
    expect(answer.kind).toBe(rule === null ? 'within' : 'passed');
  });

  test('what is said to remain fits, and a gram more does not', () => {
    const full = context([dose(0.5, 50), dose(6, 40)]);
    const { remainingGrams } = checkLimits(ask(60), full);
    expect(checkLimits(ask(remainingGrams), full).kind).toBe('within');
    expect(checkLimits(ask(remainingGrams + 1), full).kind).toBe('passed');
  });

  test('the plan cap binds what the feeder decides itself, not a person', () => {
    const planned = context([dose(2, 20, { cause: 'schedule' })], { planDayGrams: 20 });
    expect(checkLimits(ask(10, { cause: 'schedule' }), planned).rule).toBe('cap_plan');
    expect(checkLimits(ask(10), planned).rule).toBeNull();
  });

  describe('I10 a portion against hunger finds booked in the share of the plan what surely came', () => {
    const nothingSure = (hoursAgo: number) =>
      dose(hoursAgo, 25, { cause: 'schedule', lowGrams: 0 });
    const planned = (doses: BookedDose[]) => context(doses, { planDayGrams: 20 });

    test('doses that may have been nothing do not stand in its way', () => {
      const booked = planned([nothingSure(8), nothingSure(2)]);
      expect(checkLimits(ask(20, { cause: 'starvation' }), booked).rule).toBeNull();
      expect(checkLimits(ask(20, { cause: 'schedule' }), booked).rule).toBe('cap_plan');
      expect(checkLimits(ask(20, { cause: 'elapsed_time' }), booked).rule).toBe('cap_plan');
    });

    test('doses that surely came do', () => {
      const booked = planned([dose(8, 20, { cause: 'schedule' }), nothingSure(2)]);
      expect(checkLimits(ask(20, { cause: 'starvation' }), booked)).toMatchObject({
        rule: 'cap_plan',
        remainingGrams: 24 - 19,
      });
    });

    test('I3 the cap of the day counts what may have come, whatever the reason', () => {
      const doses = [nothingSure(20), nothingSure(14), nothingSure(8), nothingSure(2)];
      expect(checkLimits(ask(20, { cause: 'starvation' }), planned(doses))).toMatchObject({
        rule: 'cap_day',
        remainingGrams: 120 - 100 - 1,
      });
    });
  });

  test('I3 a portion by turns must fit with its error', () => {
    const before = context([dose(0.5, 40)]);
    expect(checkLimits(ask(39), before).rule).toBeNull();
    const byTurns = checkLimits(ask(39, { errorShare: 0.3 }), before);
    expect(byTurns.rule).toBe('cap_hour');
    expect(byTurns.remainingGrams).toBeCloseTo(30);
  });

  test('a treat by hand takes nothing from the plan', () => {
    const treated = context([dose(2, 20)], { planDayGrams: 20 });
    expect(checkLimits(ask(20, { cause: 'schedule' }), treated).rule).toBeNull();
  });

  test('a ration counts measured doses as what they likely were', () => {
    const fed = [
      dose(3, 15.5, { petId: 'p', rationGrams: 15 }),
      dose(6, 15.5, { petId: 'p', rationGrams: 15 }),
    ];
    const withRation = context(fed, { rationGrams: 45 });
    expect(checkLimits(ask(15, { petId: 'p' }), withRation).rule).toBeNull();
    expect(checkLimits(ask(15.5, { petId: 'p' }), withRation).rule).toBe('cap_pet_day');
    expect(checkLimits(ask(15.5, { petId: 'q' }), withRation).rule).toBeNull();
  });

  test('I3 whatever was booked, what may still fall never passes a cap', () => {
    const hours = fc.double({ min: 0, max: 30, noNaN: true });
    const doses = fc.array(fc.tuple(hours, fc.double({ min: 1, max: 60, noNaN: true })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(doses, fc.double({ min: 1, max: 150, noNaN: true }), (booked, grams) => {
        const all = booked.map(([ago, high]) => dose(ago, high));
        const full = context(all);
        if (checkLimits(ask(grams), full).kind === 'passed') return;
        const within = (windowMs: number) =>
          all.filter((d) => NOON - d.at.wallMs < windowMs).reduce((sum, d) => sum + d.highGrams, 0);
        expect(grams).toBeLessThanOrEqual(60);
        expect(within(HOUR_MS) + grams + 1).toBeLessThanOrEqual(80 + 1e-9);
        expect(within(DAY_WINDOW_MS) + grams + 1).toBeLessThanOrEqual(120 + 1e-9);
      }),
    );
  });
});

describe('the time that has surely passed', () => {
  const then = { ...timeAt(NOON), wallMs: NOON };
  test('FMEA-34 a wall clock that jumps forward shortens no window within a boot', () => {
    const jumped = { ...timeAt(NOON + 24 * HOUR_MS), ageMs: then.ageMs + 60_000 };
    expect(leastElapsedMs(then, jumped)).toBe(60_000);
  });
  test('over a restart the trusted wall clock counts, less a step that nobody would doubt', () => {
    const later = { ...timeAt(NOON + 5 * HOUR_MS), bootId: 'boot-2', ageMs: then.ageMs + 1000 };
    expect(leastElapsedMs(then, later)).toBe(4 * HOUR_MS);
  });
  test('over a restart without a power cut only lived time counts, whatever the wall clock says', () => {
    const later = { ...timeAt(NOON + 5 * HOUR_MS), bootId: 'boot-2', ageMs: then.ageMs + 1000 };
    expect(leastElapsedMs(then, { ...later, poweredAtAgeMs: then.ageMs - 5000 })).toBe(1000);
    expect(leastElapsedMs(then, { ...later, poweredAtAgeMs: then.ageMs + 500 })).toBe(4 * HOUR_MS);
  });
  test('over a power cut right after it, lived time begins anew and the hours in the dark count', () => {
    const later = { ...timeAt(NOON + 5 * HOUR_MS), bootId: 'boot-2', ageMs: then.ageMs + 1000 };
    expect(leastElapsedMs(then, { ...later, poweredAtAgeMs: then.ageMs })).toBe(4 * HOUR_MS);
  });
  test('over a restart an untrusted wall clock does not', () => {
    const later = { ...timeAt(NOON + 5 * HOUR_MS), bootId: 'boot-2', ageMs: then.ageMs + 1000 };
    expect(leastElapsedMs(then, { ...later, quality: 'estimated' })).toBe(1000);
    expect(leastElapsedMs({ ...then, quality: 'unknown' }, later)).toBe(1000);
  });
  test('FMEA-35 a wall clock that jumps back never makes time negative', () => {
    const back = { ...timeAt(NOON - 9 * HOUR_MS), bootId: 'boot-2', ageMs: then.ageMs + 1000 };
    expect(leastElapsedMs(then, back)).toBe(1000);
  });
});
