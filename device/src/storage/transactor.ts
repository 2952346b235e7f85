import { FeederError } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { isDiskFull, storageError } from './sqlite-errors.ts';
import { statement } from './statements.ts';

/** Thrown by a simulator's hook: the power fails here. Passes through every layer unwrapped. */
export class PowerCut extends Error {
  constructor(message = 'the power failed') {
    super(message);
    this.name = 'PowerCut';
  }
}

/**
 * Where a simulator can hurt. `beforeWrite` may throw a `PowerCut` before anything is looked at or
 * changed: a dead program writes no more. `beforeCommit` may throw a `PowerCut`, or an error with a code such
 * as `SQLITE_FULL`, `SQLITE_READONLY` or `SQLITE_IOERR_WRITE`: nothing is changed. `afterCommit`
 * may throw a `PowerCut` only: the change is on disk, but its caller never hears of it.
 */
export interface WriteHooks {
  beforeWrite?(): void;
  beforeCommit?(name: string): void;
  afterCommit?(name: string): void;
}

export interface TransactorOptions {
  readonly db: Database.Database;
  readonly hooks?: WriteHooks;
  /** Makes room on a full disk; true when a second try makes sense. */
  readonly makeRoom?: () => boolean;
}

/** The work that goes with one transaction and is not in the database. */
interface Attached {
  readonly beforeCommit: (() => void)[];
  readonly afterCommit: (() => void)[];
  readonly listeners: (() => void)[];
  readonly afterRollback: (() => void)[];
}

/**
 * The only way to write. `write` runs one immediate transaction: when it returns, everything is on
 * disk; when it throws, nothing was changed and memory agrees with the disk.
 *
 * 1. A write inside a write belongs to the outer one; if it throws, the outer one can not commit.
 * 2. Memory is changed by `afterCommit`, or at once and undone by `afterRollback`: a failed
 *    transaction leaves no trace in it.
 * 3. After a power cut every further write fails with the same cut: the program is dead.
 */
export class Transactor {
  readonly #db: Database.Database;
  readonly #hooks: WriteHooks;
  readonly #makeRoom: () => boolean;
  #attached: Attached | null = null;
  #broken: unknown = null;
  #cut: PowerCut | null = null;
  #commits = 0;
  #refusal: string | null = null;

  constructor(options: TransactorOptions) {
    this.#db = options.db;
    this.#hooks = options.hooks ?? {};
    this.#makeRoom = options.makeRoom ?? (() => false);
  }

  /** Why the disk refused the newest write; null when it took it. */
  get refusal(): string | null {
    return this.#refusal;
  }

  get isInside(): boolean {
    return this.#attached !== null;
  }

  /**
   * Runs `work` in one transaction. The name is for hooks, tests and messages. Throws
   * `ERR_STORAGE` when the disk refuses, `ERR_CONFLICT` when a row exists that must not.
   */
  write<T>(name: string, work: () => T): T {
    if (this.#cut !== null) throw this.#cut;
    if (this.#attached !== null) return this.#join(work);
    this.#hooks.beforeWrite?.();
    try {
      return this.#run(name, work);
    } catch (error) {
      if (error instanceof PowerCut) throw error;
      if (!isDiskFull(error) || !this.#makeRoom()) throw this.#refused(error, name);
    }
    try {
      return this.#run(name, work);
    } catch (error) {
      throw this.#refused(error, name);
    }
  }

  /** Runs once before the commit, inside the transaction. */
  beforeCommit(work: () => void): void {
    this.#inside().beforeCommit.push(work);
  }

  /** Transactions that the disk has taken since this was made. */
  get commits(): number {
    return this.#commits;
  }

  /** Runs after the commit: the place to change memory. Must not throw. */
  afterCommit(work: () => void): void {
    this.#inside().afterCommit.push(work);
  }

  /** Runs after all of `afterCommit`: the place to tell others, who then see everything changed. */
  tell(work: () => void): void {
    this.#inside().listeners.push(work);
  }

  /** Runs when the transaction was rolled back, the last one first. Must not throw. */
  afterRollback(work: () => void): void {
    this.#inside().afterRollback.push(work);
  }

  /** What the caller is told; remembers that it was the disk. */
  #refused(error: unknown, name: string): unknown {
    const told = storageError(error, name);
    if (told instanceof FeederError && told.code === 'ERR_STORAGE') this.#refusal = told.message;
    return told;
  }

  #inside(): Attached {
    if (this.#attached === null) {
      throw new FeederError('ERR_INTERNAL', { message: 'A write outside of a transaction.' });
    }
    return this.#attached;
  }

  #join<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      this.#broken ??= error;
      throw error;
    }
  }

  #run<T>(name: string, work: () => T): T {
    const attached: Attached = {
      beforeCommit: [],
      afterCommit: [],
      listeners: [],
      afterRollback: [],
    };
    let result: T;
    statement(this.#db, 'BEGIN IMMEDIATE').run();
    this.#attached = attached;
    this.#broken = null;
    try {
      result = work();
      for (const last of attached.beforeCommit) last();
      if (this.#broken !== null) throw this.#broken;
      this.#hooks.beforeCommit?.(name);
      statement(this.#db, 'COMMIT').run();
    } catch (error) {
      if (error instanceof PowerCut) this.#cut = error;
      if (this.#db.inTransaction) statement(this.#db, 'ROLLBACK').run();
      for (const undo of attached.afterRollback.reverse()) undo();
      throw error;
    } finally {
      this.#attached = null;
    }
    this.#refusal = null;
    this.#commits += 1;
    runAll([...attached.afterCommit, ...attached.listeners]);
    this.#tellCommitted(name);
    return result;
  }

  #tellCommitted(name: string): void {
    try {
      this.#hooks.afterCommit?.(name);
    } catch (error) {
      if (error instanceof PowerCut) this.#cut = error;
      throw error;
    }
  }
}

/** Runs all of them, whatever one of them does; the first error is thrown when all have run. */
function runAll(works: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const work of works) {
    try {
      work();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
