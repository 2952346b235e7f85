import {
  DAY_MS,
  type EpochMs,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  type Occurrence,
  type RefusalRule,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { addDays } from './calendar.ts';
import { wallOf } from './food-clock.ts';
import { judgeLateness, type Lateness } from './lateness.ts';
import { localDateOf } from './local-time.ts';
import {
  isEarlierForm,
  type PlannedOccurrence,
  pauseAt,
  plannedBetween,
  plannedOn,
} from './occurrences.ts';
import type { FoodStamp, OccurrenceClosing, OccurrenceOrder, PlanView } from './schedule-store.ts';
import { clockTime, duration } from './words.ts';

/**
 * What is due, and what becomes of it: the truth of the schedule. Pure, so that it can be asked
 * at any time and any number of times; rows in storage make the answer happen once.
 *
 * S1 An occurrence with a row is never fed again, whatever the clock, the zone or the plan do.
 * S2 Everything due in (closedThrough, now] without a row gets exactly one decision.
 * S3 At most one late feeding per call, so no outage and no clock step makes a burst.
 * S4 A verdict without motion whose time lies ahead again is voided; one with motion never is. So
 *    is a miss that was decided later than now, by a clock that ran ahead, and is not too late yet.
 * S5 With an unknown clock nothing is decided.
 */
export type Decision =
  | { readonly kind: 'feed'; readonly order: OccurrenceOrder; readonly isLate: boolean }
  | { readonly kind: 'close'; readonly closing: OccurrenceClosing; readonly asksOwner: boolean }
  | {
      readonly kind: 'reopen';
      readonly key: string;
      readonly dueAtMs: EpochMs;
      readonly why: string;
    }
  | {
      readonly kind: 'gap';
      readonly fromMs: EpochMs;
      readonly toMs: EpochMs;
      readonly count: number;
      readonly why: string;
    }
  /** Due, but not now: it is asked for again at `retryAtAgeMs` of lived time. */
  | {
      readonly kind: 'hold';
      readonly occurrence: Occurrence;
      readonly retryAtAgeMs: Milliseconds;
      readonly why: string;
    };

/** An occurrence that was asked for and refused; it is asked for again until its grace ends. */
export interface RefusedAttempt {
  readonly rule: RefusalRule;
  readonly why: string;
  readonly retryAtAgeMs: Milliseconds;
}

export interface DueInput {
  readonly view: PlanView;
  readonly now: StationTime;
  /** Rows of every local date in `dueWindow`. */
  readonly decided: ReadonlyMap<string, Occurrence>;
  readonly closedThroughMs: EpochMs;
  readonly refused: ReadonlyMap<string, RefusedAttempt>;
  /** Feedings by elapsed time; what lies close to one counts as done. */
  readonly elapsedFeedings: readonly FoodStamp[];
  /** The occurrence that is being fed; its row may not be written yet. */
  readonly feedingKey: string | null;
  /** Keys that were served in this start of the daemon; the disk may still owe their rows. */
  readonly answered: ReadonlySet<string>;
}

/** Misses further back than this are counted, not listed. */
export const LISTED_DAYS = 7;
/** Longer outages are counted to here; no feeder is off for longer and then fed from. */
export const COUNTED_DAYS_MAX = 3660;
/** An elapsed-time feeding stands for the meals this close to it. */
export const ELAPSED_COVERS_MS: Milliseconds = 2 * HOUR_MS;
/** A wall clock this far behind what is closed was stepped back. */
const BACK_STEP_MS: Milliseconds = 2000;

/** The local dates whose rows a decision needs, both included. */
export function dueWindow(
  view: PlanView,
  now: StationTime,
  closedThroughMs: EpochMs,
): { readonly fromDate: string; readonly toDate: string } {
  const { zone } = view.settings;
  const earliest = Math.max(
    Math.min(closedThroughMs, now.wallMs),
    now.wallMs - COUNTED_DAYS_MAX * DAY_MS,
  );
  return {
    fromDate: addDays(localDateOf(zone, earliest), -1),
    toDate: addDays(localDateOf(zone, Math.max(closedThroughMs, now.wallMs)), 1),
  };
}

/** See the rules at the top of this file. Decisions come in the order they are to be carried out. */
export function dueOccurrences(input: DueInput): Decision[] {
  const { view, now, closedThroughMs } = input;
  if (now.quality === 'unknown') return [];
  const listFromMs = Math.max(
    Math.min(closedThroughMs, now.wallMs),
    now.wallMs - LISTED_DAYS * DAY_MS,
  );
  const { zone } = view.settings;
  const planned = plannedBetween(
    view,
    addDays(localDateOf(zone, listFromMs), -1),
    addDays(localDateOf(zone, now.wallMs), 3),
  );
  const decisions: Decision[] = [...reopenings(planned, input), ...gapBefore(input, listFromMs)];
  let hasLate = false;
  for (const candidate of planned) {
    const { key, dueAtMs } = candidate.occurrence;
    if (dueAtMs > now.wallMs) break;
    if (input.decided.has(key)) continue;
    const decision = decide(candidate, planned, { ...input, listFromMs });
    if (decision === null) continue;
    if (decision.kind === 'feed' && decision.isLate) {
      decisions.push(hasLate ? waitForOther(candidate.occurrence, now) : decision);
      hasLate = true;
    } else {
      decisions.push(decision);
    }
  }
  return decisions;
}

function decide(
  candidate: PlannedOccurrence,
  planned: readonly PlannedOccurrence[],
  input: DueInput & { readonly listFromMs: EpochMs },
): Decision | null {
  const { view, now } = input;
  const { occurrence, formFromMs } = candidate;
  const { zone } = view.settings;
  if (occurrence.key === input.feedingKey) {
    return hold(occurrence, now.ageMs + MINUTE_MS, 'It is being served.');
  }
  if (input.answered.has(occurrence.key)) {
    return hold(occurrence, now.ageMs + MINUTE_MS, 'It was served; the disk owes its record.');
  }
  if (isEarlierForm(candidate, now.wallMs)) {
    if (localDateOf(zone, formFromMs) !== occurrence.localDate) return null;
    return close(candidate, now, {
      verdict: 'skipped',
      rule: 'edited_past',
      why: `${occurrence.localTime} had already passed when the plan was changed at ${clockTime(zone, formFromMs)}.`,
    });
  }
  if (occurrence.dueAtMs <= input.listFromMs) return null;
  const wished = leftOut(candidate, input) ?? coveredByElapsed(candidate, input);
  if (wished !== null) return wished;
  return byLateness(candidate, planned, input);
}

/** The owner's own wish: a skip, or a pause that holds at the due time or now. */
function leftOut(candidate: PlannedOccurrence, input: DueInput): Decision | null {
  const { view, now } = input;
  const { zone } = view.settings;
  if (candidate.leftOut?.rule === 'skip_overlay') {
    return close(candidate, now, {
      verdict: 'skipped',
      rule: 'skip_overlay',
      why: 'This meal was left out on this date, as asked.',
    });
  }
  const untilMs = candidate.leftOut?.untilMs ?? pauseAt(view.overlays, now.wallMs)?.untilMs;
  if (untilMs === undefined) return null;
  return close(candidate, now, {
    verdict: 'skipped',
    rule: 'paused',
    why: `The schedule is paused until ${localDateOf(zone, untilMs)} ${clockTime(zone, untilMs)}.`,
  });
}

function coveredByElapsed(candidate: PlannedOccurrence, input: DueInput): Decision | null {
  for (const stamp of input.elapsedFeedings) {
    const fedAtMs = wallOf(stamp, input.now);
    if (fedAtMs === null) continue;
    const distanceMs = Math.abs(fedAtMs - candidate.occurrence.dueAtMs);
    if (distanceMs > ELAPSED_COVERS_MS) continue;
    return close(candidate, input.now, {
      verdict: 'skipped',
      rule: 'covered_by_elapsed',
      numbers: { distanceMs },
      why: `While the time was not known, food was given ${duration(distanceMs)} from this meal.`,
    });
  }
  return null;
}

function byLateness(
  candidate: PlannedOccurrence,
  planned: readonly PlannedOccurrence[],
  input: DueInput,
): Decision {
  const { now } = input;
  const { occurrence } = candidate;
  const lateness = judgeLateness(candidate, planned, input);
  const refused = input.refused.get(occurrence.key);
  if (lateness.kind === 'missed') return closeMissed(candidate, lateness, refused, now);
  if (refused?.rule.startsWith('cap_')) {
    // A cap leaves room again when food has become old: who is hungry by then is fed as starving.
    return close(candidate, now, { verdict: 'blocked', rule: refused.rule, why: refused.why });
  }
  if (refused !== undefined && now.ageMs < refused.retryAtAgeMs) {
    const endAgeMs = now.ageMs + (lateness.servableUntilMs - now.wallMs) + 1;
    const lookAgainMs = Math.min(refused.retryAtAgeMs, endAgeMs);
    return hold(occurrence, lookAgainMs, `Refused for now: ${refused.why}`);
  }
  return {
    kind: 'feed',
    isLate: lateness.kind === 'late',
    order: {
      occurrence: { ...occurrence, state: 'due' },
      portionGrams: occurrence.portionGrams,
      verdict: lateness.kind === 'late' ? 'fed_late' : 'fed',
      rule: lateness.rule,
    },
  };
}

function closeMissed(
  candidate: PlannedOccurrence,
  lateness: Extract<Lateness, { kind: 'missed' }>,
  refused: RefusedAttempt | undefined,
  now: StationTime,
): Decision {
  if (refused !== undefined) {
    return close(candidate, now, {
      verdict: 'blocked',
      rule: refused.rule,
      numbers: lateness.numbers,
      why: `Asked for until its time was over, and refused: ${refused.why}`,
    });
  }
  return {
    ...close(candidate, now, { verdict: 'missed', ...lateness }),
    asksOwner: lateness.rule === 'policy_ask',
  };
}

type Reopening = Extract<Decision, { kind: 'reopen' }>;

/** A meal that is no longer planned would get no other verdict: the one it has stays. */
function reopenings(planned: readonly PlannedOccurrence[], input: DueInput): Reopening[] {
  const { view, now, decided } = input;
  const fromDate = addDays(localDateOf(view.settings.zone, now.wallMs), -1);
  const found: Reopening[] = [];
  for (const row of decided.values()) {
    if (row.localDate < fromDate || !isWithoutMotion(row)) continue;
    const candidate = plannedOn(view, row.localDate).find((p) => p.occurrence.key === row.key);
    if (candidate === undefined) continue;
    const { key, dueAtMs } = candidate.occurrence;
    const why =
      dueAtMs > now.wallMs
        ? liesAhead(row, dueAtMs, view.settings.zone)
        : decidedTooSoon(row, candidate, { planned, input });
    if (why !== null) found.push({ kind: 'reopen', key, dueAtMs, why });
  }
  return found;
}

function liesAhead({ verdict }: Occurrence, dueAtMs: EpochMs, zone: string): string {
  return `It is due ${localDateOf(zone, dueAtMs)} ${clockTime(zone, dueAtMs)}, which lies ahead again; the verdict '${verdict}' is void.`;
}

/** Why a miss is void that only a clock which ran ahead has seen; null when it stays. */
function decidedTooSoon(
  row: Occurrence,
  candidate: PlannedOccurrence,
  at: { readonly planned: readonly PlannedOccurrence[]; readonly input: DueInput },
): string | null {
  const { now } = at.input;
  if (row.verdict === 'skipped' || (row.decidedAtMs ?? 0) <= now.wallMs + BACK_STEP_MS) return null;
  if (isEarlierForm(candidate, now.wallMs)) return null;
  if (judgeLateness(candidate, at.planned, at.input).kind === 'missed') return null;
  return `The clock had run ahead when it was decided, and it is not too late; the verdict '${row.verdict}' is void.`;
}

function isWithoutMotion(row: Occurrence): boolean {
  if (row.state !== 'closed' || row.feedingId !== null) return false;
  return row.verdict === 'missed' || row.verdict === 'skipped' || row.verdict === 'blocked';
}

/** What was missed too long ago to be listed one by one. */
function gapBefore(input: DueInput, listFromMs: EpochMs): Decision[] {
  const { view, now, decided } = input;
  const fromMs = Math.max(input.closedThroughMs, now.wallMs - COUNTED_DAYS_MAX * DAY_MS);
  if (fromMs >= listFromMs || fromMs > now.wallMs - BACK_STEP_MS) return [];
  const { zone } = view.settings;
  const lastDate = addDays(localDateOf(zone, listFromMs), 1);
  let count = 0;
  for (let date = localDateOf(zone, fromMs); date <= lastDate; date = addDays(date, 1)) {
    for (const candidate of plannedOn(view, date)) {
      const { dueAtMs, key } = candidate.occurrence;
      if (dueAtMs <= fromMs || dueAtMs > listFromMs) continue;
      if (!isEarlierForm(candidate, now.wallMs) && !decided.has(key)) count += 1;
    }
  }
  if (count === 0) return [];
  const why = `${count} meals were due while the feeder was off for ${duration(now.wallMs - fromMs)}; those of the last ${LISTED_DAYS} days are listed one by one.`;
  return [{ kind: 'gap', fromMs, toMs: listFromMs, count, why }];
}

function hold(occurrence: Occurrence, retryAtAgeMs: Milliseconds, why: string): Decision {
  return { kind: 'hold', occurrence: { ...occurrence, state: 'due', why }, retryAtAgeMs, why };
}

function waitForOther(occurrence: Occurrence, now: StationTime): Decision {
  return hold(occurrence, now.ageMs, 'Another late meal is served first.');
}

function close(
  candidate: PlannedOccurrence,
  time: StationTime,
  verdict: Pick<OccurrenceClosing, 'verdict' | 'rule' | 'why'> & {
    readonly numbers?: OccurrenceClosing['numbers'];
  },
): Extract<Decision, { kind: 'close' }> {
  const { occurrence } = candidate;
  const { rule, why } = verdict;
  return {
    kind: 'close',
    asksOwner: false,
    closing: {
      occurrence,
      verdict: verdict.verdict,
      rule,
      numbers: verdict.numbers ?? {},
      why,
      time,
    },
  };
}
