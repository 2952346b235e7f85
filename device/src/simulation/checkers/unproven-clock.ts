import { MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { FeedingTruths } from './feeding-truths.ts';

/** The schedule is held this long; then portions come by elapsed time. */
const HOLD_MS: Milliseconds = 30 * MINUTE_MS;

/**
 * Invariant 9: while nothing proves the time, nothing is fed on schedule, and by elapsed time only
 * after half an hour of being up.
 */
export class UnprovenClock implements Checker {
  readonly watchesMotor = true;
  readonly #fail: Fail;
  readonly #truths: FeedingTruths;
  readonly #isUnproven: () => boolean;
  readonly #seen = new Set<string>();

  constructor(parts: { fail: Fail; truths: FeedingTruths; isUnproven: () => boolean }) {
    this.#fail = parts.fail;
    this.#truths = parts.truths;
    this.#isUnproven = parts.isUnproven;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind !== 'slice' || event.feedingId === null || this.#seen.has(event.feedingId)) {
      return;
    }
    this.#seen.add(event.feedingId);
    const claim = this.#truths.claimOf(event.feedingId);
    if (claim === undefined) return;
    const isUnproven = this.#isUnproven();
    if (isUnproven && (claim.cause === 'schedule' || claim.cause === 'starvation')) {
      this.#fail(
        'I9',
        `${claim.requestId} (${claim.cause}) is served by a clock without any proof`,
      );
    }
    if (claim.cause === 'elapsed_time' && now.nowMs - now.bootedAtMs < HOLD_MS) {
      this.#fail('I9', `${claim.requestId} by elapsed time within half an hour of the start`);
    }
  }
}
