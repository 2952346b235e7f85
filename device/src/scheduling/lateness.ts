import {
  type ClockQuality,
  type EpochMs,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { isEarlierForm, type PlannedOccurrence } from './occurrences.ts';
import type { PlanView } from './schedule-store.ts';
import { duration } from './words.ts';

/** A meal begun this soon after its time is on time: one feeding may have to wait for another. */
export const ON_TIME_MS: Milliseconds = 5 * MINUTE_MS;
/** The same for a clock that is only estimated: its error counts as no lateness. */
export const ON_TIME_ESTIMATED_MS: Milliseconds = 30 * MINUTE_MS;
/** How late a meal may begin and still be on time, by this clock. */
export function onTimeMs(quality: ClockQuality): Milliseconds {
  return quality === 'estimated' ? ON_TIME_ESTIMATED_MS : ON_TIME_MS;
}

/** A late meal is served only this long before the pet's next. */
export const LATE_GAP_MS: Milliseconds = 2 * HOUR_MS;

/** How a due occurrence stands: in time, late but worth serving, or missed. */
export type Lateness =
  | {
      readonly kind: 'on_time' | 'late';
      readonly rule: string;
      /** After this instant it is missed. */
      readonly servableUntilMs: EpochMs;
    }
  | {
      readonly kind: 'missed';
      readonly rule: 'policy_skip' | 'policy_ask' | 'too_late' | 'next_meal_near';
      readonly numbers: Record<string, number | null>;
      readonly why: string;
    };

/**
 * The missed-meal policy. A late meal is served in full while it is at most `graceMinutes` late
 * and its pet's next meal is at least two hours away, which only the last missed one can be.
 */
export function judgeLateness(
  candidate: PlannedOccurrence,
  planned: readonly PlannedOccurrence[],
  at: { readonly view: PlanView; readonly now: StationTime },
): Lateness {
  const { now, view } = at;
  const { dueAtMs } = candidate.occurrence;
  const lateMs = now.wallMs - dueAtMs;
  const isEstimated = now.quality === 'estimated';
  const inTimeMs = onTimeMs(now.quality);
  const graceMs = view.settings.graceMinutes * MINUTE_MS;
  const policy = candidate.meal.missedPolicy;
  const nextMs = nextDueMs(candidate, planned, now.wallMs) ?? Number.POSITIVE_INFINITY;
  const lateUntilMs =
    policy === 'catch_up_one' ? Math.min(dueAtMs + graceMs, nextMs - LATE_GAP_MS) : dueAtMs;
  const servableUntilMs = Math.max(dueAtMs + inTimeMs, lateUntilMs);
  if (lateMs <= inTimeMs) {
    const rule = isEstimated ? 'clock_estimated' : 'on_time';
    return { kind: 'on_time', rule, servableUntilMs };
  }
  if (now.wallMs <= lateUntilMs) return { kind: 'late', rule: 'late_in_grace', servableUntilMs };
  const late = `It would have been ${duration(lateMs)} late`;
  if (policy === 'skip') {
    return missed('policy_skip', { lateMs }, `${late}, and this meal is not made up for.`);
  }
  if (policy === 'ask') {
    return missed('policy_ask', { lateMs }, `${late}, and it is served late only by hand.`);
  }
  if (lateMs > graceMs) {
    const why = `${late}; meals up to ${duration(graceMs)} late are served.`;
    return missed('too_late', { lateMs, graceMs }, why);
  }
  return missed(
    'next_meal_near',
    { lateMs, untilNextMs: Math.max(0, nextMs - now.wallMs), gapMs: LATE_GAP_MS },
    `${late}, and the next meal is less than ${duration(LATE_GAP_MS)} away.`,
  );
}

function missed(
  rule: Extract<Lateness, { kind: 'missed' }>['rule'],
  numbers: Record<string, number | null>,
  why: string,
): Lateness {
  return { kind: 'missed', rule, numbers, why };
}

/** When the same pet eats next; a meal for nobody in particular is a meal for everybody. */
function nextDueMs(
  candidate: PlannedOccurrence,
  planned: readonly PlannedOccurrence[],
  wallMs: EpochMs,
): number | null {
  const { dueAtMs, petId } = candidate.occurrence;
  for (const other of planned) {
    const { occurrence, leftOut } = other;
    if (occurrence.dueAtMs <= dueAtMs || leftOut !== null) continue;
    if (isEarlierForm(other, wallMs)) continue;
    if (petId === null || occurrence.petId === null || occurrence.petId === petId) {
      return occurrence.dueAtMs;
    }
  }
  return null;
}
