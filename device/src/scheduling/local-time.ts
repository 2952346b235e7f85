import { DAY_MS, type EpochMs, HOUR_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import { Temporal } from 'temporal-polyfill';
import { dateOfDay, dayNumber, minutesOfTime, timeOfMinutes } from './calendar.ts';

/**
 * Local dates and times of an IANA zone as instants, by the rules of the schedule:
 *   a time that the spring change leaves out is due at the first instant after the gap;
 *   a time that the autumn change repeats is due once, at the first.
 *
 * The zone database is asked only where an offset begins and ends; everything between is
 * arithmetic, so that years of occurrences cost microseconds.
 */
interface OffsetSpan {
  /** The offset holds from here (included) … */
  readonly fromMs: EpochMs;
  /** … to here (left out). */
  readonly toMs: EpochMs;
  /** Local time minus UTC. */
  readonly offsetMs: Milliseconds;
}

interface ZoneSpans {
  last: OffsetSpan;
  readonly spans: OffsetSpan[];
}

const ZONES_CACHED_MAX = 32;
const SPANS_CACHED_MAX = 256;
/** Offsets lie within 16 hours of UTC, so a local time's instant lies this close to its UTC reading. */
const OFFSET_MS_MAX: Milliseconds = 16 * HOUR_MS;
/** More offset changes than this never happen within 32 hours. */
const CHANGES_MAX = 4;

const cache = new Map<string, ZoneSpans>();

/** How a local time met a change of the offset. */
export type OffsetShift = 'gap' | 'overlap' | null;

export interface LocalInstant {
  readonly epochMs: EpochMs;
  readonly shift: OffsetShift;
}

/** The instant of a local date and time `HH:MM`, by the rules at the top of this file. */
export function instantOf(zone: string, date: string, time: string): LocalInstant {
  return resolve(zone, dayNumber(date) * DAY_MS + minutesOfTime(time) * MINUTE_MS);
}

function resolve(zone: string, localMs: number): LocalInstant {
  const end = spanAt(zone, localMs + OFFSET_MS_MAX);
  let span = spanAt(zone, localMs - OFFSET_MS_MAX);
  if (span === end) return { epochMs: localMs - span.offsetMs, shift: null };
  let found: EpochMs | null = null;
  let gapEndMs: EpochMs | null = null;
  for (let i = 0; i < CHANGES_MAX; i++) {
    const candidate = localMs - span.offsetMs;
    if (candidate >= span.fromMs && candidate < span.toMs) {
      if (found !== null) return { epochMs: found, shift: 'overlap' };
      found = candidate;
    } else if (found === null && candidate >= span.toMs) {
      gapEndMs = span.toMs;
    }
    if (span === end) break;
    span = spanAt(zone, span.toMs);
  }
  if (found !== null) return { epochMs: found, shift: null };
  return { epochMs: gapEndMs ?? localMs - end.offsetMs, shift: 'gap' };
}

/** The local date of an instant. */
export function localDateOf(zone: string, epochMs: EpochMs): string {
  return dateOfDay(Math.floor((epochMs + spanAt(zone, epochMs).offsetMs) / DAY_MS));
}

/** The local time of an instant, `HH:MM`, seconds cut off. */
export function localTimeOf(zone: string, epochMs: EpochMs): string {
  const localMs = epochMs + spanAt(zone, epochMs).offsetMs;
  const sinceMidnightMs = localMs - Math.floor(localMs / DAY_MS) * DAY_MS;
  return timeOfMinutes(Math.floor(sinceMidnightMs / MINUTE_MS));
}

/** The first instant of a local date. */
export function dayStartMs(zone: string, date: string): EpochMs {
  return resolve(zone, dayNumber(date) * DAY_MS).epochMs;
}

/** All instants of a local date: from its first to the first of the next, which is left out. */
export function daySpan(zone: string, date: string): { fromMs: EpochMs; toMs: EpochMs } {
  return { fromMs: dayStartMs(zone, date), toMs: dayStartMs(zone, dateOfDay(dayNumber(date) + 1)) };
}

/** Whether the zone has this date at all: Samoa had no 30 December 2011. */
export function hasDate(zone: string, date: string): boolean {
  return localDateOf(zone, dayStartMs(zone, date)) === date;
}

/** How a local date is longer or shorter than 24 hours, or null when it is not: a DST night. */
export function offsetChangeOn(
  zone: string,
  date: string,
): { readonly atMs: EpochMs; readonly forwardMinutes: number } | null {
  const startMs = dayStartMs(zone, date);
  const endMs = resolve(zone, (dayNumber(date) + 1) * DAY_MS).epochMs;
  if (endMs - startMs === DAY_MS) return null;
  const span = spanAt(zone, startMs);
  return {
    atMs: span.toMs <= endMs ? span.toMs : span.fromMs,
    forwardMinutes: Math.round((DAY_MS - (endMs - startMs)) / MINUTE_MS),
  };
}

function spanAt(zone: string, epochMs: EpochMs): OffsetSpan {
  const known = cache.get(zone);
  if (known === undefined) return remember(zone, epochMs);
  const last = known.last;
  if (epochMs >= last.fromMs && epochMs < last.toMs) return last;
  for (const span of known.spans) {
    if (epochMs >= span.fromMs && epochMs < span.toMs) {
      known.last = span;
      return span;
    }
  }
  return remember(zone, epochMs);
}

function remember(zone: string, epochMs: EpochMs): OffsetSpan {
  const span = askZoneDatabase(zone, epochMs);
  const known = cache.get(zone);
  if (known === undefined || known.spans.length >= SPANS_CACHED_MAX) {
    if (known === undefined && cache.size >= ZONES_CACHED_MAX) cache.clear();
    cache.set(zone, { last: span, spans: [span] });
  } else {
    known.spans.push(span);
    known.last = span;
  }
  return span;
}

/** "Previous" is strictly before, so it is asked one millisecond later. */
function askZoneDatabase(zone: string, epochMs: EpochMs): OffsetSpan {
  const at = Temporal.Instant.fromEpochMilliseconds(Math.floor(epochMs)).toZonedDateTimeISO(zone);
  const from = at.add({ milliseconds: 1 }).getTimeZoneTransition('previous');
  const to = at.getTimeZoneTransition('next');
  return {
    fromMs: from?.epochMilliseconds ?? Number.NEGATIVE_INFINITY,
    toMs: to?.epochMilliseconds ?? Number.POSITIVE_INFINITY,
    offsetMs: at.offsetNanoseconds / 1e6,
  };
}
