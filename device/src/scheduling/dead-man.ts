import { DAY_MS, type EpochMs, MINUTE_MS, type Occurrence, type Verdict } from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { isEarlierForm, type PlannedOccurrence } from './occurrences.ts';
import { duration } from './words.ts';

/** A due meal that is not confirmed in the bowl. */
export interface UnconfirmedMeal {
  readonly occurrence: Occurrence;
  readonly why: string;
}

export interface DeadManInput {
  readonly planned: readonly PlannedOccurrence[];
  readonly decided: ReadonlyMap<string, Occurrence>;
  readonly now: StationTime;
  readonly closedThroughMs: EpochMs;
  readonly deadManMinutes: number;
}

/** Older unconfirmed meals are history; the schedule tells of them in another way. */
const LOOK_BACK_MS = DAY_MS;

/**
 * Meals whose confirmation is overdue, and when the next one will be. A meal is confirmed by a
 * verdict fed, fed_late or fed_reduced; one that was left out on purpose needs none. Pure.
 */
export function unconfirmedMeals(input: DeadManInput): {
  readonly overdue: readonly UnconfirmedMeal[];
  readonly nextMs: EpochMs;
} {
  const { now, decided } = input;
  const patienceMs = input.deadManMinutes * MINUTE_MS;
  const overdue: UnconfirmedMeal[] = [];
  let nextMs: EpochMs = Number.POSITIVE_INFINITY;
  for (const planned of input.planned) {
    const { occurrence, leftOut } = planned;
    const deadlineMs = occurrence.dueAtMs + patienceMs;
    if (leftOut !== null || occurrence.dueAtMs <= now.wallMs - LOOK_BACK_MS) continue;
    if (occurrence.dueAtMs > now.wallMs) {
      nextMs = Math.min(nextMs, deadlineMs);
      break;
    }
    const row = decided.get(occurrence.key);
    if (row === undefined && occurrence.dueAtMs <= input.closedThroughMs) continue;
    if (isEarlierForm(planned, now.wallMs) || needsNoAlarm(row)) continue;
    if (deadlineMs > now.wallMs) {
      nextMs = Math.min(nextMs, deadlineMs);
      continue;
    }
    overdue.push({ occurrence: row ?? occurrence, why: explain(occurrence, row, patienceMs) });
  }
  return { overdue, nextMs };
}

const quietVerdicts: readonly Verdict[] = ['fed', 'fed_late', 'fed_reduced', 'skipped'];

function needsNoAlarm(row: Occurrence | undefined): boolean {
  const verdict = row?.verdict ?? null;
  return verdict !== null && quietVerdicts.includes(verdict);
}

function explain(planned: Occurrence, row: Occurrence | undefined, patienceMs: number): string {
  const meal = `${planned.mealName} of ${planned.localDate} ${planned.localTime}`;
  const found = row?.verdict ? `its verdict is '${row.verdict}': ${row.why}` : 'it has no verdict';
  return `${meal} is not confirmed in the bowl after ${duration(patienceMs)}; ${found}`;
}
