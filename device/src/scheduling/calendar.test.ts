import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDays,
  dateOfDay,
  dayNumber,
  daysBetween,
  minutesOfTime,
  timeOfMinutes,
  weekdayOf,
} from './calendar.ts';

describe('calendar dates', () => {
  it('agree with another calendar over four centuries', () => {
    fc.assert(
      fc.property(fc.integer({ min: -80_000, max: 80_000 }), (day) => {
        const other = new Date(day * 86_400_000);
        const date = other.toISOString().slice(0, 10);
        expect(dateOfDay(day)).toBe(date);
        expect(dayNumber(date)).toBe(day);
        expect(weekdayOf(date)).toBe(other.getUTCDay() === 0 ? 7 : other.getUTCDay());
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['2026-02-28', 1, '2026-03-01'],
    ['2028-02-28', 1, '2028-02-29'],
    ['2099-12-31', 1, '2100-01-01'],
    ['2026-01-01', -1, '2025-12-31'],
    ['2026-11-20', 0, '2026-11-20'],
  ])('%s and %i days is %s', (date, days, expected) => {
    expect(addDays(date, days)).toBe(expected);
    expect(daysBetween(date, expected)).toBe(days);
  });

  it('reads and writes every minute of a day', () => {
    for (let minute = 0; minute < 1440; minute++) {
      expect(minutesOfTime(timeOfMinutes(minute))).toBe(minute);
    }
  });
});
