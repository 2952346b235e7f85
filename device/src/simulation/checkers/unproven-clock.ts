import { DAY_MS, type Grams, HOUR_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { PlanForm, PlanTruth } from '../plan-truth.ts';
import type { FeedingTruths } from './feeding-truths.ts';

/** The schedule is held this long; then portions come by elapsed time. */
const HOLD_MS: Milliseconds = 30 * MINUTE_MS;
/** Of the plan's amount. */
const SHARE = 0.75;
/** A rounded portion, and the least that is ever asked for. */
const ROUNDED_GRAMS: Grams = 0.01;
const LEAST_GRAMS: Grams = 1;
/** From the instant a portion is owed to its order: a queue, a retry. */
const SLACK_MS: Milliseconds = 25 * MINUTE_MS;
/** Least and most time between two portions. */
const INTERVAL_MS_MIN: Milliseconds = 2 * HOUR_MS;
/** Longer than any window of the caps. */
const LONG_MS: Milliseconds = 26 * HOUR_MS;
/** What a portion reserves beyond itself. */
const MARGIN_GRAMS: Grams = 8;

/**
 * Invariant 9: while nothing proves the time, nothing is fed on schedule, and by elapsed time only
 * after half an hour of being up, at most three quarters of the plan; but then food does come.
 */
export class UnprovenClock implements Checker {
  readonly watchesMotor = true;
  readonly #fail: Fail;
  readonly #truths: FeedingTruths;
  readonly #plan: PlanTruth;
  readonly #isUnproven: () => boolean;
  readonly #mayFeed: () => boolean;
  readonly #seen = new Set<string>();
  /** Since when nothing but the clock kept a portion from coming. */
  #freeSinceMs: Milliseconds | null = null;
  /** All that was ever reserved: no cap can refuse while this is far below it. */
  #reservedGrams: Grams = 0;
  #largestGrams: Grams = 0;
  /** Looks at which a portion was demanded. */
  demanded = 0;

  constructor(parts: {
    fail: Fail;
    truths: FeedingTruths;
    plan: PlanTruth;
    isUnproven: () => boolean;
    /** No fault keeps the motor off. */
    mayFeed: () => boolean;
  }) {
    this.#fail = parts.fail;
    this.#truths = parts.truths;
    this.#plan = parts.plan;
    this.#isUnproven = parts.isUnproven;
    this.#mayFeed = parts.mayFeed;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'slice') {
      if (event.feedingId !== null) this.#onSlice(event.feedingId, now);
      return;
    }
    if (event.kind === 'entry') {
      if (event.entry.name === 'feeding.claimed') {
        this.#reservedGrams += event.entry.body.reservedMg / 1000;
      } else if (event.entry.name === 'doc.changed') {
        const portions = [...this.#plan.now.meals.values()].map((meal) => meal.portionGrams);
        this.#largestGrams = Math.max(this.#largestGrams, ...portions);
        this.#freeSinceMs = null;
      }
    }
    if (event.kind === 'order' || event.kind === 'boot') this.#freeSinceMs = null;
    else if (event.kind === 'look') this.#look(now);
  }

  #onSlice(feedingId: string, now: Situation): void {
    if (this.#seen.has(feedingId)) return;
    this.#seen.add(feedingId);
    const claim = this.#truths.claimOf(feedingId);
    if (claim === undefined) return;
    const { cause, requestId } = claim;
    if (this.#isUnproven() && (cause === 'schedule' || cause === 'starvation')) {
      this.#fail('I9', `${requestId} (${cause}) is served by a clock without any proof`);
    }
    if (cause !== 'elapsed_time') return;
    if (now.nowMs - now.bootedAtMs < HOLD_MS) {
      this.#fail('I9', `${requestId} by elapsed time within half an hour of the start`);
    }
    const mostGrams = SHARE * this.#largestGrams * largestFactor(this.#plan.now);
    if (claim.portionMg / 1000 > Math.max(LEAST_GRAMS, mostGrams) + ROUNDED_GRAMS) {
      this.#fail(
        'I9',
        `${requestId}: ${claim.portionMg / 1000} g by elapsed time, at most ${mostGrams} g`,
      );
    }
  }

  #look(now: Situation): void {
    if (!this.#isFree(now)) {
      this.#freeSinceMs = null;
      return;
    }
    this.#freeSinceMs ??= now.nowMs;
    this.demanded += 1;
    const waitedMs = now.nowMs - this.#freeSinceMs;
    if (waitedMs <= HOLD_MS + intervalMs(this.#plan.now) + SLACK_MS) return;
    this.#freeSinceMs = null;
    this.#fail('I9', `no food for ${(waitedMs / HOUR_MS).toFixed(1)} h of a clock without proof`);
  }

  /** Nothing but the clock speaks against a portion, beyond doubt. */
  #isFree(now: Situation): boolean {
    const form = this.#plan.now;
    const isDiskSure = now.diskHealthySinceMs <= 0 || now.nowMs - now.diskHealthySinceMs > LONG_MS;
    return (
      now.isUp &&
      this.#isUnproven() &&
      this.#mayFeed() &&
      isDiskSure &&
      now.hardwareSoundSinceMs <= now.nowMs &&
      form.settings.bowlFullGrams === null &&
      Number.isFinite(intervalMs(form)) &&
      ![...form.overlays.values()].some(({ kind }) => kind === 'pause') &&
      this.#hasRoom(form)
    );
  }

  #hasRoom(form: PlanForm): boolean {
    const { hourGramsMax, dayGramsMax } = form.settings;
    const mostGrams = SHARE * this.#largestGrams * largestFactor(form);
    return (
      this.#reservedGrams + mostGrams < planShareGrams(form) &&
      this.#reservedGrams + mostGrams + MARGIN_GRAMS < Math.min(hourGramsMax, dayGramsMax)
    );
  }
}

/** The mean time between two meals of the active plan, at most; infinite without any. */
function intervalMs({ meals, overlays, settings }: PlanForm): Milliseconds {
  let count = 0;
  for (const meal of meals.values()) {
    if (meal.planId === settings.activePlanId && meal.enabled) count += meal.weekdays.length;
  }
  for (const { kind } of overlays.values()) if (kind === 'skip') count -= 1;
  if (count <= 0) return Number.POSITIVE_INFINITY;
  return Math.min(DAY_MS, Math.max(INTERVAL_MS_MIN, (7 * DAY_MS) / count));
}

/** The plan's share of a day, by its mean day. */
function planShareGrams({ meals, settings }: PlanForm): Grams {
  let weekGrams = 0;
  for (const meal of meals.values()) {
    if (meal.planId === settings.activePlanId && meal.enabled) {
      weekGrams += meal.portionGrams * meal.weekdays.length;
    }
  }
  return ((weekGrams / 7) * settings.planPercentMax) / 100;
}

function largestFactor({ overlays }: PlanForm): number {
  const factors = [...overlays.values()].map((overlay) =>
    overlay.kind === 'vacation' ? overlay.portionFactor : 1,
  );
  return Math.max(1, ...factors);
}
