import type { Occurrence, Verdict } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { CheckedTable } from './checked-table.ts';
import type { EventLog } from './event-log.ts';
import { clipWhy, toOccurrence } from './feeding-rows.ts';
import { type OccurrenceRow, occurrenceTable } from './schema.ts';
import type { Transactor } from './transactor.ts';

/** Ranges of dates whose rows are kept in memory; the scheduler asks for the same few again and again. */
const RANGES_MAX = 4;

/** A verdict for the ledger. */
export interface OccurrenceVerdict {
  readonly verdict: Verdict;
  readonly rule: string;
  readonly numbers: Record<string, number | null>;
  readonly why: string;
}

export interface OccurrenceStoreOptions {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly log: EventLog;
}

/** Occurrences that have a row: being fed, or closed with their verdict. */
export class OccurrenceStore {
  readonly table: CheckedTable<OccurrenceRow>;
  readonly #options: OccurrenceStoreOptions;
  readonly #ranges = new Map<string, ReadonlyMap<string, Occurrence>>();
  /** Rows of claims that only the emergency journal holds. */
  readonly #held = new Map<string, OccurrenceRow>();

  constructor(options: OccurrenceStoreOptions) {
    this.#options = options;
    this.table = new CheckedTable(options.db, occurrenceTable);
  }

  get(key: string): OccurrenceRow | undefined {
    return this.#held.get(key) ?? this.table.get(key);
  }

  /** Rows on local dates from..to, both included, by key. The map is not to be changed. */
  between(fromDate: string, toDate: string): ReadonlyMap<string, Occurrence> {
    const name = `${fromDate}/${toDate}`;
    const known = this.#ranges.get(name);
    if (known !== undefined) return known;
    const found = new Map<string, Occurrence>();
    const rows = this.table.all(
      'WHERE local_date BETWEEN ? AND ? ORDER BY local_date, due_ms, key',
      fromDate,
      toDate,
    );
    const held = [...this.#held.values()].filter(
      (row) => row.local_date >= fromDate && row.local_date <= toDate,
    );
    for (const row of [...rows, ...held]) found.set(row.key, toOccurrence(row));
    if (this.#ranges.size >= RANGES_MAX) this.#ranges.clear();
    this.#ranges.set(name, found);
    return found;
  }

  /** Writes the row in the running transaction. */
  put(row: OccurrenceRow): void {
    this.table.put(row);
    this.#changed();
  }

  /** Inserts the row in the running transaction; the key must be new. */
  insert(row: OccurrenceRow): void {
    this.table.insert(row);
    this.#changed();
  }

  remove(key: string): void {
    this.table.remove(key);
    this.#changed();
  }

  /** Closes the row with its verdict and writes the ledger entry, in the running transaction. */
  close(row: OccurrenceRow, verdict: OccurrenceVerdict, decidedMs: number): OccurrenceRow {
    const closed: OccurrenceRow = {
      ...row,
      state: 'closed',
      verdict: verdict.verdict,
      rule: clipWhy(verdict.rule),
      decided_ms: Math.round(decidedMs),
      numbers: JSON.stringify(verdict.numbers),
      why: clipWhy(verdict.why),
    };
    this.put(closed);
    this.#options.log.append('occurrence.closed', {
      key: closed.key,
      verdict: verdict.verdict,
      rule: clipWhy(verdict.rule),
      dueMs: closed.due_ms,
      portionMg: closed.portion_mg,
      servedMg: closed.served_mg,
      feedingId: closed.feeding_id,
      numbers: verdict.numbers,
      why: closed.why,
    });
    return closed;
  }

  /** Shows a row that is not in the database yet; without a row, no longer. */
  hold(key: string, row: OccurrenceRow | null): void {
    if (row === null) this.#held.delete(key);
    else this.#held.set(key, row);
    this.#ranges.clear();
  }

  /** Both at once and after the transaction: a reader in between must not fill the memory anew. */
  #changed(): void {
    this.#ranges.clear();
    this.#options.transactor.afterCommit(() => this.#ranges.clear());
    this.#options.transactor.afterRollback(() => this.#ranges.clear());
  }
}
