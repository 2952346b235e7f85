import { type Grams, MINUTE_MS, type Milliseconds, parseOccurrenceKey } from '@cat-feeder/shared';
import type { DispenseOrder } from '../../dispensing/feed-station.ts';
import type { AuditEntry } from '../ledger-reader.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import { type DueTruth, dueUnder, type PlanTruth, wasPaused } from '../plan-truth.ts';
import type { FeedingTruths } from './feeding-truths.ts';

type Claimed = Extract<AuditEntry, { name: 'feeding.claimed' }>['body'];

/** The ledger has milligrams, and a factor of a vacation gives a portion in hundredths. */
const ROUNDED_GRAMS: Grams = 0.006;
/** The least that is ever asked of the dispenser: a smaller share of a meal becomes this. */
const LEAST_GRAMS: Grams = 1;
/** A meal whatever its policy, by a clock that is only estimated. */
const LATE_ANYWAY_MS: Milliseconds = 30 * MINUTE_MS;
/** An edit or an end of a pause beside the instant leaves it open which form was meant. */
const EDGE_MS: Milliseconds = MINUTE_MS;
/** An occurrence keeps its local date: no clock that is right finds it further away. */
const AROUND_MS: Milliseconds = 40 * 3_600_000;

const servedVerdicts: ReadonlySet<string> = new Set(['fed', 'fed_late', 'fed_reduced']);

/**
 * Invariants 2 and 3, the owner's plan: what is served for a meal is planned for its date, not left
 * out, not more than planned, and not later than its policy allows; what is served for a person is
 * what was asked for; and a verdict says what its feeding came to.
 */
export class AsPlanned implements Checker {
  readonly #fail: Fail;
  readonly #plan: PlanTruth;
  readonly #truths: FeedingTruths;
  readonly #asked = new Map<string, Grams>();
  readonly #results = new Map<string, string>();
  readonly #verdicts = new Map<string, { key: string; verdict: string }>();
  /** The largest meal ever, with its vacation: a missed one may have been larger than those of now. */
  #largestGrams: Grams = 0;
  /** Meals of which all of this was looked at. */
  checked = 0;

  constructor(parts: { fail: Fail; plan: PlanTruth; truths: FeedingTruths }) {
    this.#fail = parts.fail;
    this.#plan = parts.plan;
    this.#truths = parts.truths;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'sent' && event.request.feed !== null) {
      const { requestId, portionGrams } = event.request.feed;
      // Whoever uses an id again gets a conflict: the first portion stays the one that was asked for.
      if (!this.#asked.has(requestId)) this.#asked.set(requestId, portionGrams);
    } else if (event.kind === 'order') this.#onOrder(event.order, now);
    else if (event.kind === 'entry') this.#onEntry(event.entry);
  }

  #onOrder(order: DispenseOrder, now: Situation): void {
    const claim = this.#truths.claimOf(order.feedingId);
    if (claim === undefined) return;
    const claimedGrams = claim.portionMg / 1000;
    if (order.portionGrams > claimedGrams + ROUNDED_GRAMS) {
      this.#fail(
        'I3',
        `${claim.requestId}: ${order.portionGrams} g for a claim of ${claimedGrams} g`,
      );
    }
    const askedGrams = this.#asked.get(claim.requestId);
    if (askedGrams !== undefined && Math.abs(claimedGrams - askedGrams) > ROUNDED_GRAMS) {
      this.#fail('I3', `${claim.requestId}: ${claimedGrams} g claimed, ${askedGrams} g asked for`);
    }
    if (claim.occurrenceKey !== null) this.#onMeal(claim.occurrenceKey, claimedGrams, now);
    else if (claim.cause === 'starvation') this.#onHunger(claim, claimedGrams);
  }

  #onMeal(key: string, grams: Grams, now: Situation): void {
    const { mealId, localDate } = parseOccurrenceKey(key);
    const form = this.#plan.now;
    const meal = form.meals.get(mealId);
    if (meal === undefined || !meal.enabled) {
      this.#fail('I2', `${key} is served, and its meal is ${meal === undefined ? 'gone' : 'off'}`);
      return;
    }
    for (const overlay of form.overlays.values()) {
      if (overlay.kind !== 'skip' || overlay.mealId !== mealId) continue;
      if (overlay.date === localDate) this.#fail('I2', `${key} is served, and was to be skipped`);
    }
    const due = this.#dueOf(key, now);
    const plannedGrams = Math.max(
      LEAST_GRAMS,
      due?.portionGrams ?? this.#mostGrams(meal.portionGrams),
    );
    if (grams > plannedGrams + ROUNDED_GRAMS) {
      this.#fail('I3', `${key} is served with ${grams} g, planned are ${plannedGrams} g`);
    }
    if (!Number.isFinite(now.clockRightSinceMs) || this.#plan.isDoubtful(now.trueWallMs)) return;
    this.checked += 1;
    if (due === undefined) this.#fail('I2', `${key} is served, and is not planned`);
    else this.#onTime(due, now);
  }

  #onTime({ key, dueMs, meal }: DueTruth, now: Situation): void {
    const form = this.#plan.now;
    const graceMs =
      meal.missedPolicy === 'catch_up_one' ? form.settings.graceMinutes * MINUTE_MS : 0;
    const lateMs = now.trueWallMs - dueMs;
    if (lateMs > Math.max(graceMs, LATE_ANYWAY_MS) + EDGE_MS) {
      this.#fail(
        'I2',
        `${key} is served ${Math.round(lateMs / MINUTE_MS)} min late (${meal.missedPolicy})`,
      );
    }
    const { trueWallMs } = now;
    const isPaused = (atMs: number) =>
      [-EDGE_MS, 0, EDGE_MS].every((ms) => wasPaused(form, atMs + ms, atMs + ms));
    if (isPaused(trueWallMs) || isPaused(dueMs)) {
      this.#fail('I2', `${key} is served, and the plan is paused`);
    }
  }

  /** A portion against hunger is a meal of the plan, no more. */
  #onHunger(claim: Claimed, grams: Grams): void {
    const mostGrams = Math.max(LEAST_GRAMS, this.#largestGrams);
    if (grams > mostGrams + ROUNDED_GRAMS) {
      this.#fail(
        'I3',
        `${claim.requestId}: ${grams} g against hunger, the largest meal is ${mostGrams} g`,
      );
    }
  }

  #onEntry(entry: AuditEntry): void {
    if (entry.name === 'doc.changed') {
      for (const { portionGrams } of this.#plan.now.meals.values()) {
        this.#largestGrams = Math.max(this.#largestGrams, this.#mostGrams(portionGrams));
      }
    } else if (entry.name === 'feeding.ended') {
      this.#results.set(entry.body.feedingId, entry.body.result);
      this.#compare(entry.body.feedingId);
    } else if (entry.name === 'occurrence.closed' && entry.body.feedingId !== null) {
      const { feedingId, key, verdict } = entry.body;
      this.#verdicts.set(feedingId, { key, verdict });
      this.#compare(feedingId);
    }
  }

  #compare(feedingId: string): void {
    const result = this.#results.get(feedingId);
    const said = this.#verdicts.get(feedingId);
    if (result === undefined || said === undefined) return;
    if (servedVerdicts.has(said.verdict) !== (result === 'served')) {
      this.#fail(
        'I2',
        `${said.key} is '${said.verdict}', and its feeding ${feedingId} '${result}'`,
      );
    }
    this.#results.delete(feedingId);
    this.#verdicts.delete(feedingId);
  }

  #dueOf(key: string, now: Situation): DueTruth | undefined {
    const { trueWallMs } = now;
    const around = dueUnder(this.#plan.now, trueWallMs - AROUND_MS, trueWallMs + AROUND_MS);
    return around.find((due) => due.key === key);
  }

  /** With the largest factor of any vacation: by a wrong clock it may be any date. */
  #mostGrams(grams: Grams): Grams {
    const factors = [...this.#plan.now.overlays.values()].map((overlay) =>
      overlay.kind === 'vacation' ? overlay.portionFactor : 1,
    );
    return grams * Math.max(1, ...factors);
  }
}
