import type { EpochMs, Occurrence } from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import type { RefusedAttempt } from './due-occurrences.ts';
import { isEarlierForm, type PlannedOccurrence, plannedBetween } from './occurrences.ts';
import type { PlanView } from './schedule-store.ts';

export interface OccurrenceListInput {
  readonly view: PlanView;
  readonly fromDate: string;
  readonly toDate: string;
  readonly now: StationTime;
  readonly decided: ReadonlyMap<string, Occurrence>;
  readonly closedThroughMs: EpochMs | null;
  readonly feedingKey: string | null;
  readonly refused: ReadonlyMap<string, RefusedAttempt>;
}

/**
 * What is planned, merged with what became of it, by due time. A row stands for its occurrence
 * even when its meal is gone. What is past and has no row was never part of the plan then. Pure.
 */
export function mergeOccurrences(input: OccurrenceListInput): Occurrence[] {
  const merged = new Map<string, Occurrence>();
  for (const planned of plannedBetween(input.view, input.fromDate, input.toDate)) {
    const occurrence = asSeenNow(planned, input);
    if (occurrence !== null) merged.set(occurrence.key, occurrence);
  }
  for (const [key, row] of input.decided) merged.set(key, row);
  return [...merged.values()].sort((a, b) => a.dueAtMs - b.dueAtMs || (a.key < b.key ? -1 : 1));
}

function asSeenNow(planned: PlannedOccurrence, input: OccurrenceListInput): Occurrence | null {
  const { occurrence, leftOut } = planned;
  const { now } = input;
  if (input.decided.has(occurrence.key)) return occurrence;
  if (occurrence.key === input.feedingKey) {
    return { ...occurrence, state: 'feeding', why: 'It is being served.' };
  }
  const isPast = now.quality !== 'unknown' && occurrence.dueAtMs <= now.wallMs;
  if (isPast) {
    const isClosed = input.closedThroughMs === null || occurrence.dueAtMs <= input.closedThroughMs;
    if (isClosed || isEarlierForm(planned, now.wallMs)) return null;
    const refusal = input.refused.get(occurrence.key);
    const why = refusal === undefined ? 'It is due.' : `Refused for now: ${refusal.why}`;
    return { ...occurrence, state: 'due', why };
  }
  if (leftOut === null) return occurrence;
  const why =
    leftOut.rule === 'skip_overlay'
      ? 'It will be left out on this date, as asked.'
      : 'It will be left out: the schedule is paused.';
  return { ...occurrence, rule: leftOut.rule, why };
}
