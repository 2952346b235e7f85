import type { ClipRank, ClipVisit, Feeding, Milliseconds } from '@cat-feeder/shared';

/*
 * Which moments belong to which clip.
 *
 *    pre-roll   event     post-roll
 *   |---------|=========|-----------|            one event, one take
 *   |---------|====|=======|--------|            what overlaps is one take
 *   |---------|===============|                  longer than a clip may be: cut,
 *                             |====|--------|    and what follows continues it; so is what is
 *                                                more than the ring can hold
 *
 * T1 Takes do not overlap: each begins where the one before it ended, or later.
 * T2 No take is longer than the longest clip.
 * T3 While an event lasts there is an open take, but no event keeps one open for longer than
 *    `EVENT_MS_MAX`.
 */

/** An event that has not ended after this long is taken as ended: its end was missed. */
export const EVENT_MS_MAX: Milliseconds = 600_000;
/** More visits than this in one take are not listed. */
export const VISITS_MAX = 20;

export interface TakeLimits {
  readonly preRollMs: Milliseconds;
  readonly postRollMs: Milliseconds;
  readonly clipMs: Milliseconds;
}

/** One clip to be: a window of monotonic time and what it shows. */
export interface Take {
  /** Order among all takes of this start. */
  readonly number: number;
  readonly fromMs: Milliseconds;
  /** Null: an event still lasts. */
  readonly untilMs: Milliseconds | null;
  /** When its first event began and its last one ended. */
  readonly eventFromMs: Milliseconds;
  readonly eventUntilMs: Milliseconds | null;
  /** As they are known by now, oldest first. */
  readonly feedings: readonly Feeding[];
  readonly visits: readonly ClipVisit[];
  /** The take before this one, when nothing lies between them. */
  readonly continues: number | null;
}

/** An event that lasts. */
interface Lasting {
  /** The feeding's id, or `visit`. */
  readonly key: string;
  readonly beganMs: Milliseconds;
}

export interface Takes {
  readonly open: Take | null;
  readonly lasting: readonly Lasting[];
  /** Ended takes that nobody has fetched yet, oldest first. */
  readonly ended: readonly Take[];
  readonly lastUntilMs: Milliseconds;
  readonly count: number;
}

export type TakeEvent =
  | { readonly kind: 'feeding began' | 'feeding ended'; readonly feeding: Feeding }
  | { readonly kind: 'visit began' | 'visit ended' }
  /** What is known of a visit, during it or soon after. */
  | { readonly kind: 'visit recorded'; readonly visit: ClipVisit }
  /** Time has passed. */
  | { readonly kind: 'tick' }
  /** The ring can hold no more of the open take than until this instant. */
  | { readonly kind: 'full'; readonly atMs: Milliseconds }
  /** The camera may look no longer: what was seen until now is kept, or is not. */
  | { readonly kind: 'private'; readonly isKept: boolean };

export const noTakes: Takes = {
  open: null,
  lasting: [],
  ended: [],
  lastUntilMs: Number.NEGATIVE_INFINITY,
  count: 0,
};

const VISIT = 'visit';

/** What follows from an event at an instant of the monotonic clock. */
export function nextTakes(
  takes: Takes,
  event: TakeEvent,
  nowMs: Milliseconds,
  limits: TakeLimits,
): Takes {
  const present = settle(takes, nowMs, limits);
  switch (event.kind) {
    case 'tick':
      return present;
    case 'feeding began':
      return withFeeding(begin(present, event.feeding.id, nowMs, limits), event.feeding);
    case 'feeding ended':
      return end(withFeeding(present, event.feeding), event.feeding.id, nowMs, limits);
    case 'visit began':
      return begin(present, VISIT, nowMs, limits);
    case 'visit ended':
      return end(present, VISIT, nowMs, limits);
    case 'visit recorded':
      return withVisit(present, event.visit);
    case 'full':
      return cutAt(present, Math.min(event.atMs, nowMs));
    case 'private':
      return interrupt(present, nowMs, event.isKept);
  }
}

/** The ended takes, and the rest without them. */
export function fetchEnded(takes: Takes): {
  readonly ended: readonly Take[];
  readonly rest: Takes;
} {
  return { ended: takes.ended, rest: { ...takes, ended: [] } };
}

/** What a clip of this take is worth. A feeding of which the end is not known may have failed. */
export function rankOf({ feedings }: Pick<Take, 'feedings'>): ClipRank {
  if (feedings.some(({ result }) => result !== 'served')) return 'failed_feeding';
  return feedings.length > 0 ? 'feeding' : 'visit';
}

/** Whether it shows nothing but feedings that a person stopped before any food fell. */
export function isOfNoUse({ feedings, visits }: Take): boolean {
  if (visits.length > 0 || feedings.length === 0) return false;
  return feedings.every(
    ({ result, fault, dose }) =>
      result === 'cancelled' && fault === null && (dose?.lowGrams ?? 0) === 0,
  );
}

/** Ends what is over and cuts what is too long, as often as time demands. */
function settle(takes: Takes, nowMs: Milliseconds, limits: TakeLimits): Takes {
  let present = forgetOldEvents(takes, nowMs, limits);
  // Bounded: each round ends a take of at most `clipMs`, and an event lasts at most EVENT_MS_MAX.
  for (;;) {
    const { open } = present;
    if (open === null) return present;
    const longestMs = open.fromMs + limits.clipMs;
    if (open.untilMs !== null && open.untilMs <= Math.min(nowMs, longestMs)) {
      return close(present, open.untilMs);
    }
    if (nowMs < longestMs) return present;
    present = cutAt(present, longestMs);
  }
}

/** Ends the open take before its time and goes on in the next, which begins there. */
function cutAt(takes: Takes, atMs: Milliseconds): Takes {
  const { open } = takes;
  if (open === null || atMs <= open.fromMs || atMs >= (open.untilMs ?? atMs + 1)) return takes;
  const cut = close(takes, atMs);
  return { ...cut, open: following(cut, open, atMs), count: cut.count + 1 };
}

function close(takes: Takes, untilMs: Milliseconds): Takes {
  if (takes.open === null) return takes;
  const ended = { ...takes.open, untilMs };
  return { ...takes, open: null, ended: [...takes.ended, ended], lastUntilMs: untilMs };
}

/** The rest of a take that was too long for one clip. */
function following({ count }: Takes, cut: Take, fromMs: Milliseconds): Take {
  return { ...cut, number: count, fromMs, continues: cut.number };
}

function forgetOldEvents(takes: Takes, nowMs: Milliseconds, limits: TakeLimits): Takes {
  let present = takes;
  for (const { key, beganMs } of takes.lasting) {
    if (nowMs - beganMs > EVENT_MS_MAX) present = end(present, key, beganMs + EVENT_MS_MAX, limits);
  }
  return present;
}

function begin(takes: Takes, key: string, nowMs: Milliseconds, limits: TakeLimits): Takes {
  if (takes.lasting.some((event) => event.key === key)) return takes;
  const lasting = [...takes.lasting, { key, beganMs: nowMs }];
  if (takes.open !== null) {
    return { ...takes, lasting, open: { ...takes.open, untilMs: null, eventUntilMs: null } };
  }
  const wantedMs = nowMs - limits.preRollMs;
  const isChained = wantedMs <= takes.lastUntilMs;
  const open: Take = {
    number: takes.count,
    fromMs: Math.max(wantedMs, takes.lastUntilMs),
    untilMs: null,
    eventFromMs: nowMs,
    eventUntilMs: null,
    feedings: [],
    visits: [],
    continues: isChained ? takes.count - 1 : null,
  };
  return { ...takes, lasting, open, count: takes.count + 1 };
}

function end(takes: Takes, key: string, atMs: Milliseconds, limits: TakeLimits): Takes {
  if (!takes.lasting.some((event) => event.key === key)) return takes;
  const lasting = takes.lasting.filter((event) => event.key !== key);
  if (lasting.length > 0 || takes.open === null) return { ...takes, lasting };
  const open = { ...takes.open, eventUntilMs: atMs, untilMs: atMs + limits.postRollMs };
  return { ...takes, lasting, open };
}

/** The newest that is known of a feeding, on the open take if that shows it. */
function withFeeding(takes: Takes, feeding: Feeding): Takes {
  const { open, lasting } = takes;
  if (open === null || !lasting.some(({ key }) => key === feeding.id)) return takes;
  const others = open.feedings.filter(({ id }) => id !== feeding.id);
  return { ...takes, open: { ...open, feedings: [...others, feeding] } };
}

function withVisit(takes: Takes, visit: ClipVisit): Takes {
  const { open } = takes;
  if (open === null || open.visits.length >= VISITS_MAX) return takes;
  return { ...takes, open: { ...open, visits: [...open.visits, visit] } };
}

function interrupt(takes: Takes, nowMs: Milliseconds, isKept: boolean): Takes {
  const rest = { ...takes, lasting: [] };
  if (rest.open === null) return rest;
  return isKept ? close(rest, nowMs) : { ...rest, open: null };
}
