import { type FeedingCause, type Grams, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { PlanForm, PlanTruth } from '../plan-truth.ts';
import type { FeedingTruth, FeedingTruths } from './feeding-truths.ts';

/** What the feeder decides by itself (docs/feeding.md). */
const ownCauses: ReadonlySet<FeedingCause> = new Set(['schedule', 'starvation', 'elapsed_time']);
/** Nobody stands in front of the feeder. */
const unseenCauses: ReadonlySet<FeedingCause> = new Set([...ownCauses, 'automation', 'button']);

/** A day's window of the caps (docs/feeding.md). */
const DAY_WINDOW_MS: Milliseconds = 22 * HOUR_MS;
/** The ledger's milligrams. */
const ROUNDED_GRAMS: Grams = 0.002;
/** A bowl may show this much less than what lies in it: days of drift. */
const BOWL_GRAMS: Grams = 25;
/** All must have been well, and no cat there, for so long that the scale shows what is there. */
const SOUND_MS: Milliseconds = HOUR_MS;

/**
 * Invariant 3, as far as nobody stands there: the plan's share of a day is not passed by what the
 * feeder decides by itself, and nothing is added to a bowl that is plainly full.
 */
export class OwnDecisions implements Checker {
  readonly #fail: Fail;
  readonly #plan: PlanTruth;
  readonly #truths: FeedingTruths;
  readonly #isTimeHonest: () => boolean;
  readonly #bowlGrams: () => Grams;
  readonly #isCatThere: () => boolean;
  #lastCatMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastEatenMs: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(parts: {
    fail: Fail;
    plan: PlanTruth;
    truths: FeedingTruths;
    /** Whether the feeder could know how much time has passed. */
    isTimeHonest: () => boolean;
    /** What truly lies in the bowl, and whether a cat is at it. */
    bowlGrams: () => Grams;
    isCatThere: () => boolean;
  }) {
    this.#fail = parts.fail;
    this.#plan = parts.plan;
    this.#truths = parts.truths;
    this.#isTimeHonest = parts.isTimeHonest;
    this.#bowlGrams = parts.bowlGrams;
    this.#isCatThere = parts.isCatThere;
  }

  see(event: Observed, now: Situation): void {
    if (this.#isCatThere()) this.#lastCatMs = now.nowMs;
    if (event.kind === 'fault') this.#lastEatenMs = now.nowMs;
    if (event.kind !== 'order') return;
    const claim = this.#truths.claimOf(event.order.feedingId);
    if (claim === undefined) return;
    const { cause, requestId, portionMg } = claim;
    if (unseenCauses.has(cause)) this.#bowl(requestId, now);
    if (ownCauses.has(cause) && this.#isTimeHonest()) {
      this.#share({ requestId, cause, grams: portionMg / 1000 }, now);
    }
  }

  #share(wish: { requestId: string; cause: FeedingCause; grams: Grams }, now: Situation): void {
    const { settings } = this.#plan.now;
    const dayGrams = fullestDayGrams(this.#plan.now);
    // Whoever switches every meal off leaves no share to go by; the caps of the feeder still hold.
    if (dayGrams === 0) return;
    let grams = wish.grams;
    for (const other of this.#truths.recent) {
      const isOwn = other.claim !== null && ownCauses.has(other.claim.cause);
      const isRecent = other.lastMotionMs > now.nowMs - DAY_WINDOW_MS;
      if (other.isClosed && isOwn && isRecent) grams += countedGrams(other, wish.cause);
    }
    const limitGrams = (dayGrams * settings.planPercentMax) / 100;
    if (grams <= limitGrams + ROUNDED_GRAMS) return;
    this.#fail(
      'I3',
      `${wish.requestId} makes ${grams.toFixed(2)} g of the plan within 22 h, its share is ${limitGrams.toFixed(2)} g`,
    );
  }

  #bowl(requestId: string, now: Situation): void {
    const { bowlFullGrams } = this.#plan.now.settings;
    if (bowlFullGrams === null) return;
    const { hardwareSoundSinceMs, bootedAtMs } = now;
    const sinceMs = Math.max(hardwareSoundSinceMs, bootedAtMs, this.#lastCatMs, this.#lastEatenMs);
    if (!(now.nowMs - sinceMs > SOUND_MS)) return;
    const grams = this.#bowlGrams();
    if (grams <= bowlFullGrams + BOWL_GRAMS) return;
    this.#fail(
      'I3',
      `${requestId}: ${grams.toFixed(1)} g lie in the bowl, full are ${bowlFullGrams} g`,
    );
  }
}

/** What truly came, as far as the feeder booked it; against hunger counts what surely came. */
function countedGrams({ ended, landedGrams }: FeedingTruth, cause: FeedingCause): Grams {
  if (ended === null) return 0;
  const bookedMg = cause === 'starvation' ? ended.lowMg : ended.highMg;
  return Math.min(landedGrams, bookedMg / 1000);
}

/** What the active plan serves on the weekday that has the most. */
function fullestDayGrams({ settings, meals }: PlanForm): Grams {
  const days = [1, 2, 3, 4, 5, 6, 7].map((day) => {
    let grams = 0;
    for (const meal of meals.values()) {
      if (meal.planId !== settings.activePlanId || !meal.enabled) continue;
      if (meal.weekdays.includes(day)) grams += meal.portionGrams;
    }
    return grams;
  });
  return Math.max(...days);
}
