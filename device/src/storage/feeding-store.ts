import {
  FeederError,
  type Feeding,
  fromMilligrams,
  type Kibble,
  type KibbleModel,
  type Milliseconds,
} from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import type {
  BookedDose,
  ClaimRecord,
  FeedingJournal,
  FeedingPage,
  FinishRecord,
  OpenFeeding,
  ProgressRecord,
  RefusalRecord,
} from '../feeding/feeding-journal.ts';
import type { StationTime } from '../platform/clock.ts';
import type { Collection, Single } from '../platform/collection.ts';
import { CheckedTable } from './checked-table.ts';
import { ClaimNotes } from './claim-notes.ts';
import { DoseMemory } from './dose-memory.ts';
import type { EmergencyJournal } from './emergency-journal.ts';
import type { EventLog } from './event-log.ts';
import { type FeedingQuery, listFeedings } from './feeding-list.ts';
import {
  claimRow,
  claimStamp,
  finishedRow,
  occurrenceRow,
  progressRow,
  refusalRow,
  toFeeding,
  toOccurrence,
  toProgress,
  witnessedAgeMs,
} from './feeding-rows.ts';
import type { FoodMemory } from './food-memory.ts';
import type { OccurrenceStore } from './occurrence-store.ts';
import {
  type FeedingRow,
  type ProgressRow,
  progressTable,
  type TraceRow,
  traceTable,
} from './schema.ts';
import { isDiskFull } from './sqlite-errors.ts';
import type { Transactor } from './transactor.ts';

/** What is learned of the food while the owner has named no kibble. */
export interface UnnamedKibble {
  readonly rev: number;
  readonly model: KibbleModel | null;
}

export interface FeedingStoreOptions {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly log: EventLog;
  readonly occurrences: OccurrenceStore;
  readonly food: FoodMemory;
  readonly feedings: CheckedTable<FeedingRow>;
  readonly kibbles: Collection<Kibble>;
  readonly unnamedKibble: Single<UnnamedKibble>;
  /** Takes claims while the database has no room; null when there is none. */
  readonly emergency: EmergencyJournal | null;
  /** Doses that a lost part of the ledger may have served. */
  readonly lostDoses: () => readonly BookedDose[];
  readonly assumeDose: (dose: BookedDose) => void;
}

/** Said of a feeding between the start after a crash and its closing. */
const INTERRUPTED =
  'The feeder was interrupted in the middle. It weighs the bowl to find out what was served.';

/** Writes feedings: the claim before the motor turns, the outcome after, each one transaction. */
export class FeedingStore implements FeedingJournal {
  readonly #options: FeedingStoreOptions;
  readonly #feedings: CheckedTable<FeedingRow>;
  readonly #progress: CheckedTable<ProgressRow>;
  readonly #traces: CheckedTable<TraceRow>;
  readonly #doses: DoseMemory;
  readonly #notes: ClaimNotes;
  /** Open feedings of this start; any other open one was cut off. */
  readonly #claimedHere = new Set<string>();
  #lastN: number | null = null;

  constructor(options: FeedingStoreOptions) {
    this.#options = options;
    this.#feedings = options.feedings;
    this.#progress = new CheckedTable(options.db, progressTable);
    this.#traces = new CheckedTable(options.db, traceTable);
    this.#notes = new ClaimNotes({ ...options, lastNumber: () => this.lastNumber() });
    this.#doses = new DoseMemory(options.feedings, {
      lost: options.lostDoses,
      held: () => this.#notes.heldRows(),
    });
  }

  /** Claims and ends that the second copy did not take since the start. */
  get notesLost(): number {
    return this.#notes.failures;
  }

  /** Claims that wait in the emergency journal. */
  get heldCount(): number {
    return this.#notes.held().length;
  }

  /** Lived time that the newest feedings are witnesses of; 0 before the first. */
  lastAgeMs(): Milliseconds {
    const newest = this.#feedings.first('ORDER BY n DESC LIMIT 1');
    const rows = [...(newest === undefined ? [] : [newest]), ...this.#notes.heldRows()];
    return Math.max(0, ...rows.map(witnessedAgeMs));
  }

  /** The number of the newest feeding; orders feedings and occurrences without any clock. */
  lastNumber(): number {
    this.#lastN ??= this.#feedings.first('ORDER BY n DESC LIMIT 1')?.n ?? 0;
    return this.#lastN;
  }

  find(feedingId: string): Feeding | undefined {
    const row = this.#row(feedingId);
    return row === undefined ? undefined : this.#toFeeding(row);
  }

  findByRequestId(requestId: string): Feeding | undefined {
    const row =
      this.#claimed(requestId) ??
      this.#feedings.first(
        "WHERE request_id = CAST(? AS TEXT) AND state = 'refused' ORDER BY n DESC LIMIT 1",
        requestId,
      );
    return row === undefined ? undefined : this.#toFeeding(row);
  }

  trace(feedingId: string): readonly (readonly [Milliseconds, number])[] {
    const points = this.#traces.get(feedingId)?.points;
    return points === undefined ? [] : (JSON.parse(points) as [Milliseconds, number][]);
  }

  list(query: FeedingQuery): FeedingPage {
    const held = this.#notes.heldRows();
    const { rows, ...page } = listFeedings(this.#options.db, this.#feedings, held, query);
    return { ...page, items: rows.map((row) => this.#toFeeding(row)) };
  }

  assume(dose: BookedDose): void {
    this.#options.assumeDose(dose);
  }

  doses(now: StationTime): readonly BookedDose[] {
    return this.#doses.within(now);
  }

  claim(record: ClaimRecord): void {
    this.#refuseRepeated(record);
    this.#doses.refuseTooMany(record.time);
    try {
      this.#write('feeding.claim', () => this.#insertClaim(record));
    } catch (error) {
      if (!isDiskFull(error) || !this.#notes.hold(record)) throw error;
    }
    this.#claimedHere.add(record.feedingId);
  }

  progress(record: ProgressRecord): void {
    this.#write('feeding.progress', () => this.#progress.put(progressRow(record)));
  }

  finish(record: FinishRecord): void {
    this.#write('feeding.finish', () => {
      const row = this.#feedings.first('WHERE feeding_id = ?', record.feedingId);
      if (row === undefined) throw new FeederError('ERR_NOT_FOUND');
      if (row.state !== 'running') {
        throw new FeederError('ERR_CONFLICT', { message: 'This feeding has ended already.' });
      }
      const done = finishedRow(row, record);
      this.#feedings.update(done);
      this.#progress.remove(record.feedingId);
      if (record.trace.length > 0) {
        const points = JSON.stringify(record.trace);
        this.#traces.put({ feeding_id: record.feedingId, points });
      }
      this.#closeOccurrence(done, record);
      this.#appendEnd(done, record);
      this.#learn(record);
      this.#afterCommit(done);
      const dose = this.#toFeeding(done).dose ?? record.dose;
      this.#options.transactor.afterCommit(() => this.#notes.ended(record.feedingId, dose));
    });
    this.#claimedHere.delete(record.feedingId);
  }

  refuse(record: RefusalRecord): void {
    this.#write('feeding.refuse', () => {
      const row = refusalRow(record, this.#nextNumber());
      this.#feedings.insert(row);
      this.#options.log.append('feeding.refused', {
        feedingId: row.feeding_id,
        requestId: row.request_id,
        cause: record.cause,
        portionMg: row.portion_mg,
        rule: record.rule,
        numbers: record.numbers,
        why: row.why,
      });
    });
  }

  open(): readonly OpenFeeding[] {
    const rows = this.#feedings.all("WHERE state = 'running' ORDER BY n");
    return [...rows, ...this.#notes.heldRows()].map((row) => {
      const occurrence =
        row.occurrence_key === null ? undefined : this.#options.occurrences.get(row.occurrence_key);
      return {
        feeding: this.#toFeeding(row),
        reservedGrams: fromMilligrams(row.reserved_mg),
        lastProgress: toProgress(row.feeding_id, this.#progress.get(row.feeding_id)),
        occurrence: occurrence === undefined ? null : toOccurrence(occurrence),
        claimedAt: claimStamp(row),
      };
    });
  }

  /** Brings claims from the emergency journal into the database; false while it has no room. */
  importHeld(): boolean {
    if (this.heldCount === 0) return true;
    try {
      this.#write('feeding.import', () => {});
      return true;
    } catch (error) {
      if (error instanceof FeederError && error.code === 'ERR_STORAGE') return false;
      throw error;
    }
  }

  /** Every write brings in the claims that wait, in the same transaction. */
  #write(name: string, work: () => void): void {
    const { transactor } = this.#options;
    transactor.write(name, () => {
      const waiting = this.#notes.held();
      for (const claim of waiting) this.#insertClaim(claim);
      work();
      if (waiting.length > 0) transactor.afterCommit(() => this.#notes.release(waiting));
    });
  }

  #insertClaim(record: ClaimRecord): void {
    const { occurrences, log } = this.#options;
    const after = this.#notes.lastClaimId();
    const row = claimRow(record, this.#nextNumber());
    this.#feedings.insert(row);
    if (record.occurrence !== null) {
      occurrences.insert(
        occurrenceRow(record.occurrence, {
          state: 'feeding',
          feeding_id: record.feedingId,
          after_n: row.n,
        }),
      );
    }
    log.append('feeding.claimed', {
      feedingId: row.feeding_id,
      requestId: row.request_id,
      cause: record.cause,
      occurrenceKey: row.occurrence_key,
      petId: row.pet_id,
      kibbleId: row.kibble_id,
      portionMg: row.portion_mg,
      reservedMg: row.reserved_mg,
    });
    this.#afterCommit(row);
    this.#options.transactor.afterCommit(() => this.#notes.claimed(row.n, record, after));
  }

  #refuseRepeated({ requestId, occurrence }: ClaimRecord): void {
    if (this.#claimed(requestId) !== undefined) {
      throw new FeederError('ERR_CONFLICT', { message: `${requestId} was claimed before.` });
    }
    if (occurrence !== null && this.#options.occurrences.get(occurrence.key) !== undefined) {
      throw new FeederError('ERR_CONFLICT', { message: `${occurrence.key} was claimed before.` });
    }
  }

  #closeOccurrence(row: FeedingRow, record: FinishRecord): void {
    const { occurrences, food, transactor } = this.#options;
    if (row.occurrence_key === null) return;
    const occurrence = occurrences.get(row.occurrence_key);
    if (occurrence === undefined || record.verdict === null) {
      throw new FeederError('ERR_INTERNAL', {
        message: `The feeding of ${row.occurrence_key} ended without a verdict.`,
      });
    }
    const closed = occurrences.close(
      { ...occurrence, served_mg: row.likely_mg },
      { ...record.verdict, why: record.why },
      record.time.wallMs,
    );
    transactor.afterCommit(() => food.onClosed(closed));
  }

  #appendEnd(row: FeedingRow, record: FinishRecord): void {
    this.#options.log.append('feeding.ended', {
      feedingId: row.feeding_id,
      result: record.result,
      fault: record.fault,
      lowMg: row.low_mg ?? 0,
      likelyMg: row.likely_mg ?? 0,
      highMg: row.high_mg ?? 0,
      method: record.dose.method,
      bowlBeforeMg: row.bowl_before_mg,
      bowlAfterMg: row.bowl_after_mg,
      milliTurns: row.milli_turns,
      attempts: row.attempts,
      motorMs: row.motor_ms,
      why: row.why,
    });
  }

  #learn({ learned }: FinishRecord): void {
    if (learned === null) return;
    const { kibbles, unnamedKibble } = this.#options;
    const { kibbleId, model } = learned;
    if (kibbleId === null) unnamedKibble.change({ model });
    // A kibble that was removed during the feeding needs no model.
    else if (kibbles.get(kibbleId) !== undefined) kibbles.change(kibbleId, { model });
  }

  #afterCommit(row: FeedingRow): void {
    this.#options.transactor.afterCommit(() => {
      this.#doses.onFeeding(row);
      this.#options.food.onFeeding(row);
    });
  }

  #nextNumber(): number {
    const n = this.lastNumber() + 1;
    this.#lastN = n;
    this.#options.transactor.afterRollback(() => {
      this.#lastN = null;
    });
    return n;
  }

  #row(feedingId: string): FeedingRow | undefined {
    return (
      this.#feedings.first('WHERE feeding_id = ?', feedingId) ??
      this.#notes.heldRows().find((row) => row.feeding_id === feedingId)
    );
  }

  /**
   * A bare parameter beside a partial index would make SQLite plan the question anew for each value
   * that is bound, at twenty times the cost of the answer: hence the casts.
   */
  #claimed(requestId: string): FeedingRow | undefined {
    return (
      this.#feedings.first(
        "WHERE request_id = CAST(? AS TEXT) AND state <> 'refused'",
        requestId,
      ) ?? this.#notes.heldRows().find((row) => row.request_id === requestId)
    );
  }

  #toFeeding(row: FeedingRow): Feeding {
    if (row.state !== 'running') return toFeeding(row, undefined);
    const feeding = toFeeding(row, this.#progress.get(row.feeding_id));
    return this.#claimedHere.has(feeding.id) ? feeding : { ...feeding, why: INTERRUPTED };
  }
}
