import { type EpochMs, HOUR_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { isEarlierForm, type PlannedOccurrence } from './occurrences.ts';
import type { PlanView } from './schedule-store.ts';
import { duration } from './words.ts';

/** A meal begun this soon after its time is on time: one feeding may have to wait for another. */
export const ON_TIME_MS: Milliseconds = 5 * MINUTE_MS;
/** The same for a clock that is only estimated: its error counts as no lateness. */
export const ON_TIME_ESTIMATED_MS: Milliseconds = 30 * MINUTE_MS;
/** A late meal is served only this long before the pet's next. */
export const LATE_GAP_MS: Milliseconds = 2 * HOUR_MS;

/** How a due occurrence stands: in time, late but worth serving, or missed. */
export type Lateness =
  | { readonly kind: 'on_time' | 'late'; readonly rule: string }
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
  const lateMs = now.wallMs - candidate.occurrence.dueAtMs;
  const isEstimated = now.quality === 'estimated';
  if (lateMs <= (isEstimated ? ON_TIME_ESTIMATED_MS : ON_TIME_MS)) {
    return { kind: 'on_time', rule: isEstimated ? 'clock_estimated' : 'on_time' };
  }
  const late = `${duration(lateMs)} late`;
  const policy = candidate.meal.missedPolicy;
  if (policy !== 'catch_up_one') {
    return {
      kind: 'missed',
      rule: policy === 'skip' ? 'policy_skip' : 'policy_ask',
      numbers: { lateMs },
      why:
        policy === 'skip'
          ? `It would have been ${late}, and this meal is not made up for.`
          : `It would have been ${late}, and this meal is served late only by hand.`,
    };
  }
  const graceMs = view.settings.graceMinutes * MINUTE_MS;
  if (lateMs > graceMs) {
    return {
      kind: 'missed',
      rule: 'too_late',
      numbers: { lateMs, graceMs },
      why: `It would have been ${late}; meals up to ${duration(graceMs)} late are served.`,
    };
  }
  const nextMs = nextDueMs(candidate, planned, now.wallMs);
  if (nextMs !== null && nextMs - now.wallMs < LATE_GAP_MS) {
    const untilNextMs = Math.max(0, nextMs - now.wallMs);
    return {
      kind: 'missed',
      rule: 'next_meal_near',
      numbers: { lateMs, untilNextMs, gapMs: LATE_GAP_MS },
      why: `It would have been ${late}, and the next meal is less than ${duration(LATE_GAP_MS)} away.`,
    };
  }
  return { kind: 'late', rule: 'late_in_grace' };
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
