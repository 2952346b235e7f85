import { DAY_MS, type EpochMs, MINUTE_MS } from '@cat-feeder/shared';

/**
 * The simulator's own idea of local time, for judging the product's. It shares no code with it:
 * only `Intl` and the arithmetic of the Gregorian calendar.
 */

/** Days since 1970-01-01 of a civil date (Howard Hinnant's algorithm). */
export function daysOfCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

/** `YYYY-MM-DD` of a day number. */
export function dateOfDays(days: number): string {
  const z = days + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * mp + 2) / 5) + 1;
  const month = mp < 10 ? mp + 3 : mp - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)}`;
}

/** The day number of `YYYY-MM-DD`. */
export function daysOfDate(date: string): number {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  return daysOfCivil(year, month, day);
}

/** ISO weekday of a day number: Monday 1 to Sunday 7. 1970-01-01 was a Thursday. */
export function weekdayOfDays(days: number): number {
  return ((((days + 3) % 7) + 7) % 7) + 1;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formats.set(zone, format);
  }
  return format;
}

/** Offsets of whole quarter hours ago: zones change at most at such instants. */
const OFFSET_BLOCK_MS = 15 * MINUTE_MS;
const OFFSETS_KEPT_MAX = 20_000;
const offsets = new Map<string, Map<number, number>>();

/**
 * Local time minus UTC, in milliseconds, at an instant. Between two midnights (UTC) with the same
 * offset there is no change: none is taken back within a day.
 */
export function offsetMs(zone: string, epochMs: EpochMs): number {
  const dayMs = Math.floor(epochMs / DAY_MS) * DAY_MS;
  const offset = offsetOfBlock(zone, dayMs);
  return offset === offsetOfBlock(zone, dayMs + DAY_MS) ? offset : offsetOfBlock(zone, epochMs);
}

function offsetOfBlock(zone: string, epochMs: EpochMs): number {
  const block = Math.floor(epochMs / OFFSET_BLOCK_MS);
  let known = offsets.get(zone);
  if (known === undefined || known.size >= OFFSETS_KEPT_MAX) {
    known = new Map();
    offsets.set(zone, known);
  }
  let offset = known.get(block);
  if (offset === undefined) {
    offset = askOffset(zone, block * OFFSET_BLOCK_MS);
    known.set(block, offset);
  }
  return offset;
}

function askOffset(zone: string, at: EpochMs): number {
  const [, day, month, year, hour, minute, second] =
    /(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)/.exec(formatOf(zone).format(at))?.map(Number) ?? [];
  const local =
    daysOfCivil(year ?? 0, month ?? 0, day ?? 0) * DAY_MS +
    ((hour ?? 0) * 60 + (minute ?? 0)) * MINUTE_MS +
    (second ?? 0) * 1000;
  return local - at;
}

/** The local date of an instant. */
export function localDate(zone: string, epochMs: EpochMs): string {
  return dateOfDays(Math.floor((epochMs + offsetMs(zone, epochMs)) / DAY_MS));
}

/**
 * The instant of a local time on a local date: the first of two in an autumn night, the first
 * instant after the gap in a spring night.
 */
export function instantOf(zone: string, date: string, minuteOfDay: number): EpochMs {
  const local = daysOfDate(date) * DAY_MS + minuteOfDay * MINUTE_MS;
  const before = offsetMs(zone, local - DAY_MS);
  const after = offsetMs(zone, local + DAY_MS);
  const candidates = [local - before, local - after].sort((a, b) => a - b);
  for (const at of candidates) {
    if (at + offsetMs(zone, at) === local) return at;
  }
  return firstOfOffset(zone, local - DAY_MS - before, local + DAY_MS - after);
}

/** The first instant in (from, to] whose offset is that at `to`; there is one change in between. */
function firstOfOffset(zone: string, from: EpochMs, to: EpochMs): EpochMs {
  const wanted = offsetMs(zone, to);
  let low = Math.floor(from / OFFSET_BLOCK_MS);
  let high = Math.ceil(to / OFFSET_BLOCK_MS);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(zone, middle * OFFSET_BLOCK_MS) === wanted) high = middle;
    else low = middle;
  }
  return high * OFFSET_BLOCK_MS;
}
