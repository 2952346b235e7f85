import {
  FeederError,
  type Grams,
  MINUTE_MS,
  type Milliseconds,
  PORTION_GRAMS_MIN,
  type RefusalRule,
} from '@cat-feeder/shared';
import type { StationClock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { FeedWish } from './agenda.ts';
import type { RefusedAttempt } from './due-occurrences.ts';
import { foodStamp, SURE_SHARE } from './food-clock.ts';
import { RefusalMemory } from './refusal-memory.ts';
import type { FeedAnswer, FoodHistory, FoodStamp, MealFeeder } from './schedule-store.ts';

const ANSWERED_MAX = 256;
/** Feedings by elapsed time that can still lie close to a meal. */
const ELAPSED_MAX = 32;
/** A broken feeder is not asked again for so long. */
const BROKEN_RETRY_MS: Milliseconds = MINUTE_MS;

/**
 * Takes the schedule's wishes to the dispenser, one at a time, and remembers the answers for as
 * long as the program runs. What was answered once is not asked again.
 */
export class MealDesk {
  readonly #feeder: MealFeeder;
  readonly #time: StationClock;
  readonly #logger: Logger;
  readonly #refusals = new RefusalMemory();
  readonly #answered = new Set<string>();
  readonly #elapsed: FoodStamp[] = [];
  #lastSure: FoodStamp | null = null;
  #lastCatchUp: FoodStamp | null = null;
  #running: { readonly id: string; readonly done: Promise<void> } | null = null;
  #isInterrupted = false;

  constructor(parts: { feeder: MealFeeder; time: StationClock; logger: Logger }) {
    this.#feeder = parts.feeder;
    this.#time = parts.time;
    this.#logger = parts.logger;
  }

  /** The occurrence key or request id that is being served. */
  get runningId(): string | null {
    return this.#running?.id ?? null;
  }

  get refused(): ReadonlyMap<string, RefusedAttempt> {
    return this.#refusals.all;
  }

  get answered(): ReadonlySet<string> {
    return this.#answered;
  }

  /** Feedings by elapsed time since the start of the daemon. */
  get elapsedFeedings(): readonly FoodStamp[] {
    return this.#elapsed;
  }

  /** What storage knows of the food, with what was served here and the disk may still owe. */
  foodSince(stored: FoodHistory): FoodHistory {
    return {
      ...stored,
      lastSure: later(stored.lastSure, this.#lastSure),
      lastCatchUp: later(stored.lastCatchUp, this.#lastCatchUp),
    };
  }

  /** Resolves when nothing is being served. */
  async settled(): Promise<void> {
    await this.#running?.done;
  }

  forget(id: string): void {
    this.#refusals.forget(id);
  }

  /**
   * The plan is being edited: a refusal that is on its way was given to the old form. It is not
   * remembered, and what a cap leaves is not asked for. A feeding that was claimed goes on.
   */
  interrupt(): void {
    this.#isInterrupted = true;
  }

  /** Serves a wish unless another runs; calls `onEnded` when the answer is known. */
  begin(wish: FeedWish, onEnded: () => void): void {
    if (this.#running !== null) return;
    this.#isInterrupted = false;
    const done = this.#serve(wish).then(() => {
      this.#running = null;
      onEnded();
    });
    this.#running = { id: wish.id, done };
  }

  async #serve(wish: FeedWish): Promise<void> {
    try {
      const answer = await this.#ask(wish);
      if (answer.kind === 'ended' || !this.#isInterrupted) this.#note(wish, answer);
    } catch (error) {
      const rule: RefusalRule =
        error instanceof FeederError && error.code === 'ERR_STORAGE' ? 'storage' : 'hardware_fault';
      const why = error instanceof Error ? error.message : String(error);
      this.#logger.error({ id: wish.id, why }, 'A scheduled feeding broke off.');
      this.#refusals.note(wish.id, { rule, why }, this.#time.now().ageMs + BROKEN_RETRY_MS);
    }
  }

  /** Asks for all of it; when a cap leaves less, for what it leaves. */
  async #ask(wish: FeedWish): Promise<FeedAnswer> {
    const answer = await this.#feed(wish, null);
    if (answer.kind === 'ended' || !answer.rule.startsWith('cap_')) return answer;
    if (this.#isInterrupted) return answer;
    // A milligram less: what a cap leaves is a difference, and the cap would see a rounded one pass it.
    const reducedGrams = Math.floor((answer.remainingGrams - 0.001) * 10) / 10;
    if (reducedGrams < PORTION_GRAMS_MIN || reducedGrams >= wish.order.portionGrams) return answer;
    return this.#feed(wish, { portionGrams: reducedGrams, rule: answer.rule });
  }

  #feed(wish: FeedWish, reduced: { portionGrams: Grams; rule: string } | null) {
    if (wish.kind === 'extra') return this.#feeder.feedExtra({ ...wish.order, ...pick(reduced) });
    const order = reduced === null ? wish.order : { ...wish.order, ...reduced };
    return this.#feeder.feedOccurrence(
      reduced === null ? order : { ...order, verdict: 'fed_reduced' },
    );
  }

  #note(wish: FeedWish, answer: FeedAnswer): void {
    if (answer.kind === 'refused') {
      this.#refusals.note(wish.id, answer, this.#time.now().ageMs);
      return;
    }
    this.#refusals.forget(wish.id);
    if (this.#answered.size >= ANSWERED_MAX) {
      const oldest = this.#answered.keys().next().value;
      if (oldest !== undefined) this.#answered.delete(oldest);
    }
    this.#answered.add(wish.id);
    this.#stamp(wish, answer.servedLowGrams);
  }

  #stamp({ kind, order }: FeedWish, servedLowGrams: Grams): void {
    const stamp = foodStamp(this.#time.now());
    if (servedLowGrams >= order.portionGrams * SURE_SHARE) this.#lastSure = stamp;
    if (kind !== 'extra') return;
    if (order.cause === 'starvation') {
      this.#lastCatchUp = stamp;
    } else {
      this.#elapsed.push(stamp);
      if (this.#elapsed.length > ELAPSED_MAX) this.#elapsed.shift();
    }
  }
}

/** The later of two stamps; `here` was made in this start of the daemon. */
function later(stored: FoodStamp | null, here: FoodStamp | null): FoodStamp | null {
  if (stored === null || here === null) return here ?? stored;
  return here.ageMs > stored.ageMs ? here : stored;
}

function pick(reduced: { portionGrams: Grams } | null): { portionGrams?: Grams } {
  return reduced === null ? {} : { portionGrams: reduced.portionGrams };
}
