import {
  type EpochMs,
  type Grams,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  type Occurrence,
  ownRequestId,
  parseOccurrenceKey,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { elapsedMs } from './food-clock.ts';
import { type PlannedOccurrence, pauseAt } from './occurrences.ts';
import type { ExtraOrder, FoodHistory, PlanView } from './schedule-store.ts';
import { grams, hours } from './words.ts';

/**
 * The starvation clock (invariant 10), exactly:
 *
 * Let `sure` be the end of the last feeding of which at least half of the portion surely arrived
 * (`lowGrams`), and `since` the time since then by `elapsedMs`: lived time within one start of the
 * daemon; over a restart the larger of lived time and, where both wall clocks were trusted, their
 * difference. Without any sure food `since` is infinite.
 *
 * Let the *hungry* occurrences be those that were due since `sure` and did not surely bring food:
 *   - with the verdict missed, blocked, failed, short or unknown_after_crash (`food().missed`), and
 *   - those that came due a second time, more than an hour after `sure`, because the clock or the
 *     zone was set back: they were fed in their first life and are not fed again. (A meal whose
 *     time was edited after it was fed is not among them: its owner moved it.)
 * meals with the policy `skip` excepted: their owner wants them not made up for.
 *
 * H1 While the clock is not unknown, a plan is active and no pause holds: if `since` has reached
 *    `starveLimitHours` and there is a hungry occurrence, one portion is asked for at the next
 *    evaluation (30 s at most), unless another feeding runs. A meal that is due within half an
 *    hour comes first: only if it brings nothing is the portion asked for.
 * H2 The portion is the largest hungry one; if a cap refuses it, what the cap leaves. The share of
 *    the plan counts for it by the low ends of the doses, so that it never waits for high ones.
 * H3 It is asked for under an id made of the last hungry occurrence and of the last food or
 *    starvation portion before it, so a crash repeats none. There are never two within six hours,
 *    and one that surely arrived ends the outage; one that brought nothing does not.
 * H4 A refused request is repeated until it is served or a meal surely arrives.
 *
 * A checker may therefore demand, at every instant with a working hopper, motor and disk and room
 * under the caps, that `since` is below the limit and half an hour, or no occurrence is hungry, or less than six
 * hours have passed since the last starvation portion.
 */
export interface StarvationInput {
  readonly view: PlanView;
  readonly now: StationTime;
  readonly food: FoodHistory;
  /** The plan of the last and the next days, by due time. */
  readonly planned: readonly PlannedOccurrence[];
  readonly decided: ReadonlyMap<string, Occurrence>;
}

export type StarvationDecision =
  /** Nothing is owed; with a hungry occurrence it will be at `dueAtAgeMs` of lived time. */
  | { readonly kind: 'wait'; readonly dueAtAgeMs: Milliseconds }
  | { readonly kind: 'feed'; readonly order: ExtraOrder };

/** Least time between two starvation portions. */
export const CATCH_UP_GAP_MS: Milliseconds = 6 * HOUR_MS;
/** A meal this near is waited for. */
const MEAL_NEAR_MS: Milliseconds = 30 * MINUTE_MS;
/** A key that was fed counts as due again only this long after the last sure food. */
const REPEATED_AFTER_MS: Milliseconds = HOUR_MS;

interface Hungry {
  readonly key: string;
  readonly portionGrams: Grams;
  readonly dueAtMs: EpochMs;
}

/** H1 to H3. Pure. */
export function starvationPortion(input: StarvationInput): StarvationDecision {
  const { view, now, food } = input;
  const wait: StarvationDecision = { kind: 'wait', dueAtAgeMs: Number.POSITIVE_INFINITY };
  if (now.quality === 'unknown' || view.settings.activePlanId === null) return wait;
  if (pauseAt(view.overlays, now.wallMs) !== null) return wait;
  const sinceMs = food.lastSure === null ? Number.POSITIVE_INFINITY : elapsedMs(food.lastSure, now);
  const hungry = hungryOccurrences(input, sinceMs);
  const last = hungry.at(-1);
  if (last === undefined) return wait;
  const limitMs = view.settings.starveLimitHours * HOUR_MS;
  const sinceCatchUpMs =
    food.lastCatchUp === null ? Number.POSITIVE_INFINITY : elapsedMs(food.lastCatchUp, now);
  const owedInMs = Math.max(limitMs - sinceMs, CATCH_UP_GAP_MS - sinceCatchUpMs);
  if (owedInMs > 0) return { kind: 'wait', dueAtAgeMs: now.ageMs + owedInMs };
  const mealInMs = nextMealMs(input) - now.wallMs;
  if (mealInMs < MEAL_NEAR_MS) return { kind: 'wait', dueAtAgeMs: now.ageMs + mealInMs };
  const portionGrams = Math.max(...hungry.map((occurrence) => occurrence.portionGrams));
  return {
    kind: 'feed',
    order: {
      requestId: requestIdOf(last.key, food),
      cause: 'starvation',
      portionGrams,
      why: explain(sinceMs, limitMs, { count: hungry.length, portionGrams }),
    },
  };
}

function nextMealMs({ planned, now, decided }: StarvationInput): EpochMs {
  const next = planned.find(
    ({ occurrence, leftOut }) =>
      leftOut === null && occurrence.dueAtMs > now.wallMs && !decided.has(occurrence.key),
  );
  return next?.occurrence.dueAtMs ?? Number.POSITIVE_INFINITY;
}

/** Minutes are enough to tell two portions apart, and short enough for an id. */
function requestIdOf(lastKey: string, { lastSure, lastCatchUp }: FoodHistory): string {
  const agesMs = [lastSure, lastCatchUp].flatMap((stamp) => (stamp === null ? [] : [stamp.ageMs]));
  const after = agesMs.length === 0 ? 'never' : Math.round(Math.max(...agesMs) / MINUTE_MS);
  return ownRequestId('starve', `${lastKey}.${after}`);
}

/** In order of their due time. */
function hungryOccurrences(input: StarvationInput, sinceMs: Milliseconds): Hungry[] {
  const { view, now, food, decided } = input;
  const policies = new Map(view.meals.map((meal) => [meal.id, meal.missedPolicy]));
  const found = new Map<string, Hungry>();
  for (const missed of food.missed) {
    if (policies.get(parseOccurrenceKey(missed.key).mealId) === 'skip') continue;
    found.set(missed.key, missed);
  }
  const repeatedFromMs = now.wallMs - sinceMs + REPEATED_AFTER_MS;
  for (const { occurrence, meal, leftOut } of input.planned) {
    const { key, dueAtMs, portionGrams } = occurrence;
    if (dueAtMs <= repeatedFromMs || dueAtMs > now.wallMs) continue;
    if (leftOut !== null || meal.missedPolicy === 'skip' || found.has(key)) continue;
    const row = decided.get(key);
    if (row?.localTime !== occurrence.localTime || !wasFed(row)) continue;
    found.set(key, { key, dueAtMs, portionGrams });
  }
  return [...found.values()].sort((a, b) => a.dueAtMs - b.dueAtMs || (a.key < b.key ? -1 : 1));
}

function wasFed({ verdict }: Occurrence): boolean {
  return verdict === 'fed' || verdict === 'fed_late' || verdict === 'fed_reduced';
}

function explain(
  sinceMs: Milliseconds,
  limitMs: Milliseconds,
  owed: { readonly count: number; readonly portionGrams: Grams },
): string {
  const meals = owed.count === 1 ? 'one meal' : `${owed.count} meals`;
  const since = Number.isFinite(sinceMs)
    ? `the last food that surely arrived was ${hours(sinceMs)} ago (limit ${hours(limitMs)})`
    : 'no food is known to have arrived';
  return `${meals} brought no food and ${since}: one portion of ${grams(owed.portionGrams)}.`;
}
