import {
  type FeedRequest,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  type RefusalRule,
  type Settings,
} from '@cat-feeder/shared';
import type { AuditEntry } from '../ledger-reader.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { Booked } from './booked.ts';
import type { FeedingTruths } from './feeding-truths.ts';
import { gapMs, isQuiet, SURE_CLOCK_MS } from './owners-wish.ts';

/** What a run takes to be told, and a refusal to be written. */
const SLACK_MS: Milliseconds = 15_000;
/** A start has closed what it found open by then, or waits for a disk. */
const RECOVERED_MS: Milliseconds = 5 * MINUTE_MS;
/** What was broken or refused until lately may still be believed to be, or its cure not be noticed. */
const LATELY_MS: Milliseconds = HOUR_MS;
/** A bowl may show this much more than what lies in it: days of drift, and a glance some minutes old. */
const BOWL_GRAMS = 25;
/** What a portion reserves beyond itself: by turns, for pieces, and so much more than the one before. */
const RESERVE_SHARE = 1.3;
const RESERVE_GRAMS = 4;
const RESERVE_GROWTH = 1.7;

type Refused = Extract<AuditEntry, { name: 'feeding.refused' }>['body'];
type Ground = (refused: Refused, now: Situation) => boolean;

/**
 * Invariant 8, the other way round: a wish that is not stale is refused for a reason that is there
 * in truth. Where nobody outside can know the reason, it is believed.
 */
export class GroundedRefusals implements Checker {
  readonly #fail: Fail;
  readonly #truths: FeedingTruths;
  readonly #booked: Booked;
  readonly #settings: () => Settings;
  readonly #hasFault: () => boolean;
  readonly #bowlGrams: () => number;
  readonly #wishes = new Map<string, FeedRequest>();
  #runsSince: Milliseconds | null = null;
  #ranUntilMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** When a feeding was last over, for all that the feeder can know. */
  #lastFoodMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** What the last claim reserved beyond its portion: pieces are believed to be as large as learned. */
  #beyondGrams = 0;
  #lastFaultMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastBootMs: Milliseconds = 0;
  #lastStopMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #lastCatMs: Milliseconds = Number.NEGATIVE_INFINITY;
  readonly #isCatThere: () => boolean;
  /** Refusals of which the ground was looked for. */
  checked = 0;

  constructor(parts: {
    fail: Fail;
    truths: FeedingTruths;
    booked: Booked;
    settings: () => Settings;
    /** The ledger shows a fault. */
    hasFault: () => boolean;
    /** What truly lies in the bowl, and whether a cat is at it. */
    bowlGrams: () => number;
    isCatThere: () => boolean;
  }) {
    this.#fail = parts.fail;
    this.#truths = parts.truths;
    this.#booked = parts.booked;
    this.#settings = parts.settings;
    this.#hasFault = parts.hasFault;
    this.#bowlGrams = parts.bowlGrams;
    this.#isCatThere = parts.isCatThere;
  }

  see(event: Observed, now: Situation): void {
    if (this.#hasFault()) this.#lastFaultMs = now.nowMs;
    if (this.#isCatThere()) this.#lastCatMs = now.nowMs;
    if (event.kind === 'sent' && event.request.path === '/api/v1/stop')
      this.#lastStopMs = now.nowMs;
    if (event.kind === 'sent' && event.request.feed !== null) {
      this.#wishes.set(event.request.feed.requestId, event.request.feed);
    } else if (event.kind === 'order') this.#runsSince = now.nowMs;
    else if (event.kind === 'outcome') this.#end(now);
    else if (event.kind === 'death') this.#end(now);
    else if (event.kind === 'boot') this.#lastBootMs = now.nowMs;
    else if (event.kind === 'entry') this.#note(event.entry, now);
  }

  #end(now: Situation): void {
    if (this.#runsSince === null) return;
    this.#runsSince = null;
    this.#ranUntilMs = now.nowMs;
    this.#lastFoodMs = now.nowMs;
  }

  #note(entry: AuditEntry, now: Situation): void {
    if (entry.name === 'feeding.ended') this.#lastFoodMs = now.nowMs;
    else if (entry.name === 'feeding.refused') this.#refused(entry.body, now);
    else if (entry.name === 'feeding.claimed') {
      const { reservedMg, portionMg } = entry.body;
      this.#beyondGrams = (reservedMg - portionMg) / 1000;
    }
  }

  #refused(refused: Refused, now: Situation): void {
    // What a disk that refused lately let the feeder know of its own past is another matter.
    if (now.nowMs - now.diskHealthySinceMs < LATELY_MS) return;
    this.checked += 1;
    if (this.#grounds[refused.rule](refused, now)) return;
    this.#fail(
      'I8',
      `${refused.requestId} (${refused.cause}, ${refused.portionMg / 1000} g) is refused by ${refused.rule}, and there is no ground for it`,
    );
  }

  readonly #grounds: Readonly<Record<RefusalRule, Ground>> = {
    stopping: () => true,
    stopped: (_, now) => now.nowMs - this.#lastStopMs < SLACK_MS,
    recovering: (_, now) => now.nowMs - now.bootedAtMs < RECOVERED_MS,
    busy: (_, now) => this.#runsSince !== null || now.nowMs - this.#ranUntilMs < SLACK_MS,
    expired: (refused) => this.#wishes.get(refused.requestId)?.expiresAtMs !== undefined,
    clock_unproven: (refused) => this.#wishes.get(refused.requestId)?.expiresAtMs !== undefined,
    hardware_fault: (_, now) => this.#wasBroken(now),
    lid_open: () => false,
    power_failing: () => false,
    quiet_hours: (refused, now) => this.#isQuiet(refused, now),
    min_gap: (refused, now) => this.#isSoon(refused, now),
    bowl_full: (_, now) => this.#isFull(now),
    cap_feeding: ({ portionMg }) => this.#reserved(portionMg) > this.#settings().feedingGramsMax,
    cap_hour: ({ portionMg }, now) => this.#passes(this.#settings().hourGramsMax, portionMg, now),
    cap_day: ({ portionMg }, now) => this.#passes(this.#settings().dayGramsMax, portionMg, now),
    // No wish of these people is for a pet, and none of them decides by the plan.
    cap_pet_day: () => false,
    cap_plan: () => false,
    storage: () => false,
  };

  #wasBroken(now: Situation): boolean {
    const isLately = now.nowMs - this.#lastFaultMs < LATELY_MS;
    return isLately || !(now.nowMs - now.hardwareSoundSinceMs >= LATELY_MS);
  }

  /** A minute to either side of the hours, and any time by a clock that was wrong lately. */
  #isQuiet({ cause }: Refused, now: Situation): boolean {
    if (cause === 'person') return false;
    if (now.nowMs - now.clockRightSinceMs < SURE_CLOCK_MS) return true;
    const settings = this.#settings();
    return [-MINUTE_MS, 0, MINUTE_MS].some((ms) => isQuiet(settings, now.trueWallMs + ms));
  }

  /** Since the last food, or since a start that cannot know how long before it that was. */
  #isSoon({ cause }: Refused, now: Situation): boolean {
    const lastMotionMs = this.#truths.current?.lastMotionMs ?? Number.NEGATIVE_INFINITY;
    const fromMs = Math.max(this.#lastFoodMs, lastMotionMs, this.#lastBootMs);
    return now.nowMs - fromMs < gapMs(cause, this.#settings()) + SLACK_MS;
  }

  #isFull(now: Situation): boolean {
    const { bowlFullGrams } = this.#settings();
    if (bowlFullGrams === null) return false;
    const mayMislead = now.nowMs - this.#lastCatMs < MINUTE_MS || this.#wasBroken(now);
    return mayMislead || this.#bowlGrams() + BOWL_GRAMS > bowlFullGrams;
  }

  /** Whether all that was booked for 26 hours and this would pass a cap of fewer hours. */
  #passes(limitGrams: number, portionMg: number, now: Situation): boolean {
    const { isKnown, highGrams } = this.#booked.sum(now);
    return !isKnown || highGrams + this.#reserved(portionMg) > limitGrams;
  }

  #reserved(portionMg: number): number {
    const beyondGrams = Math.max(RESERVE_GRAMS, RESERVE_GROWTH * this.#beyondGrams);
    return (portionMg / 1000) * RESERVE_SHARE + beyondGrams;
  }
}
