import {
  type EpochMs,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  type Occurrence,
} from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import { addDays } from './calendar.ts';
import { type UnconfirmedMeal, unconfirmedMeals } from './dead-man.ts';
import { type Decision, dueOccurrences, type RefusedAttempt } from './due-occurrences.ts';
import { elapsedPortion } from './elapsed-time.ts';
import { localDateOf } from './local-time.ts';
import { isEarlierForm, type PlannedOccurrence, plannedBetween } from './occurrences.ts';
import type {
  ExtraOrder,
  FoodHistory,
  FoodStamp,
  OccurrenceOrder,
  PlanView,
} from './schedule-store.ts';
import { starvationPortion } from './starvation.ts';

/** Everything an evaluation looks at. */
export interface AgendaInput {
  readonly view: PlanView;
  readonly now: StationTime;
  /** Null before the first run with a known clock. */
  readonly closedThroughMs: EpochMs | null;
  readonly decided: ReadonlyMap<string, Occurrence>;
  readonly food: FoodHistory;
  /** Refused attempts by occurrence key or request id. */
  readonly refused: ReadonlyMap<string, RefusedAttempt>;
  readonly elapsedFeedings: readonly FoodStamp[];
  readonly feedingKey: string | null;
  /** Request ids that were answered: they are not asked for again. */
  readonly answered: ReadonlySet<string>;
  readonly unknownForMs: Milliseconds;
}

/** One thing that the dispenser is to do now. */
export type FeedWish =
  | { readonly kind: 'occurrence'; readonly id: string; readonly order: OccurrenceOrder }
  | { readonly kind: 'extra'; readonly id: string; readonly order: ExtraOrder };

/** What an evaluation found: what to write, what to serve, and when to look again. */
export interface Agenda {
  readonly decisions: readonly Decision[];
  readonly wish: FeedWish | null;
  readonly overdue: readonly UnconfirmedMeal[];
  /** The first due occurrence that has no verdict yet. */
  readonly pendingFromMs: EpochMs | null;
  /** The next occurrence that will be asked for. */
  readonly next: Occurrence | null;
  /** Before both of these nothing can become due. */
  readonly quietUntilWallMs: EpochMs;
  readonly quietUntilAgeMs: Milliseconds;
}

/** Even with nothing to expect the schedule is looked at this often. */
const LOOK_AGAIN_MS: Milliseconds = HOUR_MS;
/** How far ahead the next occurrence is searched: every weekday comes once. */
const AHEAD_DAYS = 8;
/** How far back starvation looks for meals that came due twice. */
const BACK_DAYS = 2;

/** One evaluation of the schedule. Pure. */
export function assessSchedule(input: AgendaInput): Agenda {
  return input.now.quality === 'unknown' ? assessUnknown(input) : assessKnown(input);
}

function assessUnknown(input: AgendaInput): Agenda {
  const elapsed = elapsedPortion(input);
  const wish = elapsed.kind === 'feed' ? askable(input, elapsed.order) : null;
  const retryAgeMs =
    elapsed.kind === 'wait' ? elapsed.dueAtAgeMs : retryAgeOf(input, elapsed.order.requestId);
  return {
    decisions: [],
    wish,
    overdue: [],
    pendingFromMs: null,
    next: null,
    quietUntilWallMs: Number.POSITIVE_INFINITY,
    quietUntilAgeMs: Math.min(retryAgeMs, input.now.ageMs + LOOK_AGAIN_MS),
  };
}

function assessKnown(input: AgendaInput): Agenda {
  const { view, now } = input;
  const closedThroughMs = input.closedThroughMs ?? now.wallMs;
  const decisions = dueOccurrences({ ...input, closedThroughMs });
  const today = localDateOf(view.settings.zone, now.wallMs);
  const planned = plannedBetween(view, addDays(today, -BACK_DAYS), addDays(today, AHEAD_DAYS));
  const starvation = starvationPortion({ ...input, planned });
  const deadMan = unconfirmedMeals({
    ...input,
    planned,
    closedThroughMs,
    deadManMinutes: view.settings.deadManMinutes,
  });
  const next = nextPlanned(planned, input);
  const mealWish = firstFeed(decisions);
  const starving = starvation.kind === 'feed' ? askable(input, starvation.order) : null;
  const starveAgeMs =
    starvation.kind === 'wait'
      ? starvation.dueAtAgeMs
      : retryAgeOf(input, starvation.order.requestId);
  return {
    decisions,
    wish: mealWish ?? starving,
    overdue: deadMan.overdue,
    pendingFromMs: pendingFrom(decisions),
    next: next?.occurrence ?? null,
    quietUntilWallMs: Math.min(firstAfter(planned, now), deadMan.nextMs),
    quietUntilAgeMs: Math.min(now.ageMs + LOOK_AGAIN_MS, starveAgeMs, firstRetryAge(decisions)),
  };
}

/** The extra portion as a wish, unless it was answered or its retry is not yet due. */
function askable(input: AgendaInput, order: ExtraOrder): FeedWish | null {
  if (input.answered.has(order.requestId)) return null;
  if (input.now.ageMs < (input.refused.get(order.requestId)?.retryAtAgeMs ?? 0)) return null;
  return { kind: 'extra', id: order.requestId, order };
}

function retryAgeOf(input: AgendaInput, requestId: string): Milliseconds {
  if (input.answered.has(requestId)) return Number.POSITIVE_INFINITY;
  return input.refused.get(requestId)?.retryAtAgeMs ?? input.now.ageMs + MINUTE_MS;
}

/** A meal in its time comes before one that is late already. */
function firstFeed(decisions: readonly Decision[]): FeedWish | null {
  let late: FeedWish | null = null;
  for (const decision of decisions) {
    if (decision.kind !== 'feed') continue;
    const { order } = decision;
    const wish: FeedWish = { kind: 'occurrence', id: order.occurrence.key, order };
    if (!decision.isLate) return wish;
    late ??= wish;
  }
  return late;
}

function pendingFrom(decisions: readonly Decision[]): EpochMs | null {
  let found: EpochMs | null = null;
  for (const decision of decisions) {
    let dueAtMs: EpochMs | null = null;
    if (decision.kind === 'feed') dueAtMs = decision.order.occurrence.dueAtMs;
    if (decision.kind === 'hold') dueAtMs = decision.occurrence.dueAtMs;
    if (dueAtMs !== null && (found === null || dueAtMs < found)) found = dueAtMs;
  }
  return found;
}

function firstRetryAge(decisions: readonly Decision[]): Milliseconds {
  let found: Milliseconds = Number.POSITIVE_INFINITY;
  for (const decision of decisions) {
    if (decision.kind === 'hold') found = Math.min(found, decision.retryAtAgeMs);
  }
  return found;
}

function firstAfter(planned: readonly PlannedOccurrence[], now: StationTime): EpochMs {
  const next = planned.find(({ occurrence }) => occurrence.dueAtMs > now.wallMs);
  return next?.occurrence.dueAtMs ?? Number.POSITIVE_INFINITY;
}

function nextPlanned(
  planned: readonly PlannedOccurrence[],
  input: AgendaInput,
): PlannedOccurrence | undefined {
  const { wallMs } = input.now;
  return planned.find(
    (candidate) =>
      candidate.occurrence.dueAtMs > wallMs &&
      candidate.leftOut === null &&
      !isEarlierForm(candidate, wallMs) &&
      !input.decided.has(candidate.occurrence.key),
  );
}
