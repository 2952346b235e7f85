import type { Milliseconds } from '@cat-feeder/shared';
import type { LedgerReader } from '../ledger-reader.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { FeedingTruths } from './feeding-truths.ts';

/** Feedings from memory, while the disk refuses, keep this distance (docs/feeding.md). */
const MEMORY_GAP_MS: Milliseconds = 6 * 3_600_000;

interface ClaimIds {
  readonly requestId: string;
  readonly occurrenceKey: string | null;
}

/**
 * Invariants 1 and 5: a requestId and an occurrence move the motor in one run only, in all the
 * feeder's life; their claim is committed before the first motion; and nothing moves while an
 * earlier feeding is still open in the ledger.
 */
export class AtMostOnce implements Checker {
  readonly watchesMotor = true;
  readonly #fail: Fail;
  readonly #truths: FeedingTruths;
  readonly #reader: LedgerReader;
  readonly #isInTransaction: () => boolean;
  readonly #readOn: () => void;
  readonly #held: (feedingId: string) => ClaimIds | undefined;
  /** The feeding that moved the motor for a request or an occurrence. */
  readonly #movedBy = new Map<string, string>();
  /** Claimed in the ledger and not ended there. */
  readonly #open = new Set<string>();
  /** The program that runs now has seen their end, and only the disk keeps it from being written. */
  readonly #overHere = new Set<string>();
  readonly #moved = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #orders = new Set<string>();
  #lastMemoryMs: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(parts: {
    fail: Fail;
    truths: FeedingTruths;
    reader: LedgerReader;
    isInTransaction: () => boolean;
    /** Makes the run see what was committed up to this instant. */
    readOn: () => void;
    /** A claim that the emergency journal has durably. */
    held: (feedingId: string) => ClaimIds | undefined;
  }) {
    this.#fail = parts.fail;
    this.#truths = parts.truths;
    this.#reader = parts.reader;
    this.#isInTransaction = parts.isInTransaction;
    this.#readOn = parts.readOn;
    this.#held = parts.held;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'slice') this.#onSlice(event.feedingId, now);
    else if (event.kind === 'order') this.#onOrder(event.order.feedingId);
    else if (event.kind === 'outcome') this.#overHere.add(event.outcome.feedingId);
    else if (event.kind === 'death') this.#overHere.clear();
    else if (event.kind === 'entry') {
      const { entry } = event;
      if (entry.name === 'feeding.claimed') this.#open.add(entry.body.feedingId);
      if (entry.name === 'feeding.ended') {
        this.#open.delete(entry.body.feedingId);
        if (this.#ended.has(entry.body.feedingId)) {
          this.#fail('I6', `feeding ${entry.body.feedingId} ended twice in the ledger`);
        }
        this.#ended.add(entry.body.feedingId);
      }
    }
  }

  #onOrder(feedingId: string): void {
    if (this.#orders.has(feedingId)) this.#fail('I1', `feeding ${feedingId} is dispensed again`);
    this.#orders.add(feedingId);
  }

  #onSlice(feedingId: string | null, now: Situation): void {
    if (feedingId === null) {
      this.#fail('I1', 'the motor was commanded without an order');
      return;
    }
    if (this.#moved.has(feedingId)) return;
    this.#moved.add(feedingId);
    if (this.#isInTransaction()) {
      this.#fail('I1', `feeding ${feedingId} moves inside an open transaction`);
    }
    this.#readOn();
    const claim = this.#truths.claimOf(feedingId) ?? this.#held(feedingId);
    if (claim === undefined) this.#withoutClaim(feedingId, now);
    else {
      this.#once(`request ${claim.requestId}`, feedingId);
      if (claim.occurrenceKey !== null) this.#once(`occurrence ${claim.occurrenceKey}`, feedingId);
    }
    // What a disk that refuses keeps from being written is known to the program all the same.
    if (now.diskHealthySinceMs > now.bootedAtMs) return;
    for (const other of this.#open) {
      if (other !== feedingId && !this.#overHere.has(other)) {
        this.#fail(
          'I5',
          `feeding ${feedingId} moves while ${other} is open (seq ${this.#reader.lastSeq})`,
        );
      }
    }
  }

  #once(what: string, feedingId: string): void {
    const before = this.#movedBy.get(what);
    if (before !== undefined && before !== feedingId) {
      this.#fail('I1', `${what} moved the motor in feeding ${before} and again in ${feedingId}`);
    }
    this.#movedBy.set(what, feedingId);
  }

  /** Only while the disk refuses, and then rarely. */
  #withoutClaim(feedingId: string, now: Situation): void {
    if (now.isDiskHealthy) {
      this.#fail('I1', `feeding ${feedingId} moves without a durable claim`);
    } else if (
      now.nowMs - this.#lastMemoryMs < MEMORY_GAP_MS ||
      now.nowMs - now.bootedAtMs < MEMORY_GAP_MS - 1
    ) {
      this.#fail('I1', `feeding ${feedingId} is served from memory too soon`);
    }
    this.#lastMemoryMs = now.nowMs;
  }
}
