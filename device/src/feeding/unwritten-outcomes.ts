import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { stampOf } from './elapsed.ts';
import type { BookedDose, ClaimRecord, FeedingJournal, FinishRecord } from './feeding-journal.ts';

/** Outcomes kept for a disk that refuses writes. Feedings from memory are rare; this is months. */
const UNWRITTEN_MAX = 64;
const RETRY_FIRST_MS: Milliseconds = 1000;
const RETRY_MOST_MS: Milliseconds = 60_000;

type Unwritten =
  | {
      readonly kind: 'outcome';
      readonly record: FinishRecord;
      /** Set when even the claim stands in memory only. */
      readonly claim: ClaimRecord | null;
    }
  | { readonly kind: 'assumed'; readonly dose: BookedDose };

/**
 * Outcomes that the disk has not taken yet, in order. Until one is written, the claim's
 * reservation goes on counting, so a lost outcome can only make the caps stricter.
 */
export class UnwrittenOutcomes {
  readonly #journal: FeedingJournal;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #queue: Unwritten[] = [];
  #retry: Cancel | null = null;
  #delayMs = RETRY_FIRST_MS;

  constructor(parts: { journal: FeedingJournal; clock: Clock; logger: Logger }) {
    this.#journal = parts.journal;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  get count(): number {
    return this.#queue.length;
  }

  /** True when the outcome is on disk; false when it waits here. */
  write(record: FinishRecord, claim: ClaimRecord | null = null): boolean {
    return this.#add({ kind: 'outcome', record, claim });
  }

  /** Books food that may have fallen as soon as the disk takes it; true when it has. */
  assume(dose: BookedDose): boolean {
    return this.#add({ kind: 'assumed', dose });
  }

  /** The doses of the journal, each at the end of its feeding, which may wait here. */
  dated(doses: readonly BookedDose[]): readonly BookedDose[] {
    const ends = new Map(
      this.#queue.flatMap((waiting) =>
        waiting.kind === 'outcome'
          ? [[waiting.record.feedingId, stampOf(waiting.record.time)] as const]
          : [],
      ),
    );
    if (ends.size === 0) return doses;
    return doses.map((dose) => ({ ...dose, at: ends.get(dose.feedingId) ?? dose.at }));
  }

  /** Writes what waits, oldest first; true when nothing is left. */
  flush(): boolean {
    try {
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        this.#writeOne(next);
        this.#queue.shift();
      }
      this.#delayMs = RETRY_FIRST_MS;
      return true;
    } catch (error) {
      if (!(error instanceof FeederError) || error.code !== 'ERR_STORAGE') throw error;
      this.#logger.error({ waiting: this.#queue.length }, 'An outcome waits for the disk.');
      this.#retryLater();
      return false;
    }
  }

  close(): void {
    this.#retry?.();
    this.#retry = null;
  }

  #add(unwritten: Unwritten): boolean {
    if (this.#queue.length >= UNWRITTEN_MAX) {
      throw new FeederError('ERR_STORAGE', { message: 'Too many outcomes wait for the disk.' });
    }
    this.#queue.push(unwritten);
    return this.flush();
  }

  #writeOne(next: Unwritten): void {
    if (next.kind === 'assumed') {
      this.#journal.assume(next.dose);
      return;
    }
    const { claim, record } = next;
    if (claim !== null && this.#journal.find(claim.feedingId) === undefined) {
      this.#journal.claim(claim);
    }
    this.#journal.finish(record);
  }

  #retryLater(): void {
    if (this.#retry !== null) return;
    this.#retry = this.#clock.after('write outcomes', this.#delayMs, () => {
      this.#retry = null;
      this.#delayMs = Math.min(this.#delayMs * 2, RETRY_MOST_MS);
      this.flush();
    });
  }
}
