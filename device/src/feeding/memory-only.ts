import {
  FeederError,
  type Feeding,
  type Grams,
  MINUTE_MS,
  type Milliseconds,
} from '@cat-feeder/shared';
import type { PowerStamp, StationTime } from '../platform/clock.ts';
import { claimedFeeding } from './claimed-feeding.ts';
import { stampOf } from './elapsed.ts';
import { MEMORY_ONLY_GAP_MS } from './fault-effects.ts';
import type { BookedDose, ClaimRecord } from './feeding-journal.ts';

/** Feedings from memory that are remembered for the caps. */
const MEMORY_DOSES_MAX = 8;

/** A disk that refuses for less than this is only slow or full for a moment: the meal waits. */
const REFUSES_FOR_MS: Milliseconds = 30 * MINUTE_MS;

/**
 * Whether a start between two instants can have served a portion from memory: not within the six
 * hours that each waits. Only within one power-up of the machine can anybody tell. Pure.
 */
export function mayHaveServed(from: PowerStamp | null, to: PowerStamp | null): boolean {
  if (from === null || to === null || from.powerUp !== to.powerUp) return true;
  const passedMs = to.monoMs - from.monoMs;
  return passedMs < 0 || passedMs >= MEMORY_ONLY_GAP_MS;
}

/**
 * When neither the database nor the emergency journal takes a claim, the cat must still eat. Then
 * a portion that the feeder owes may be served without a durable claim, under four bounds: only
 * after the disk has taken nothing for half an hour, only for the starvation clock (never as an
 * occurrence, so that no occurrence can be served twice), at most one in six hours, and none in
 * the first six hours after a boot, since an earlier boot may have served one that nobody could
 * write down.
 */
export class MemoryOnly {
  #lastAgeMs: Milliseconds;
  #refusesSinceAgeMs: Milliseconds | null = null;
  #claims: ClaimRecord[] = [];
  #assumed: BookedDose | null = null;
  readonly #boot: StationTime;
  readonly #writesTaken: () => number;
  #writesWhenRefused = 0;

  /** `writesTaken` counts what the disk has taken since the start, of whatever kind. */
  constructor(boot: StationTime, writesTaken: () => number = () => 0) {
    this.#boot = boot;
    this.#writesTaken = writesTaken;
    this.#lastAgeMs = boot.ageMs;
  }

  /** Lived time at which this program started. */
  get startedAtAgeMs(): Milliseconds {
    return this.#boot.ageMs;
  }

  /** The monotonic clock at that instant. */
  get startedAtMonoMs(): Milliseconds {
    return this.#boot.monoMs;
  }

  /**
   * The disk refused to note this start: it may have refused before, too, and the start before may
   * have served a portion from memory that nobody could write down. It counts as served at this
   * start, at most the portion given.
   */
  assumeOneBefore(mostGrams: Grams): BookedDose {
    const at = stampOf(this.#boot);
    this.#assumed = {
      feedingId: `assumed:${at.bootId}`,
      cause: 'starvation',
      petId: null,
      portionGrams: mostGrams,
      lowGrams: 0,
      highGrams: mostGrams,
      rationGrams: 0,
      at,
      isAssumed: true,
    };
    return this.#assumed;
  }

  /** A claim was refused by the disk. One that took anything since the last refusal begins anew. */
  diskRefused(ageMs: Milliseconds): void {
    if (this.#hasTaken()) this.#refusesSinceAgeMs = null;
    this.#writesWhenRefused = this.#writesTaken();
    this.#refusesSinceAgeMs ??= ageMs;
  }

  /** A claim was taken by the disk. */
  diskWorks(): void {
    this.#refusesSinceAgeMs = null;
  }

  /** Whether a portion may be served from memory now. */
  isDue(ageMs: Milliseconds): boolean {
    if (this.#refusesSinceAgeMs === null || this.#hasTaken()) return false;
    if (ageMs - this.#refusesSinceAgeMs < REFUSES_FOR_MS) return false;
    return ageMs - this.#lastAgeMs >= MEMORY_ONLY_GAP_MS;
  }

  #hasTaken(): boolean {
    return this.#writesTaken() !== this.#writesWhenRefused;
  }

  /** Whether this claim may go ahead from memory; if so it is kept. */
  admit(record: ClaimRecord): boolean {
    if (record.cause !== 'starvation' || !this.isDue(record.time.ageMs)) return false;
    this.#lastAgeMs = record.time.ageMs;
    this.#claims = [...this.#claims.slice(1 - MEMORY_DOSES_MAX), record];
    return true;
  }

  /** The claim behind a feeding from memory, to be written when the disk is back. */
  claimOf(feedingId: string): ClaimRecord | null {
    return this.#claims.find((claim) => claim.feedingId === feedingId) ?? null;
  }

  /** What the journal has by now no longer counts here; what was assumed is there, too. */
  forgetWritten(isWritten: (feedingId: string) => boolean): void {
    this.#assumed = null;
    if (this.#claims.length === 0) return;
    this.#claims = this.#claims.filter((claim) => !isWritten(claim.feedingId));
  }

  doses(): readonly BookedDose[] {
    const claimed = this.#claims.map((claim) => ({
      feedingId: claim.feedingId,
      cause: claim.cause,
      petId: claim.petId,
      portionGrams: claim.portionGrams,
      lowGrams: 0,
      highGrams: claim.reservedGrams,
      rationGrams: claim.reservedGrams,
      at: stampOf(claim.time),
    }));
    return this.#assumed === null ? claimed : [this.#assumed, ...claimed];
  }

  /** The feeding as shown while it runs. */
  feeding(feedingId: string): Feeding {
    const claim = this.claimOf(feedingId);
    if (claim === null) throw new FeederError('ERR_NOT_FOUND');
    return claimedFeeding(claim);
  }
}
