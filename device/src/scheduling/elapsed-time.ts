import {
  DAY_MS,
  type EpochMs,
  FEEDING_GRAMS_CEILING,
  type Grams,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  ownRequestId,
  PORTION_GRAMS_MIN,
  roundGrams,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { addDays } from './calendar.ts';
import { localDateOf } from './local-time.ts';
import { plannedBetween } from './occurrences.ts';
import type { ExtraOrder, FoodHistory, FoodStamp, PlanView } from './schedule-store.ts';
import { duration, grams } from './words.ts';

/**
 * Feeding while the time is not known. The schedule is held for 30 minutes; then portions come at
 * the plan's mean interval, 75 % of its amount, counted in lived time, until the clock is believed.
 * Meals within two hours of such a feeding count as done afterwards: they are closed as `skipped`
 * by the rule `covered_by_elapsed` (due-occurrences.ts), because their portion was not served.
 *
 * E1 In any 24 hours of lived time at most 75 % of the plan's day is asked for, plus one portion.
 * E2 A feeding's id is made from the feeding before it and the interval it falls into, so a crash
 *    repeats none.
 * E3 A pause that may still hold is kept.
 */
export interface ElapsedInput {
  readonly view: PlanView;
  readonly now: StationTime;
  readonly food: FoodHistory;
  /** How long the clock has been unknown in this start of the daemon. */
  readonly unknownForMs: Milliseconds;
  /** The last instant that the schedule was sure of. */
  readonly closedThroughMs: EpochMs | null;
}

export type ElapsedDecision =
  | { readonly kind: 'wait'; readonly dueAtAgeMs: Milliseconds; readonly why: string }
  | { readonly kind: 'feed'; readonly order: ExtraOrder };

/** An unknown clock usually becomes known within minutes of a start. */
export const UNKNOWN_HOLD_MS: Milliseconds = 30 * MINUTE_MS;
/** Less than the plan, because nobody knows what was served just before. */
export const ELAPSED_SHARE = 0.75;
const INTERVAL_MS_MIN: Milliseconds = 2 * HOUR_MS;
/** Without any proven date, a week of the plan is read from here (a Monday). */
const SOME_DATE = '2026-01-05';
const WEEK_DAYS = 7;

/** What the plan means on average, as interval and portion; null for an empty plan. */
export function meanRhythm(
  view: PlanView,
  fromDate: string,
): { readonly intervalMs: Milliseconds; readonly portionGrams: Grams } | null {
  const week = plannedBetween(view, fromDate, addDays(fromDate, WEEK_DAYS - 1)).filter(
    (planned) => planned.leftOut?.rule !== 'skip_overlay',
  );
  if (week.length === 0) return null;
  const weekGrams = week.reduce((sum, { occurrence }) => sum + occurrence.portionGrams, 0);
  const meanMs = (WEEK_DAYS * DAY_MS) / week.length;
  const intervalMs = Math.min(DAY_MS, Math.max(INTERVAL_MS_MIN, meanMs));
  const portionGrams = roundGrams((ELAPSED_SHARE * weekGrams * intervalMs) / (WEEK_DAYS * DAY_MS));
  return {
    intervalMs,
    portionGrams: Math.min(FEEDING_GRAMS_CEILING, Math.max(PORTION_GRAMS_MIN, portionGrams)),
  };
}

/** Whether a portion by elapsed time is owed now. Only for an unknown clock. Pure. */
export function elapsedPortion(input: ElapsedInput): ElapsedDecision {
  const { view, now, food } = input;
  if (input.unknownForMs < UNKNOWN_HOLD_MS) {
    return wait(
      now.ageMs + UNKNOWN_HOLD_MS - input.unknownForMs,
      `The time is not known; the schedule is held for ${duration(UNKNOWN_HOLD_MS)}.`,
    );
  }
  const provenMs =
    input.closedThroughMs === null ? null : input.closedThroughMs + input.unknownForMs;
  if (mayBePaused(view, provenMs)) {
    return wait(now.ageMs + HOUR_MS, 'The time is not known, and the schedule may be paused.');
  }
  const rhythm = meanRhythm(
    view,
    provenMs === null ? SOME_DATE : localDateOf(view.settings.zone, provenMs),
  );
  if (rhythm === null) return wait(Number.POSITIVE_INFINITY, 'The plan has no meals.');
  const owedAgeMs = Math.max(owedAfter(food.lastSure), owedAfter(food.lastElapsed));
  if (now.ageMs < owedAgeMs) {
    return wait(
      owedAgeMs,
      `The time is not known; food is given every ${duration(rhythm.intervalMs)}.`,
    );
  }
  const lastAgeMs = Math.round(food.lastElapsed?.ageMs ?? 0);
  const slot = Math.floor(Math.max(0, now.ageMs - lastAgeMs) / rhythm.intervalMs);
  return {
    kind: 'feed',
    order: {
      requestId: ownRequestId('elapsed', `${lastAgeMs}:${slot}`),
      cause: 'elapsed_time',
      portionGrams: rhythm.portionGrams,
      why: `The time has not been known for ${duration(input.unknownForMs)}: ${grams(rhythm.portionGrams)} every ${duration(rhythm.intervalMs)}, ${ELAPSED_SHARE * 100} % of the plan.`,
    },
  };

  function owedAfter(stamp: FoodStamp | null): Milliseconds {
    if (stamp === null || rhythm === null) return 0;
    return Math.min(stamp.ageMs, now.ageMs) + rhythm.intervalMs;
  }
}

function mayBePaused(view: PlanView, provenMs: EpochMs | null): boolean {
  return view.overlays.some(
    (overlay) => overlay.kind === 'pause' && (provenMs === null || provenMs < overlay.untilMs),
  );
}

function wait(dueAtAgeMs: Milliseconds, why: string): ElapsedDecision {
  return { kind: 'wait', dueAtAgeMs, why };
}
