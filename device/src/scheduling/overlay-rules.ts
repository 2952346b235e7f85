import {
  DAY_MS,
  type EpochMs,
  FeederError,
  type Meal,
  OVERLAYS_MAX,
  type Overlay,
  type OverlayInput,
  type Plan,
} from '@cat-feeder/shared';
import type { StationClock } from '../platform/clock.ts';
import type { Collection } from '../platform/collection.ts';
import { addDays, daysBetween } from './calendar.ts';
import { localDateOf } from './local-time.ts';
import type { PlanView } from './schedule-store.ts';

/** How many days from today a pause, a skip or a vacation may reach. */
export const OVERLAY_REACH_DAYS_MAX = 400;
/** How many dates a vacation may have, both ends counted; it may have begun before today. */
export const VACATION_DAYS_MAX = 400;
/** An ended overlay is kept so long that no outage can still need it, while there is room. */
const KEEP_ENDED_DAYS = 8;

interface Parts {
  readonly plans: Collection<Plan>;
  readonly meals: Collection<Meal>;
  readonly time: StationClock;
}

/** What an overlay must fulfil to be taken. */
export class OverlayRules {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Throws `ERR_NOT_FOUND` for an unknown meal or plan and `ERR_BUSINESS_RULE` for dates that make
   * no sense. Returns the skip that says the same already, else null.
   */
  check(input: OverlayInput, view: PlanView): Overlay | null {
    const { wallMs, quality } = this.#parts.time.now();
    const nowMs = quality === 'unknown' ? null : wallMs;
    const today = nowMs === null ? null : localDateOf(view.settings.zone, nowMs);
    const same = input.kind === 'skip' ? this.#checkSkip(input, view, today) : null;
    if (input.kind === 'pause') checkPause(input.untilMs, nowMs);
    if (input.kind === 'vacation') this.#checkVacation(input, today);
    const kept = view.overlays.length - this.ended(view).length;
    if (same === null && kept >= OVERLAYS_MAX) {
      throw rule('overlays', `at most ${OVERLAYS_MAX} overlays at a time`);
    }
    return same;
  }

  /** Overlays that ended so long ago that they can go. */
  ended(view: PlanView): Overlay[] {
    const { wallMs, quality } = this.#parts.time.now();
    if (quality === 'unknown' || quality === 'estimated') return [];
    const keptFrom = addDays(localDateOf(view.settings.zone, wallMs), -KEEP_ENDED_DAYS);
    const keptFromMs = wallMs - KEEP_ENDED_DAYS * DAY_MS;
    return view.overlays.filter((overlay) =>
      overlay.kind === 'pause'
        ? overlay.untilMs < keptFromMs
        : (overlay.kind === 'skip' ? overlay.date : overlay.toDate) < keptFrom,
    );
  }

  #checkSkip(
    input: Extract<OverlayInput, { kind: 'skip' }>,
    view: PlanView,
    today: string | null,
  ): Overlay | null {
    if (this.#parts.meals.get(input.mealId) === undefined) throw new FeederError('ERR_NOT_FOUND');
    checkReach('date', input.date, today);
    const same = view.overlays.find(
      (other) =>
        other.kind === 'skip' && other.mealId === input.mealId && other.date === input.date,
    );
    return same ?? null;
  }

  #checkVacation(input: Extract<OverlayInput, { kind: 'vacation' }>, today: string | null): void {
    if (input.toDate < input.fromDate) throw rule('toDate', 'must not be before fromDate');
    if (daysBetween(input.fromDate, input.toDate) >= VACATION_DAYS_MAX) {
      throw rule('toDate', `a vacation may last at most ${VACATION_DAYS_MAX} days`);
    }
    checkReach('toDate', input.toDate, today);
    if (input.planId !== null && this.#parts.plans.get(input.planId) === undefined) {
      throw new FeederError('ERR_NOT_FOUND');
    }
  }
}

function checkReach(path: string, date: string, today: string | null): void {
  if (today === null) return;
  if (date < today) throw rule(path, `must not be in the past; today is ${today}`);
  if (daysBetween(today, date) > OVERLAY_REACH_DAYS_MAX) {
    throw rule(path, `must be within ${OVERLAY_REACH_DAYS_MAX} days from today`);
  }
}

function checkPause(untilMs: EpochMs, nowMs: EpochMs | null): void {
  if (nowMs === null) throw rule('untilMs', 'the feeder does not know the time yet');
  if (untilMs <= nowMs) throw rule('untilMs', 'must be in the future');
  if (untilMs > nowMs + OVERLAY_REACH_DAYS_MAX * DAY_MS) {
    throw rule('untilMs', `must be within ${OVERLAY_REACH_DAYS_MAX} days from now`);
  }
}

function rule(path: string, message: string): FeederError {
  return new FeederError('ERR_BUSINESS_RULE', { details: [{ path, message }] });
}
