import * as v from 'valibot';
import { publishedCheck } from './published.ts';

/** A calendar date `YYYY-MM-DD`, 2000 to 2099, that exists. */
export const LocalDateSchema = v.pipe(
  v.string(),
  v.regex(/^20\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'must be a date, YYYY-MM-DD'),
  v.check(isCalendarDate, 'must be a date that exists'),
);

function isCalendarDate(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number);
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return day <= (lengths[month - 1] ?? 0);
}

/** A time of day `HH:MM`, 00:00 to 23:59. */
export const LocalTimeSchema = v.pipe(
  v.string(),
  v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day, HH:MM'),
);

/** Hours of every day, from one local time to another; they may pass midnight. */
export const HoursSchema = v.pipe(
  v.strictObject({ from: LocalTimeSchema, to: LocalTimeSchema }),
  v.check(({ from, to }) => from !== to, 'must end at another time than it begins'),
);
export type Hours = v.InferOutput<typeof HoursSchema>;

/** Whether a minute of the day, 0 to 1439, lies in the hours: the end is outside. */
export function isWithinHours(minute: number, hours: Hours): boolean {
  const from = minuteOfDay(hours.from);
  const to = minuteOfDay(hours.to);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** Minutes since midnight of a time of day `HH:MM`, 0 to 1439. */
export function minuteOfDay(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

/** ISO weekday numbers, Monday 1 to Sunday 7. */
export const WeekdaysSchema = v.pipe(
  v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(7))),
  v.minLength(1, 'must name at least one weekday, Monday is 1'),
  v.maxLength(7),
  publishedCheck<number[]>(
    { uniqueItems: true },
    (days) => new Set(days).size === days.length,
    'must not repeat a weekday',
  ),
  v.transform((days) => [...days].sort((a, b) => a - b)),
);

/** An IANA zone name that this runtime knows, such as `Europe/Berlin`. */
export const ZoneSchema = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(
    /^(UTC|[A-Za-z_]+(\/[A-Za-z0-9_+-]+){1,2})$/,
    'must be an IANA zone, such as Europe/Berlin',
  ),
  v.check(isKnownZone, 'is not a zone that the feeder knows'),
);

function isKnownZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

/** An instant in epoch milliseconds up to the year 2100, by a clock that may stand in 1970. */
export const ShownMsSchema = v.pipe(
  v.number(),
  v.integer('must be whole milliseconds since 1970'),
  v.minValue(0, 'must not be before the year 1970'),
  v.maxValue(4_102_444_800_000, 'must not be after the year 2100'),
);

/** An instant in epoch milliseconds between the years 2000 and 2100. */
export const EpochMsSchema = v.pipe(
  ShownMsSchema,
  v.minValue(946_684_800_000, 'must not be before the year 2000'),
);

/** How much the station clock can be believed. */
export const ClockQualitySchema = v.picklist(['synchronized', 'rtc', 'estimated', 'unknown']);
export type ClockQuality = v.InferOutput<typeof ClockQualitySchema>;
