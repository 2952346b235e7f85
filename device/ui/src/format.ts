import type { Occurrence } from '@cat-feeder/shared';
import { say, sayCount } from './messages/say.ts';

/** The language of numbers and dates; the page's texts are English so far. */
const LOCALE = 'en-GB';

/** A true minus sign reads better than a hyphen, and screen readers know it. */
function withMinus(text: string): string {
  return text.replace('-', '\u2212');
}

/** Grams as people read them: `12.4`, `-0.3`, `250`. At most one decimal, none from 100 g. */
export function gramsText(grams: number): string {
  const rounded = Math.abs(grams) < 100 ? Math.round(grams * 10) / 10 : Math.round(grams);
  const decimals = Math.abs(rounded) < 100 ? 1 : 0;
  return withMinus((rounded === 0 ? 0 : rounded).toFixed(decimals));
}

/** Grams without a needless `.0`: for portions, which are whole grams most of the time. */
export function portionText(grams: number): string {
  return gramsText(grams).replace(/\.0$/, '');
}

/** An interval of grams: `11.8 to 12.6 g`, or one figure when both ends read the same. */
export function rangeText(lowGrams: number, highGrams: number): string {
  const low = gramsText(lowGrams);
  const high = gramsText(highGrams);
  if (low === high) return say('unit.grams', { grams: low });
  return say('unit.gramsRange', { low, high });
}

/** Hours, minutes and seconds of a duration; never negative. */
export function splitDuration(ms: number): { hours: number; minutes: number; seconds: number } {
  const total = Math.max(0, Math.floor(ms / 1000));
  return {
    hours: Math.floor(total / 3600),
    minutes: Math.floor((total % 3600) / 60),
    seconds: total % 60,
  };
}

/** How long until something: `2 h 05 min`, `4 min 09 s`, `12 s`. */
export function countdownText(ms: number): string {
  const { hours, minutes, seconds } = splitDuration(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  if (hours >= 48) return sayCount('time.days', Math.round(hours / 24));
  if (hours > 0) return say('time.hoursMinutes', { hours, minutes: two(minutes) });
  if (minutes > 0) return say('time.minutesSeconds', { minutes, seconds: two(seconds) });
  return say('time.seconds', { seconds });
}

/** How long ago, coarsely: `just now`, `4 min ago`, `3 h ago`, `2 days ago`. */
export function agoText(ms: number): string {
  const { hours, minutes } = splitDuration(ms);
  if (hours >= 48) return sayCount('time.daysAgo', Math.round(hours / 24));
  if (hours > 0) return say('time.hoursAgo', { hours });
  if (minutes > 0) return say('time.minutesAgo', { minutes });
  return say('time.justNow');
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone: zone });
    formats.set(key, format);
  }
  return format;
}

/** The time of day in the feeder's zone: `07:30`. */
export function timeText(wallMs: number, zone: string): string {
  return formatFor(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(wallMs);
}

/**
 * The time of a meal. One that is closed keeps the local time that was written down with it, also
 * when the feeder has moved to another zone since.
 */
export function dueText(
  meal: Pick<Occurrence, 'verdict' | 'localTime' | 'dueAtMs'>,
  zone: string,
): string {
  return meal.verdict === null ? timeText(meal.dueAtMs, zone) : meal.localTime;
}

/** The time of day in the feeder's zone with seconds: `07:30:05`. */
export function clockText(wallMs: number, zone: string): string {
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit' } as const;
  return formatFor(zone, { ...options, hourCycle: 'h23' }).format(wallMs);
}

/** A day in the feeder's zone: `Sunday 22 November`. */
export function dayText(wallMs: number, zone: string): string {
  return formatFor(zone, { weekday: 'long', day: 'numeric', month: 'long' }).format(wallMs);
}

/** A written local date as a day: `Sunday 22 November`. It stays that date in every zone. */
export function writtenDayText(localDate: string): string {
  return dayText(Date.parse(`${localDate}T12:00:00Z`), 'UTC');
}

/** The short name of an ISO weekday, Monday 1 to Sunday 7: `Mon`. */
export function weekdayText(weekday: number, width: 'short' | 'long' = 'short'): string {
  // 2024-01-01 was a Monday.
  return formatFor('UTC', { weekday: width }).format(Date.UTC(2024, 0, weekday, 12));
}

/** Days of a meal in words: every day, weekdays, weekend, or their short names. */
export function weekdaysText(weekdays: readonly number[]): string {
  const key = weekdays.join('');
  if (key === '1234567') return say('days.every');
  if (key === '12345') return say('days.weekdays');
  if (key === '67') return say('days.weekend');
  return weekdays.map((day) => weekdayText(day)).join(', ');
}

/** A whole number of bytes for people: `3.2 MB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let step = 0;
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${units[step]}`;
}
