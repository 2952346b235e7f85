import type Database from 'better-sqlite3';
import { CheckedTable } from './checked-table.ts';
import { type StateRow, stateTable } from './schema.ts';
import type { Transactor } from './transactor.ts';

/** Small named values of the feeder itself. The closed list keeps two parts from using one name. */
export type StateKey =
  | 'boot'
  | 'clock'
  | 'closed_through'
  | 'faults'
  | 'alerts'
  | 'restore_fence'
  | 'unknown_dose'
  | 'assumed_doses'
  | 'expected_clips'
  | 'settled_conflicts'
  | 'sync_cursor'
  | 'sync_session'
  | 'sync_attempt'
  | 'touched_documents';

/** Reads and writes small JSON values; reads come from memory. */
export class StateStore {
  readonly #table: CheckedTable<StateRow>;
  readonly #transactor: Transactor;
  readonly #values = new Map<StateKey, string | null>();

  constructor(db: Database.Database, transactor: Transactor) {
    this.#table = new CheckedTable(db, stateTable);
    this.#transactor = transactor;
  }

  /** The value, or null. The caller promises that it wrote the same type. */
  read<T>(key: StateKey): T | null {
    const text = this.#textOf(key);
    return text === null ? null : (JSON.parse(text) as T);
  }

  /** Writes inside the running transaction, or in one of its own. Null takes the value away. */
  write(key: StateKey, value: unknown): void {
    const before = this.#textOf(key);
    const text = value === null ? null : JSON.stringify(value);
    this.#transactor.write(`state.${key}`, () => {
      if (text === null) this.#table.remove(key);
      else this.#table.put({ k: key, v: text });
      this.#values.set(key, text);
      this.#transactor.afterRollback(() => {
        this.#values.set(key, before);
      });
    });
  }

  #textOf(key: StateKey): string | null {
    let text = this.#values.get(key);
    if (text === undefined) {
      text = this.#table.get(key)?.v ?? null;
      this.#values.set(key, text);
    }
    return text;
  }
}
