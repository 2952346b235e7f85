import { describe, expect, it } from 'vitest';
import { addDays } from './calendar.ts';
import { localDateOf, localTimeOf } from './local-time.ts';
import { SUN_FALLBACK_TIMES, type SunEvent, sunTime } from './sun.ts';

const places = {
  berlin: { zone: 'Europe/Berlin', place: { latitude: 52.52, longitude: 13.4 } },
  london: { zone: 'Europe/London', place: { latitude: 51.5, longitude: -0.12 } },
  auckland: { zone: 'Pacific/Auckland', place: { latitude: -36.85, longitude: 174.76 } },
  quito: { zone: 'America/Guayaquil', place: { latitude: -0.18, longitude: -78.47 } },
  tromso: { zone: 'Europe/Oslo', place: { latitude: 69.65, longitude: 18.96 } },
  pole: { zone: 'UTC', place: { latitude: 90, longitude: 0 } },
  kiritimati: { zone: 'Pacific/Kiritimati', place: { latitude: 1.87, longitude: -157.4 } },
} as const;

describe('sunrise and sunset', () => {
  // Almanac times, to the minute.
  it.each([
    ['berlin', '2026-06-21', '04:43', '21:33'],
    ['berlin', '2026-12-21', '08:15', '15:54'],
    ['london', '2026-06-21', '04:43', '21:21'],
    ['london', '2026-12-21', '08:04', '15:53'],
    ['auckland', '2026-12-21', '05:58', '20:39'],
    ['quito', '2026-03-20', '06:18', '18:25'],
  ] as const)('of %s on %s are %s and %s, within two minutes', (name, date, rise, set) => {
    for (const [event, expected] of [
      ['sunrise', rise],
      ['sunset', set],
    ] as const) {
      const sun = sunTime(event, { ...places[name], date });
      expect(sun.kind).toBe('sun');
      const difference = minutes(localTimeOf(places[name].zone, sun.epochMs)) - minutes(expected);
      expect(Math.abs(difference)).toBeLessThanOrEqual(2);
    }
  });

  it.each([
    ['tromso', '2026-06-21', 'polar_day'],
    ['tromso', '2026-12-21', 'polar_night'],
    ['pole', '2026-06-21', 'polar_day'],
    ['pole', '2026-12-21', 'polar_night'],
  ] as const)('of %s on %s fall back to fixed times, by reason of %s', (name, date, reason) => {
    for (const event of ['sunrise', 'sunset'] as const) {
      const sun = sunTime(event, { ...places[name], date });
      expect(sun).toMatchObject({ kind: 'fallback', reason });
      expect(localTimeOf(places[name].zone, sun.epochMs)).toBe(SUN_FALLBACK_TIMES[event]);
    }
  });

  it('fall back without a place', () => {
    const sun = sunTime('sunset', { zone: 'Europe/Berlin', date: '2026-11-20', place: null });
    expect(sun).toMatchObject({ kind: 'fallback', reason: 'no_location' });
  });

  it('belong to the local date everywhere, one a day, sunrise first', () => {
    for (const { zone, place } of [
      places.berlin,
      places.auckland,
      places.quito,
      places.kiritimati,
    ]) {
      const last: Record<SunEvent, number> = { sunrise: 0, sunset: 0 };
      for (let i = 0, date = '2026-01-01'; i < 366; i++, date = addDays(date, 1)) {
        const rise = sunTime('sunrise', { zone, date, place }).epochMs;
        const set = sunTime('sunset', { zone, date, place }).epochMs;
        expect([localDateOf(zone, rise), localDateOf(zone, set)]).toEqual([date, date]);
        expect(rise).toBeLessThan(set);
        if (i > 0) expect(Math.abs(rise - last.sunrise - 86_400_000)).toBeLessThan(300_000);
        last.sunrise = rise;
        last.sunset = set;
      }
    }
  });
});

function minutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}
