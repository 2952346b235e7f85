import {
  type Grams,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  parseOccurrenceKey,
  type Verdict,
} from '@cat-feeder/shared';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import { type PlanTruth, wasPaused } from '../plan-truth.ts';
import type { FeedingTruth, FeedingTruths } from './feeding-truths.ts';

/** Least time between two starvation portions. */
const CATCH_UP_GAP_MS: Milliseconds = 6 * HOUR_MS;
/** From the instant a portion is owed to its food in the bowl: a queue, a retry, a run. */
const SLACK_MS: Milliseconds = 75 * MINUTE_MS;
/** So long must everything have been sound, so that nothing excuses a wait. */
const SOUND_MS: Milliseconds = 2 * HOUR_MS;
/** A portion of which this share arrived is a meal. */
const SURE_SHARE = 0.5;

/** With more than this in the bowl no cat starves. */
const STARVING_GRAMS: Grams = 5;

const hungryVerdicts: ReadonlySet<Verdict> = new Set<Verdict>([
  'missed',
  'blocked',
  'failed',
  'short',
  'unknown_after_crash',
]);

/**
 * Invariant 10, by the rule in scheduling/starvation.ts with the food that truly arrived: after a
 * meal that brought nothing, and with everything sound, the limit may not pass without a portion.
 */
export class NeverStarves implements Checker {
  readonly #fail: Fail;
  readonly #plan: PlanTruth;
  readonly #truths: FeedingTruths;
  readonly #mayFeed: () => boolean;
  readonly #bowlGrams: () => Grams;
  readonly #hasRoom: (now: Situation) => boolean;
  /** When enough lay in the bowl at a look: until then `bowl_full` may have refused the portion. */
  #lastFullMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Hungry occurrences since the last food, oldest first. */
  #hungry: {
    key: string;
    atMs: Milliseconds;
    /** When its verdict came: a move of the zone finds meals whose time has passed before it. */
    knownMs: Milliseconds;
    feedingId: string | null;
  }[] = [];
  #lastFoodMs: Milliseconds = 0;
  /** When a fault last kept the motor off, a pause held, or the owner allowed a longer wait. */
  #lastOffMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #limitHours = 0;
  /** The last portion for hunger, and the last one that was served while the disk refused. */
  readonly #lastCatchUpMs = {
    starve: Number.NEGATIVE_INFINITY,
    memory: Number.NEGATIVE_INFINITY,
  };
  readonly #catchUpKeys = new Set<string>();
  #hasFailed = false;
  /** Looks at which the rule was demanded. */
  demanded = 0;
  catchUps = 0;

  constructor(parts: {
    fail: Fail;
    plan: PlanTruth;
    truths: FeedingTruths;
    /** No fault keeps the motor off. */
    mayFeed: () => boolean;
    /** Food that truly lies in the bowl. */
    bowlGrams: () => Grams;
    /** The caps surely leave room for the least portion. */
    hasRoom: (now: Situation) => boolean;
  }) {
    this.#fail = parts.fail;
    this.#plan = parts.plan;
    this.#truths = parts.truths;
    this.#mayFeed = parts.mayFeed;
    this.#bowlGrams = parts.bowlGrams;
    this.#hasRoom = parts.hasRoom;
    parts.truths.onClosed((feeding) => this.#closed(feeding));
  }

  see(event: Observed, now: Situation): void {
    this.#watchOff(now);
    if (event.kind === 'entry') {
      this.#note(event.entry, now);
    } else if (event.kind === 'look' || event.kind === 'end') this.#look(now);
  }

  /** A pause that is taken away leaves no trace in the plan, and so does a limit that is lowered. */
  #watchOff({ nowMs, trueWallMs }: Situation): void {
    const form = this.#plan.now;
    const limitHours = form.settings.starveLimitHours;
    const isLowered = limitHours < this.#limitHours;
    this.#limitHours = limitHours;
    if (isLowered || !this.#mayFeed() || wasPaused(form, trueWallMs, trueWallMs)) {
      this.#lastOffMs = nowMs;
    }
  }

  #closed(feeding: FeedingTruth): void {
    if (!isMeal(feeding)) return;
    this.#lastFoodMs = Math.max(this.#lastFoodMs, feeding.lastMotionMs);
    // A verdict that fell into the run itself may count as before it or after it.
    const endedAtMs = Math.max(feeding.lastMotionMs, feeding.endedAtMs ?? 0);
    this.#hungry = this.#hungry.filter(
      ({ atMs, feedingId }) => atMs > endedAtMs && feedingId !== feeding.feedingId,
    );
  }

  #note(entry: Extract<Observed, { kind: 'entry' }>['entry'], now: Situation): void {
    if (entry.name === 'occurrence.closed' && hungryVerdicts.has(entry.body.verdict)) {
      const { key, feedingId } = entry.body;
      const meal = this.#plan.now.meals.get(parseOccurrenceKey(key).mealId);
      if (meal === undefined || meal.missedPolicy === 'skip') return;
      const run = this.#truths.recent.find((feeding) => feeding.feedingId === feedingId);
      if (run?.isClosed === true && isMeal(run)) return;
      // A meal that was due before the last food is answered by it, whenever its verdict comes.
      const dueMs = now.nowMs - Math.max(0, now.trueWallMs - entry.body.dueMs);
      const atMs = run?.lastMotionMs ?? dueMs;
      if (atMs >= this.#lastFoodMs) {
        this.#hungry.push({ key, atMs, knownMs: now.nowMs, feedingId });
      }
    } else if (entry.name === 'occurrence.reopened') {
      this.#hungry = this.#hungry.filter((occurrence) => occurrence.key !== entry.body.key);
    } else if (entry.name === 'feeding.claimed' && entry.body.cause === 'starvation') {
      const { requestId, feedingId } = entry.body;
      this.#catchUpKeys.add(requestId.split('.')[0] ?? requestId);
      this.#catchUp(feedingId, now, requestId.startsWith('memory:') ? 'memory' : 'starve');
    }
  }

  /** A claim that waited for the disk belongs to the instant of its run. */
  #catchUp(feedingId: string, now: Situation, kind: 'memory' | 'starve'): void {
    this.catchUps += 1;
    const run = this.#truths.recent.find((feeding) => feeding.feedingId === feedingId);
    const atMs = run?.orderedAtMs ?? now.nowMs;
    const lastMs = this.#lastCatchUpMs[kind];
    const sinceMs = Math.abs(atMs - lastMs);
    if (sinceMs < CATCH_UP_GAP_MS - MINUTE_MS && now.clockRightSinceMs < lastMs) {
      this.#fail('I10', `two starvation portions within ${(sinceMs / HOUR_MS).toFixed(1)} h`);
    }
    this.#lastCatchUpMs[kind] = Math.max(atMs, lastMs);
  }

  #look(now: Situation): void {
    if (this.#bowlGrams() >= STARVING_GRAMS) this.#lastFullMs = now.nowMs;
    const last = this.#hungry.at(-1);
    if (last === undefined || !this.#isSound(now)) return;
    const { settings } = this.#plan.now;
    const limitMs = settings.starveLimitHours * HOUR_MS + SLACK_MS;
    this.demanded += 1;
    if (now.nowMs - this.#lastFoodMs < limitMs) return;
    if (now.nowMs - Math.max(...Object.values(this.#lastCatchUpMs)) < CATCH_UP_GAP_MS + SLACK_MS)
      return;
    if (now.nowMs - Math.max(last.knownMs, this.#lastOffMs, this.#lastFullMs) < SLACK_MS) return;
    if (this.#catchUpKeys.has(`starve:${last.key}`) || this.#hasFailed) return;
    this.#hasFailed = true;
    this.#fail(
      'I10',
      `no food for ${((now.nowMs - this.#lastFoodMs) / HOUR_MS).toFixed(1)} h after ${last.key} brought none (limit ${settings.starveLimitHours} h)`,
    );
  }

  #isSound(now: Situation): boolean {
    const sinceMs = Math.max(
      now.bootedAtMs,
      now.clockRightSinceMs,
      now.diskHealthySinceMs,
      now.hardwareSoundSinceMs,
    );
    const form = this.#plan.now;
    return (
      now.isUp &&
      now.nowMs - sinceMs > SOUND_MS &&
      form.settings.activePlanId !== null &&
      !wasPaused(form, now.trueWallMs - SLACK_MS, now.trueWallMs) &&
      this.#hasRoom(now) &&
      this.#mayFeed()
    );
  }
}

/** Whether the ledger's lower bound is honest is judged with the balance; here it counts as said. */
function isMeal({ ended, landedGrams, order }: FeedingTruth): boolean {
  const lowGrams = (ended?.lowMg ?? 0) / 1000;
  return Math.max(landedGrams, lowGrams) >= order.portionGrams * SURE_SHARE;
}
