import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dateOfDays,
  daysOfDate,
  instantOf,
  localDate,
  weekdayOfDays,
} from './independent-calendar.ts';

describe('the independent calendar', () => {
  it('agrees with Date about civil dates over four centuries', () => {
    fc.assert(
      fc.property(fc.integer({ min: -50_000, max: 100_000 }), (days) => {
        const date = new Date(days * 86_400_000);
        expect(dateOfDays(days)).toBe(date.toISOString().slice(0, 10));
        expect(daysOfDate(dateOfDays(days))).toBe(days);
        expect(weekdayOfDays(days)).toBe(date.getUTCDay() === 0 ? 7 : date.getUTCDay());
      }),
    );
  });

  it.each([
    ['Europe/Berlin', '2027-03-28', 150, '2027-03-28T01:00:00.000Z', 'gap: the instant after it'],
    ['Europe/Berlin', '2027-10-31', 150, '2027-10-31T00:30:00.000Z', 'repeat: the first'],
    ['America/New_York', '2027-03-14', 120, '2027-03-14T07:00:00.000Z', 'gap'],
    ['America/New_York', '2027-11-07', 90, '2027-11-07T05:30:00.000Z', 'repeat'],
    ['Australia/Lord_Howe', '2027-10-03', 135, '2027-10-02T15:30:00.000Z', 'half an hour of gap'],
    ['Asia/Kathmandu', '2027-06-01', 480, '2027-06-01T02:15:00.000Z', 'a quarter of an hour'],
    ['UTC', '2028-02-29', 0, '2028-02-29T00:00:00.000Z', 'a leap day'],
  ])('%s %s minute %i is %s (%s)', (zone, date, minute, instant) => {
    expect(new Date(instantOf(zone, date, minute)).toISOString()).toBe(instant);
  });

  it('gives back the local date of every instant it names', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Europe/Berlin', 'America/Santiago', 'Pacific/Auckland', 'Africa/Cairo'),
        fc.integer({ min: 20_600, max: 23_000 }),
        fc.integer({ min: 0, max: 1439 }),
        (zone, days, minute) => {
          const date = dateOfDays(days);
          expect(localDate(zone, instantOf(zone, date, minute))).toBe(date);
        },
      ),
    );
  });
});
