import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, it } from 'vitest';
import { addDays, timeOfMinutes } from './calendar.ts';
import {
  dayStartMs,
  hasDate,
  instantOf,
  localDateOf,
  localTimeOf,
  offsetChangeOn,
} from './local-time.ts';

const zones = Intl.supportedValuesOf('timeZone');

function iso(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}

describe('FMEA-32 a time in the gap of the spring night', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29', '02:00', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-03-29', '02:30', '2026-03-29T01:00:00Z'],
    ['Europe/Berlin', '2026-03-29', '02:59', '2026-03-29T01:00:00Z'],
    ['America/New_York', '2026-03-08', '02:30', '2026-03-08T07:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-04', '02:15', '2026-10-03T15:30:00Z'],
    ['Africa/Cairo', '2026-04-24', '00:30', '2026-04-23T22:00:00Z'],
    ['America/Nuuk', '2027-03-27', '23:30', '2027-03-28T01:00:00Z'],
    ['Atlantic/Azores', '2026-03-29', '00:30', '2026-03-29T01:00:00Z'],
  ])('in %s, %s %s is due at the first instant after it, %s', (zone, date, time, expected) => {
    expect(instantOf(zone, date, time)).toEqual({ epochMs: Date.parse(expected), shift: 'gap' });
  });

  it('leaves the minute before and the minute after alone', () => {
    expect(iso(instantOf('Europe/Berlin', '2026-03-29', '01:59').epochMs)).toBe(
      '2026-03-29T00:59:00Z',
    );
    expect(iso(instantOf('Europe/Berlin', '2026-03-29', '03:00').epochMs)).toBe(
      '2026-03-29T01:00:00Z',
    );
  });
});

describe('FMEA-33 a time that the autumn night repeats', () => {
  it.each([
    ['Europe/Berlin', '2026-10-25', '02:30', '2026-10-25T00:30:00Z'],
    ['America/New_York', '2026-11-01', '01:30', '2026-11-01T05:30:00Z'],
    ['Australia/Lord_Howe', '2026-04-05', '01:45', '2026-04-04T14:45:00Z'],
    ['America/Santiago', '2026-04-04', '23:30', '2026-04-05T02:30:00Z'],
    ['America/Nuuk', '2026-10-24', '23:30', '2026-10-25T00:30:00Z'],
  ])('in %s, %s %s is due at the first of the two, %s', (zone, date, time, expected) => {
    expect(instantOf(zone, date, time)).toEqual({
      epochMs: Date.parse(expected),
      shift: 'overlap',
    });
  });
});

describe('local time', () => {
  it.each([
    ['UTC', '2026-11-20', '07:00', '2026-11-20T07:00:00Z'],
    ['Asia/Kathmandu', '2026-11-20', '07:00', '2026-11-20T01:15:00Z'],
    ['Pacific/Kiritimati', '2026-11-20', '07:00', '2026-11-19T17:00:00Z'],
    ['Pacific/Pago_Pago', '2026-11-20', '20:00', '2026-11-21T07:00:00Z'],
  ])('of %s, %s %s is %s and back', (zone, date, time, expected) => {
    const { epochMs, shift } = instantOf(zone, date, time);
    expect(iso(epochMs)).toBe(expected);
    expect(shift).toBeNull();
    expect(localDateOf(zone, epochMs)).toBe(date);
    expect(localTimeOf(zone, epochMs)).toBe(time);
  });

  it('knows that Samoa had no 30 December 2011', () => {
    expect(hasDate('Pacific/Apia', '2011-12-29')).toBe(true);
    expect(hasDate('Pacific/Apia', '2011-12-30')).toBe(false);
    expect(hasDate('Pacific/Apia', '2011-12-31')).toBe(true);
  });

  it.each([
    ['Europe/Berlin', '2026-03-29', 60],
    ['Europe/Berlin', '2026-10-25', -60],
    ['Australia/Lord_Howe', '2026-10-04', 30],
    ['America/Nuuk', '2027-03-27', 60],
    ['Africa/Cairo', '2026-04-24', 60],
    ['Europe/Berlin', '2026-03-28', null],
    ['Asia/Tokyo', '2026-03-29', null],
  ])('flags the clock change of %s on %s: %s minutes', (zone, date, minutes) => {
    expect(offsetChangeOn(zone, date)?.forwardMinutes ?? null).toBe(minutes);
  });

  it('gives every local date one instant per meal, later each day, in every zone, for ten years', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: 2024, max: 2026 }),
        (zone, minute, year) => {
          const time = timeOfMinutes(minute);
          let beforeMs = Number.NEGATIVE_INFINITY;
          for (let i = 0, date = `${year}-01-01`; i < 3653; i++, date = addDays(date, 1)) {
            if (!hasDate(zone, date)) continue;
            const { epochMs, shift } = instantOf(zone, date, time);
            if (epochMs <= beforeMs || epochMs < dayStartMs(zone, date)) {
              throw new Error(`${zone} ${date} ${time} is out of order`);
            }
            if (shift !== 'gap' && localTimeOf(zone, epochMs) !== time) {
              throw new Error(`${zone} ${date} ${time} is not that time`);
            }
            beforeMs = epochMs;
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('agrees with Temporal on every clock change of every zone, outside of gaps', () => {
    for (const zone of zones) {
      for (const transition of changesOf(zone, '2026-01-01', '2029-01-01')) {
        const { date, time } = localParts(transition.subtract({ minutes: 90 }));
        for (let i = 0; i < 13; i++) {
          const wanted = Temporal.PlainDateTime.from(`${date}T${time}`).add({ minutes: 15 * i });
          const other = wanted.toZonedDateTime(zone, { disambiguation: 'earlier' });
          const [wantedDate = '', wantedTime = ''] = wanted.toString().split('T');
          const mine = instantOf(zone, wantedDate, wantedTime.slice(0, 5));
          const isGap = !other.toPlainDateTime().equals(wanted);
          expect(mine.shift === 'gap').toBe(isGap);
          const expected = isGap ? transition.epochMilliseconds : other.epochMilliseconds;
          expect(`${zone} ${wanted} ${iso(mine.epochMs)}`).toBe(
            `${zone} ${wanted} ${iso(expected)}`,
          );
        }
      }
    }
  });
});

function* changesOf(zone: string, from: string, to: string): Generator<Temporal.ZonedDateTime> {
  let at = Temporal.PlainDate.from(from).toZonedDateTime(zone);
  const end = Temporal.PlainDate.from(to).toZonedDateTime(zone);
  for (let i = 0; i < 20; i++) {
    const next = at.getTimeZoneTransition('next');
    if (next === null || Temporal.ZonedDateTime.compare(next, end) > 0) return;
    yield next;
    at = next;
  }
}

function localParts(at: Temporal.ZonedDateTime): { date: string; time: string } {
  return {
    date: at.toPlainDate().toString(),
    time: at.toPlainTime().toString({ smallestUnit: 'minute' }),
  };
}
