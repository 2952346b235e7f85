import { type Dose, FeederError } from '@cat-feeder/shared';
import type { ClaimRecord } from '../feeding/feeding-journal.ts';
import type { CheckedTable } from './checked-table.ts';
import type { EmergencyJournal } from './emergency-journal.ts';
import { claimRow, occurrenceRow } from './feeding-rows.ts';
import type { OccurrenceStore } from './occurrence-store.ts';
import type { FeedingRow } from './schema.ts';

export interface ClaimNotesOptions {
  /** Null: there is no second place, and nothing is ever held. */
  readonly emergency: EmergencyJournal | null;
  readonly feedings: CheckedTable<FeedingRow>;
  readonly occurrences: OccurrenceStore;
  readonly lastNumber: () => number;
}

/**
 * The claims' second place. Claims that the database had no room for are *held*: shown like rows
 * until a transaction brings them in. All others are *noted* after their commit.
 */
export class ClaimNotes {
  readonly #options: ClaimNotesOptions;
  readonly #held = new Map<string, ClaimRecord>();
  /** The id of the newest claim; undefined until it is asked for. */
  #lastClaim: string | null | undefined;
  #failures = 0;

  constructor(options: ClaimNotesOptions) {
    this.#options = options;
    const noted = options.emergency?.noted() ?? [];
    for (const { n, claim } of noted) if (n === 0) this.#restore(claim);
  }

  /** Notes that the second place did not take since the start; the database has them. */
  get failures(): number {
    return this.#failures;
  }

  held(): readonly ClaimRecord[] {
    return [...this.#held.values()];
  }

  /** The held claims as the rows that they will become, oldest first. */
  heldRows(): FeedingRow[] {
    if (this.#held.size === 0) return [];
    const next = this.#options.lastNumber() + 1;
    return [...this.#held.values()].map((claim, i) => claimRow(claim, next + i));
  }

  /** Takes a claim that the database has no room for; false without a second place. Throws `ERR_STORAGE`. */
  hold(claim: ClaimRecord): boolean {
    const { emergency } = this.#options;
    if (emergency === null) return false;
    emergency.note({ n: 0, claim, after: this.lastClaimId(), dose: null });
    this.#show(claim);
    return true;
  }

  /** After the commit that brought held claims in. */
  release(claims: readonly ClaimRecord[]): void {
    for (const { feedingId, occurrence } of claims) {
      this.#held.delete(feedingId);
      if (occurrence !== null) this.#options.occurrences.hold(occurrence.key, null);
    }
  }

  /** After the commit of a claim; `after` is the claim before it. */
  claimed(n: number, claim: ClaimRecord, after: string | null): void {
    this.#lastClaim = claim.feedingId;
    this.#note((emergency) => emergency.note({ n, claim, after, dose: null }));
  }

  /** After the commit of an end. */
  ended(feedingId: string, dose: Dose): void {
    this.#note((emergency) => emergency.end(feedingId, dose));
  }

  /** The newest claim before the present transaction; to be asked before its row is inserted. */
  lastClaimId(): string | null {
    if (this.#lastClaim === undefined) {
      const rest = "WHERE state <> 'refused' ORDER BY n DESC LIMIT 1";
      this.#lastClaim = this.#options.feedings.first(rest)?.feeding_id ?? null;
    }
    return this.#lastClaim;
  }

  #restore(claim: ClaimRecord): void {
    const stored = this.#options.feedings.first('WHERE feeding_id = ?', claim.feedingId);
    if (stored === undefined) {
      this.#show(claim);
      return;
    }
    // The power failed between the commit and the note: the database has it.
    this.#note((emergency) => emergency.note({ n: stored.n, claim, after: null, dose: null }));
  }

  #show(claim: ClaimRecord): void {
    this.#held.set(claim.feedingId, claim);
    this.#lastClaim = claim.feedingId;
    if (claim.occurrence === null) return;
    const row = occurrenceRow(claim.occurrence, {
      state: 'feeding',
      feeding_id: claim.feedingId,
      after_n: this.#options.lastNumber() + this.#held.size,
    });
    this.#options.occurrences.hold(claim.occurrence.key, row);
  }

  /** The second copy is written after the first; when it refuses, the first one still holds. */
  #note(write: (emergency: EmergencyJournal) => void): void {
    const { emergency } = this.#options;
    if (emergency === null) return;
    try {
      write(emergency);
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      this.#failures += 1;
    }
  }
}
