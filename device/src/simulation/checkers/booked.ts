import { type Grams, HOUR_MS, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Checker, Observed, Situation } from '../observed.ts';
import type { PlanTruth } from '../plan-truth.ts';

/** Longer than any window of the caps, and than a local date. */
const LONG_WINDOW_MS: Milliseconds = 26 * HOUR_MS;
/** No start serves a portion from memory before this. */
const MEMORY_ONLY_FROM_MS: Milliseconds = 6 * HOUR_MS - MINUTE_MS;
/** What a portion reserves beyond itself, and the caps' own margin. */
const MARGIN_GRAMS: Grams = 4;

/** What the ledger books against the caps, summed by the simulator itself. */
export class Booked implements Checker {
  readonly #plan: PlanTruth;
  readonly #keepsTime: boolean;
  readonly #doses = new Map<string, { atMs: Milliseconds; highGrams: Grams; lowGrams: Grams }>();
  #lastDarkMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** When the last noted start of this power-up began. */
  #notedMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** What this start books for the ones before it, unless it is noted. */
  #assumed: { atMs: Milliseconds; highGrams: Grams; lowGrams: Grams } | null = null;

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
    this.#noteStart(event, now);
    if (event.kind !== 'entry') return;
    const { entry } = event;
    if (entry.name === 'feeding.claimed') {
      const { feedingId, reservedMg } = entry.body;
      this.#doses.set(feedingId, { atMs: now.nowMs, highGrams: reservedMg / 1000, lowGrams: 0 });
    } else if (entry.name === 'feeding.ended') {
      const { feedingId, highMg, lowMg } = entry.body;
      const dose = { highGrams: highMg / 1000, lowGrams: lowMg / 1000 };
      this.#doses.set(feedingId, { atMs: now.nowMs, ...dose });
    }
  }

  /**
   * A start that the disk refused to note books the largest portion of the plan: one before it may
   * have served that from memory, unless all since the last noted one were too short for it.
   */
  #noteStart(event: Observed, now: Situation): void {
    if (event.kind === 'boot') {
      const isLong = now.nowMs - this.#notedMs >= MEMORY_ONLY_FROM_MS;
      const highGrams = this.#largestGrams() + MARGIN_GRAMS;
      this.#assumed = isLong ? { atMs: now.nowMs, highGrams, lowGrams: 0 } : null;
    } else if (event.kind === 'entry' && event.entry.name === 'daemon.started') {
      this.#assumed = null;
      this.#notedMs = now.bootedAtMs;
    } else if (event.kind === 'look' || event.kind === 'death') {
      // A start notes itself at once, or not at all.
      if (this.#assumed !== null) this.#doses.set(`assumed ${this.#assumed.atMs}`, this.#assumed);
      this.#assumed = null;
      if (event.kind === 'death' && event.how === 'power_cut') {
        this.#notedMs = Number.NEGATIVE_INFINITY;
      }
    }
  }

  /** Whether the caps of the day and of the plan surely leave room for so much. */
  hasRoom(grams: Grams, now: Situation): boolean {
    const { isKnown, highGrams } = this.sum(now);
    const limitGrams = Math.min(this.#plan.now.settings.dayGramsMax, this.#planShareGrams());
    return isKnown && highGrams + grams + MARGIN_GRAMS < limitGrams;
  }

  /** The same for a portion against hunger: the plan's share counts only what surely came. */
  hasRoomForHunger(grams: Grams, now: Situation): boolean {
    const { isKnown, highGrams, lowGrams } = this.sum(now);
    const { dayGramsMax } = this.#plan.now.settings;
    const neededGrams = grams + MARGIN_GRAMS;
    return (
      isKnown &&
      highGrams + neededGrams < dayGramsMax &&
      lowGrams + neededGrams < this.#planShareGrams()
    );
  }

  /** What is booked within the longest window, unless nobody can say how long ago it was. */
  sum(now: Situation): { isKnown: boolean; highGrams: Grams; lowGrams: Grams } {
    // Without a clock that runs in the dark, the windows of the caps last longer over a cut.
    const isKnown = this.#keepsTime || now.nowMs - this.#lastDarkMs >= LONG_WINDOW_MS;
    let highGrams = 0;
    let lowGrams = 0;
    for (const [feedingId, dose] of this.#doses) {
      if (now.nowMs - dose.atMs >= LONG_WINDOW_MS) {
        this.#doses.delete(feedingId);
        continue;
      }
      highGrams += dose.highGrams;
      lowGrams += dose.lowGrams;
    }
    return { isKnown, highGrams, lowGrams };
  }

  #largestGrams(): Grams {
    const { meals, overlays } = this.#plan.now;
    const portions = [...meals.values()].map(({ portionGrams }) => portionGrams);
    const factors = [...overlays.values()].map((overlay) =>
      'portionFactor' in overlay ? overlay.portionFactor : 1,
    );
    return Math.max(0, ...portions) * Math.max(1, ...factors);
  }

  #planShareGrams(): Grams {
    return (this.#planDayGrams() * this.#plan.now.settings.planPercentMax) / 100;
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
