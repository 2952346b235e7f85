import { type EpochMs, HOUR_MS, type Milliseconds, type Occurrence } from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { addDays } from './calendar.ts';
import { localDateOf } from './local-time.ts';
import { isEarlierForm, type PlannedOccurrence, plannedBetween } from './occurrences.ts';
import type { OccurrenceClosing, PlanView } from './schedule-store.ts';
import { clockTime } from './words.ts';

export interface EditInput {
  readonly before: PlanView;
  readonly after: PlanView;
  readonly now: StationTime;
  /** Rows of the dates of `editWindow`, what is being served among them. */
  readonly decided: ReadonlyMap<string, Occurrence>;
  readonly closedThroughMs: EpochMs;
}

const DAYS_EACH_SIDE = 2;
/** After a crash the store may have forgotten so much of `closedThrough`; new meals in it get a row. */
const FORGETFUL_MS: Milliseconds = HOUR_MS;

/** The local dates that an edit can move past the present, in either zone. */
export function editWindow(
  { before, after }: Pick<EditInput, 'before' | 'after'>,
  now: StationTime,
): { fromDate: string; toDate: string } {
  const [first = '', last = first] = [before, after]
    .map(({ settings }) => localDateOf(settings.zone, now.wallMs))
    .sort();
  return { fromDate: addDays(first, -DAYS_EACH_SIDE), toDate: addDays(last, DAYS_EACH_SIDE) };
}

/**
 * The verdicts that an edit makes necessary, written before the edit itself, so that no change of
 * meals, plan, zone or overlays loses an occurrence without a word. A crash between the two leaves
 * verdicts whose time lies ahead under the old form, and those are voided by rule S4. Pure.
 *   moved behind the present: `edited_past`, or `zone_moved` (a miss) when the zone did it
 *   new, and its time has passed: `edited_past`
 *   due and not yet served, and moved further back, or changed in any other way: the same
 *   due and not yet served, and gone from the plan: `plan_changed`
 */
export function closingsForEdit(input: EditInput): OccurrenceClosing[] {
  const { before, after, now, decided } = input;
  if (now.quality === 'unknown') return [];
  const { fromDate, toDate } = editWindow(input, now);
  const old = byKey(plannedBetween(before, fromDate, toDate));
  const fresh = byKey(plannedBetween(after, fromDate, toDate));
  const isOpen = (key: string) => !decided.has(key);
  const closings: OccurrenceClosing[] = [];
  for (const [key, planned] of fresh) {
    const { dueAtMs } = planned.occurrence;
    if (dueAtMs > now.wallMs || !isOpen(key)) continue;
    const was = old.get(key);
    const isMoved = was !== undefined && was.occurrence.dueAtMs > now.wallMs;
    const isNew = was === undefined && dueAtMs > input.closedThroughMs - FORGETFUL_MS;
    if (isMoved || isNew) closings.push(passedBy(planned, input));
  }
  for (const [key, planned] of old) {
    const { dueAtMs } = planned.occurrence;
    const isPending = dueAtMs <= now.wallMs && dueAtMs > input.closedThroughMs && isOpen(key);
    if (!isPending) continue;
    const moved = fresh.get(key);
    if (moved === undefined) closings.push(gone(planned, now));
    else if (isLookedForNoMore(moved, input)) closings.push(passedBy(moved, input));
  }
  return closings;
}

/** Behind what is closed, or in a form that is over, nobody would look for it again. */
function isLookedForNoMore(moved: PlannedOccurrence, input: EditInput): boolean {
  return (
    moved.occurrence.dueAtMs <= input.closedThroughMs || isEarlierForm(moved, input.now.wallMs)
  );
}

function byKey(planned: readonly PlannedOccurrence[]): Map<string, PlannedOccurrence> {
  return new Map(planned.map((candidate) => [candidate.occurrence.key, candidate]));
}

function passedBy(planned: PlannedOccurrence, input: EditInput): OccurrenceClosing {
  const { occurrence } = planned;
  const { now, after, before } = input;
  const isZone =
    after.settings.zone !== before.settings.zone ||
    JSON.stringify(after.settings.location) !== JSON.stringify(before.settings.location);
  const time = clockTime(after.settings.zone, now.wallMs);
  return {
    occurrence,
    verdict: isZone ? 'missed' : 'skipped',
    rule: isZone ? 'zone_moved' : 'edited_past',
    numbers: { lateMs: now.wallMs - occurrence.dueAtMs },
    why: isZone
      ? `With the move to ${after.settings.zone} at ${time}, ${occurrence.localTime} of this date had already passed.`
      : `${occurrence.localTime} had already passed when the plan was changed at ${time}.`,
    time: now,
  };
}

function gone(planned: PlannedOccurrence, now: StationTime): OccurrenceClosing {
  return {
    occurrence: planned.occurrence,
    verdict: 'skipped',
    rule: 'plan_changed',
    numbers: { lateMs: now.wallMs - planned.occurrence.dueAtMs },
    why: 'It was due and not yet served when the plan was changed to one without it.',
    time: now,
  };
}
