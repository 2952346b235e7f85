import {
  type EpochMs,
  type Grams,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
} from '@cat-feeder/shared';
import type { DispenseOrder } from '../../dispensing/feed-station.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import { dueUnder, type PlanTruth } from '../plan-truth.ts';
import type { FeedingTruths } from './feeding-truths.ts';

/** A meal is begun within the tick of the schedule, or five minutes while another one runs. */
const LATE_MS: Milliseconds = 6 * MINUTE_MS;
const EARLY_MS: Milliseconds = 3000;
/** So long must all have been well before a meal is due. */
const SOUND_MS: Milliseconds = 35 * MINUTE_MS;

/** Documents that decide what is due. */
const planKinds: ReadonlySet<string> = new Set(['meal', 'plan', 'overlay', 'settings']);

/**
 * Invariant 2, the punctual side: with a right clock a meal is begun at its time by the
 * simulator's own calendar, never before it; and no verdict is given before a meal was due.
 */
export class OnTime implements Checker {
  readonly #fail: Fail;
  readonly #plan: PlanTruth;
  readonly #truths: FeedingTruths;
  readonly #mayFeed: () => boolean;
  readonly #hasRoom: (grams: Grams, now: Situation) => boolean;
  #lastOrderMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #orderBeforeMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastEditMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastRefusalMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastFaultMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Verdicts without motion that came before their time. */
  readonly #early = new Map<string, { dueMs: EpochMs; atMs: Milliseconds }>();
  checked = 0;

  constructor(parts: {
    fail: Fail;
    plan: PlanTruth;
    truths: FeedingTruths;
    mayFeed: () => boolean;
    /** The caps surely leave room for so much. */
    hasRoom: (grams: Grams, now: Situation) => boolean;
  }) {
    this.#fail = parts.fail;
    this.#plan = parts.plan;
    this.#truths = parts.truths;
    this.#mayFeed = parts.mayFeed;
    this.#hasRoom = parts.hasRoom;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'order') {
      this.#orderBeforeMs = this.#lastOrderMs;
      this.#lastOrderMs = now.nowMs;
      this.#onOrder(event.order, now);
    }
    if (event.kind === 'entry') this.#onEntry(event.entry, now);
    else if (event.kind === 'look' || event.kind === 'end') this.#look(now);
  }

  #onEntry(entry: Extract<Observed, { kind: 'entry' }>['entry'], now: Situation): void {
    if (entry.name === 'doc.changed') {
      if (planKinds.has(entry.body.kind)) this.#lastEditMs = now.nowMs;
    }
    if (entry.name === 'fault.raised' || entry.name === 'fault.cleared') {
      this.#lastFaultMs = now.nowMs;
    }
    if (entry.name === 'feeding.refused') this.#lastRefusalMs = now.nowMs;
    else if (entry.name === 'occurrence.reopened') this.#early.delete(entry.body.key);
    else if (entry.name === 'occurrence.closed') {
      const { key, feedingId } = entry.body;
      if (feedingId !== null) {
        this.#early.delete(key);
        return;
      }
      const dueMs = this.#dueOf(key, now);
      if (dueMs === null) return;
      if (dueMs > now.trueWallMs + MINUTE_MS) this.#early.set(key, { dueMs, atMs: now.nowMs });
      else if (dueMs <= now.trueWallMs && entry.body.verdict !== 'skipped')
        this.#onMiss(entry.body, dueMs, now);
    }
  }

  /** A meal that was not served although nothing stood in its way. */
  #onMiss(
    closing: { key: string; portionMg: number; rule: string },
    dueMs: EpochMs,
    now: Situation,
  ) {
    if (this.#plan.isDoubtful(dueMs)) return;
    if (!this.#wasFree(now, { dueMs, grams: closing.portionMg / 1000 })) return;
    if (this.#lastOrderMs > now.nowMs - (now.trueWallMs - dueMs) - HOUR_MS) return;
    this.#fail(
      'I2',
      `${closing.key} was not served by ${closing.rule}, and nothing stood in its way`,
    );
  }

  /** A verdict from a time that was wrong must be void once the time is right again. */
  #look(now: Situation): void {
    for (const [key, { dueMs, atMs }] of this.#early) {
      if (this.#lastEditMs >= atMs || this.#plan.isDoubtful(dueMs)) this.#early.delete(key);
      else if (now.trueWallMs > dueMs + HOUR_MS && this.#isSound(now, 2 * HOUR_MS)) {
        this.#early.delete(key);
        // What came due while the clock was still wrong is a miss like any other.
        const { clockRightSinceMs, bootedAtMs, diskHealthySinceMs } = now;
        const rightSinceMs = Math.max(clockRightSinceMs, bootedAtMs, diskHealthySinceMs);
        if (dueMs < now.trueWallMs - (now.nowMs - rightSinceMs) + MINUTE_MS) continue;
        this.#fail('I2', `${key} got its verdict before it was due, and it was never void`);
      }
    }
  }

  #onOrder(order: DispenseOrder, now: Situation): void {
    const claim = this.#truths.claimOf(order.feedingId);
    if (claim === undefined || claim.occurrenceKey === null) return;
    const dueMs = this.#dueOf(claim.occurrenceKey, now);
    if (dueMs === null || !this.#isSound(now, SOUND_MS) || this.#plan.isDoubtful(dueMs)) return;
    this.checked += 1;
    const lateMs = now.trueWallMs - dueMs;
    if (lateMs < -EARLY_MS) {
      this.#fail(
        'I2',
        `${claim.occurrenceKey} is served ${Math.round(-lateMs / 1000)} s before its time`,
      );
    } else if (lateMs > LATE_MS && this.#wasFree(now, { dueMs, grams: order.gramsMax })) {
      this.#fail(
        'I2',
        `${claim.occurrenceKey} is served ${Math.round(lateMs / 1000)} s after its time`,
      );
    }
  }

  /** Nothing that the owner or the world did can have held the meal back. */
  #wasFree(now: Situation, meal: { dueMs: EpochMs; grams: Grams }): boolean {
    const { dueMs, grams } = meal;
    const dueAtMs = now.nowMs - (now.trueWallMs - dueMs);
    const { settings } = this.#plan.now;
    const gapMs = (settings.scheduleGapMinutes + 6) * MINUTE_MS;
    return (
      this.#mayFeed() &&
      this.#hasRoom(grams, now) &&
      this.#isSound(now, now.nowMs - dueAtMs + SOUND_MS) &&
      settings.bowlFullGrams === null &&
      this.#orderBeforeMs < dueAtMs - gapMs &&
      this.#lastEditMs < dueAtMs - MINUTE_MS &&
      this.#lastRefusalMs < dueAtMs - MINUTE_MS &&
      this.#lastFaultMs < dueAtMs - MINUTE_MS
    );
  }

  #isSound(now: Situation, forMs: Milliseconds): boolean {
    const { bootedAtMs, clockRightSinceMs, diskHealthySinceMs, hardwareSoundSinceMs } = now;
    const sinceMs = Math.max(
      bootedAtMs,
      clockRightSinceMs,
      diskHealthySinceMs,
      hardwareSoundSinceMs,
    );
    return now.isUp && now.nowMs - sinceMs > forMs;
  }

  #dueOf(key: string, now: Situation): EpochMs | null {
    const { trueWallMs } = now;
    const around = dueUnder(this.#plan.now, trueWallMs - 40 * HOUR_MS, trueWallMs + 40 * HOUR_MS);
    return around.find((due) => due.key === key)?.dueMs ?? null;
  }
}
