import { DAY_MS, type EpochMs, type Occurrence } from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { COUNTED_DAYS_MAX, type Decision } from './due-occurrences.ts';
import { localDateOf } from './local-time.ts';
import { isEarlierForm, plannedBetween } from './occurrences.ts';
import type { PlanView } from './schedule-store.ts';
import { duration } from './words.ts';

/**
 * What the schedule owes for the time in which nobody knew the time.
 *
 * U1 The schedule begins at the first instant with a known clock. What the plan would have asked
 *    for in the lived time before is one gap entry, and not served: food came by elapsed time.
 * U2 After an edit under an unknown clock nobody can say what the plan before it asked for since
 *    the last instant that the schedule was sure of. The time up to the edit is one gap entry.
 */
export interface UnprovenInput {
  readonly view: PlanView;
  readonly now: StationTime;
  readonly decided: ReadonlyMap<string, Occurrence>;
  /** Null before the first run with a known clock. */
  readonly closedThroughMs: EpochMs | null;
  /** The last sure instant before an edit under an unknown clock, or a restore; null without one. */
  readonly fencedFromMs: EpochMs | null;
}

/** The gap entry that is owed now; null when none is. Only for a known clock. Pure. */
export function unprovenGap(input: UnprovenInput): Extract<Decision, { kind: 'gap' }> | null {
  const { now, closedThroughMs, fencedFromMs } = input;
  if (closedThroughMs === null) {
    const livedMs = Math.min(now.ageMs, COUNTED_DAYS_MAX * DAY_MS);
    const fromMs = now.wallMs - livedMs;
    // A feeder fresh out of its box.
    if (input.view.plans.length === 0) return null;
    return gap(input, { fromMs, toMs: now.wallMs, why: `for the first ${duration(livedMs)}` });
  }
  if (fencedFromMs === null) return null;
  const fromMs = Math.max(fencedFromMs, closedThroughMs - COUNTED_DAYS_MAX * DAY_MS);
  const why = 'for sure when the plan was changed';
  return gap(input, { fromMs, toMs: closedThroughMs, why });
}

function gap(
  { view, decided, now }: UnprovenInput,
  span: { readonly fromMs: EpochMs; readonly toMs: EpochMs; readonly why: string },
): Extract<Decision, { kind: 'gap' }> | null {
  const fromMs = Math.round(span.fromMs);
  const toMs = Math.round(span.toMs);
  if (toMs <= fromMs) return null;
  const { zone } = view.settings;
  const planned = plannedBetween(view, localDateOf(zone, fromMs), localDateOf(zone, toMs));
  const count = planned.filter((candidate) => {
    const { key, dueAtMs } = candidate.occurrence;
    if (dueAtMs <= fromMs || dueAtMs > toMs || decided.has(key)) return false;
    return !isEarlierForm(candidate, now.wallMs);
  }).length;
  const meals = count === 1 ? 'one meal' : `${count} meals`;
  const why = `Nobody knew the time ${span.why}; by the plan as it is now, ${meals} would have come due.`;
  return { kind: 'gap', fromMs, toMs, count, why };
}
