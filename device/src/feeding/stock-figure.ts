import { DAY_MS, type Grams, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { StationClock } from '../platform/clock.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import type { FeedingJournal } from './feeding-journal.ts';

/** The mean is taken over this many days, all of them. */
const MEAN_DAYS = 7;
const PAGE_FEEDINGS = 200;
/** Seven days of the smallest gaps between feedings are fewer pages than this. */
const PAGES_MAX = 20;
/** The mean changes with each feeding, and slowly as old ones leave the window. */
const MEAN_AGE_MS: Milliseconds = HOUR_MS;

/** How long the food in the hopper lasts, by what was served. A figure for people, never a rule. */
export class StockFigure {
  readonly #journal: Pick<FeedingJournal, 'list'>;
  readonly #time: StationClock;
  #mean: { readonly gramsPerDay: Grams | null; readonly atMonoMs: Milliseconds } | null = null;

  constructor(parts: {
    readonly journal: Pick<FeedingJournal, 'list'>;
    readonly time: StationClock;
    readonly live: Pick<LiveEvents, 'subscribe'>;
  }) {
    this.#journal = parts.journal;
    this.#time = parts.time;
    parts.live.subscribe(({ name }) => {
      if (name === 'feeding' || name === 'clock') this.#mean = null;
    });
  }

  /**
   * Days at the mean of the last seven. Null without a hopper mass, without a clock that is
   * believed, before seven days of feedings are known, and while nothing is served at all.
   */
  daysLeft(hopperGrams: Grams | null): number | null {
    if (hopperGrams === null) return null;
    const gramsPerDay = this.#gramsPerDay();
    return gramsPerDay === null || gramsPerDay <= 0 ? null : hopperGrams / gramsPerDay;
  }

  #gramsPerDay(): Grams | null {
    const { monoMs, wallMs, quality } = this.#time.now();
    if (quality === 'unknown') return null;
    if (this.#mean === null || monoMs - this.#mean.atMonoMs > MEAN_AGE_MS) {
      this.#mean = { gramsPerDay: this.#measure(wallMs - MEAN_DAYS * DAY_MS), atMonoMs: monoMs };
    }
    return this.#mean.gramsPerDay;
  }

  #measure(fromMs: number): Grams | null {
    let grams = 0;
    let before: string | undefined;
    for (let pages = 0; pages < PAGES_MAX; pages += 1) {
      const page = this.#journal.list({
        limit: PAGE_FEEDINGS,
        state: 'done',
        ...(before === undefined ? {} : { before }),
      });
      for (const { startedAtMs, dose } of page.items) {
        // An older one: the window lies wholly within what is known.
        if (startedAtMs < fromMs) return grams / MEAN_DAYS;
        grams += Math.max(0, dose?.likelyGrams ?? 0);
      }
      if (page.nextCursor === null) return null;
      before = page.nextCursor;
    }
    return null;
  }
}
