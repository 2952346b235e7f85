import { type Grams, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Checker, Observed, Situation } from '../observed.ts';
import type { PlanTruth } from '../plan-truth.ts';

/** Longer than any window of the caps, and than a local date. */
const LONG_WINDOW_MS: Milliseconds = 26 * HOUR_MS;
/** What a portion reserves beyond itself, and the caps' own margin. */
const MARGIN_GRAMS: Grams = 4;

/** What the ledger books against the caps, summed by the simulator itself. */
export class Booked implements Checker {
  readonly #plan: PlanTruth;
  readonly #keepsTime: boolean;
  readonly #doses = new Map<string, { atMs: Milliseconds; highGrams: Grams }>();
  #lastDarkMs: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(parts: {
    plan: PlanTruth;
    /** The board keeps its time without power, and nothing sets it wrong. */
    keepsTime: boolean;
  }) {
    this.#plan = parts.plan;
    this.#keepsTime = parts.keepsTime;
  }

  see(event: Observed, now: Situation): void {
    // The feeder lives through nothing in the dark: what counts is when it was over.
    if (event.kind === 'death' || event.kind === 'boot') this.#lastDarkMs = now.nowMs;
    if (event.kind !== 'entry') return;
    const { entry } = event;
    if (entry.name === 'feeding.claimed') {
      const { feedingId, reservedMg } = entry.body;
      this.#doses.set(feedingId, { atMs: now.nowMs, highGrams: reservedMg / 1000 });
    } else if (entry.name === 'feeding.ended') {
      const { feedingId, highMg } = entry.body;
      this.#doses.set(feedingId, { atMs: now.nowMs, highGrams: highMg / 1000 });
    }
  }

  /** Whether the caps of the day and of the plan surely leave room for so much. */
  hasRoom(grams: Grams, now: Situation): boolean {
    // Without a clock that runs in the dark, the windows of the caps last longer over a cut.
    if (!this.#keepsTime && now.nowMs - this.#lastDarkMs < LONG_WINDOW_MS) return false;
    let bookedGrams = 0;
    for (const [feedingId, { atMs, highGrams }] of this.#doses) {
      if (now.nowMs - atMs < LONG_WINDOW_MS) bookedGrams += highGrams;
      else this.#doses.delete(feedingId);
    }
    const { settings } = this.#plan.now;
    const planGrams = (this.#planDayGrams() * settings.planPercentMax) / 100;
    return bookedGrams + grams + MARGIN_GRAMS < Math.min(settings.dayGramsMax, planGrams);
  }

  #planDayGrams(): Grams {
    const { settings, meals } = this.#plan.now;
    let weekGrams = 0;
    for (const meal of meals.values()) {
      if (meal.planId !== settings.activePlanId || !meal.enabled) continue;
      weekGrams += meal.portionGrams * meal.weekdays.length;
    }
    return weekGrams / 7;
  }
}
