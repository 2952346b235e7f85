import {
  createPool,
  type ExecuteValues,
  type Pool,
  type PoolConnection,
  type ResultSetHeader,
  type RowDataPacket,
} from 'mysql2/promise';
import { realSystem } from '../../platform/system.ts';
import { StorageUnavailable } from './storage-unavailable.ts';

export type SqlValue = string | number | Buffer | null;

/** Statements of one transaction, each prepared by the server; values never become SQL. */
export interface Sql {
  rows<Row>(sql: string, ...values: SqlValue[]): Promise<Row[]>;
  /** Returns how many rows were matched or inserted. */
  write(sql: string, ...values: SqlValue[]): Promise<number>;
}

/** Sees every statement before it runs; `transaction` is a number of its own for each of them. */
export type StatementWatch = (transaction: number, sql: string, values: SqlValue[]) => void;

export interface DatabaseOptions {
  /** `mysql://user:password@host:port/database`. */
  readonly url: string;
  readonly connections: number;
  readonly watch?: StatementWatch;
}

/** Transactions that may wait for a connection; one more is refused at once. */
const WAITING_MAX = 512;
/** How often a transaction that lost against another one is repeated. */
const REPEATS_MAX = 5;
const CONNECT_TIMEOUT_MS = 3_000;
/** Longer than a wait for a lock. A database that says nothing for so long is away. */
const STATEMENT_TIMEOUT_MS = 7_000;
/** How long a transaction waits for a connection. */
const QUEUE_TIMEOUT_MS = 4_000;
/** At the end: what does not answer by then is cut. */
const CLOSE_TIMEOUT_MS = 300;
/** Each batch size has a statement of its own; the server holds them per connection. */
const STATEMENTS_MAX = 200;
/** 1213: deadlock, 1205: lock wait timeout. Both have rolled back, or must be. */
const LOST_ERRNOS = new Set([1205, 1213]);

const SESSION_SQL = [
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
  'SET SESSION innodb_lock_wait_timeout = 5',
];

/** The pool of connections to MariaDB or MySQL. */
export class Database {
  readonly #pool: Pool;
  readonly #watch: StatementWatch | undefined;
  readonly #prepared = new WeakSet<object>();
  readonly #open = new Set<{ destroy(): void; once(name: 'end', gone: () => void): unknown }>();
  #lastTransaction = 0;
  repeats = 0;

  constructor(options: DatabaseOptions) {
    this.#watch = options.watch;
    this.#pool = createPool({
      uri: options.url,
      connectionLimit: options.connections,
      queueLimit: WAITING_MAX,
      connectTimeout: CONNECT_TIMEOUT_MS,
      enableKeepAlive: true,
      maxPreparedStatements: STATEMENTS_MAX,
      charset: 'utf8mb4_bin',
      flags: ['FOUND_ROWS'],
    });
    this.#pool.pool.on('connection', (connection) => {
      this.#open.add(connection);
      connection.once('end', () => this.#open.delete(connection));
    });
  }

  /**
   * Runs one transaction; when it resolves, it is committed. One that loses against another is
   * repeated, so `work` may run several times. Throws `StorageUnavailable` when the database is
   * away or too busy: it is then unknown whether a commit under way arrived.
   */
  async transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    for (let repeat = 0; ; repeat++) {
      try {
        return await this.#once(work);
      } catch (error) {
        if (!isLost(error)) throw error;
        if (repeat === REPEATS_MAX) throw new StorageUnavailable({ cause: error });
        this.repeats += 1;
      }
    }
  }

  /** Throws unless the database answers. */
  async ping(): Promise<void> {
    const connection = await this.#connect();
    try {
      await connection.query({ sql: 'SELECT 1', timeout: CONNECT_TIMEOUT_MS });
      connection.release();
    } catch (error) {
      connection.destroy();
      throw new StorageUnavailable({ cause: error });
    }
  }

  /** Within a third of a second, whether the database answers or not. */
  async close(): Promise<void> {
    const ended = this.#pool.end().then(
      () => 'ended',
      () => 'broken',
    );
    if ((await within(CLOSE_TIMEOUT_MS, ended)) === 'ended') return;
    for (const connection of this.#open) connection.destroy();
  }

  async #once<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const connection = await this.#connect();
    this.#lastTransaction += 1;
    const transaction = this.#lastTransaction;
    try {
      await connection.query({ sql: 'START TRANSACTION', timeout: STATEMENT_TIMEOUT_MS });
      const result = await work(this.#sql(connection, transaction));
      await connection.query({ sql: 'COMMIT', timeout: STATEMENT_TIMEOUT_MS });
      connection.release();
      return result;
    } catch (error) {
      // A rollback would wait behind the statement that hangs.
      if (isHanging(error)) connection.destroy();
      else await rollBack(connection);
      throw isConnectionTrouble(error) ? new StorageUnavailable({ cause: error }) : error;
    }
  }

  async #connect(): Promise<PoolConnection> {
    const asked = this.#pool.getConnection();
    const connection = await within(QUEUE_TIMEOUT_MS, asked).catch((error: unknown) => {
      throw new StorageUnavailable({ cause: error });
    });
    if (connection === 'late') {
      asked.then((unused) => unused.release()).catch(() => undefined);
      throw new StorageUnavailable({ cause: new Error('No connection became free.') });
    }
    // The pool hands out other wrappers of the same connection.
    const { connection: inner } = connection as unknown as { connection: object };
    if (this.#prepared.has(inner)) return connection;
    try {
      for (const sql of SESSION_SQL) await connection.query({ sql, timeout: CONNECT_TIMEOUT_MS });
    } catch (error) {
      connection.destroy();
      throw new StorageUnavailable({ cause: error });
    }
    this.#prepared.add(inner);
    return connection;
  }

  #sql(connection: PoolConnection, transaction: number): Sql {
    const run = async (sql: string, values: SqlValue[]) => {
      this.#watch?.(transaction, sql, values);
      const [result] = await connection.execute<RowDataPacket[] | ResultSetHeader>(
        { sql, timeout: STATEMENT_TIMEOUT_MS },
        values as ExecuteValues,
      );
      return result;
    };
    return {
      rows: async <Row>(sql: string, ...values: SqlValue[]) => (await run(sql, values)) as Row[],
      write: async (sql, ...values) => ((await run(sql, values)) as ResultSetHeader).affectedRows,
    };
  }
}

/** What a promise comes to, or `late`. */
function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | 'late'> {
  return new Promise((resolve, reject) => {
    const callOff = realSystem.after(timeoutMs, () => resolve('late'));
    promise.then(resolve, reject).finally(callOff);
  });
}

async function rollBack(connection: PoolConnection): Promise<void> {
  try {
    await connection.query({ sql: 'ROLLBACK', timeout: STATEMENT_TIMEOUT_MS });
    connection.release();
  } catch {
    // Without a connection the server rolls back by itself; this one is of no more use.
    connection.destroy();
  }
}

function isLost(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && LOST_ERRNOS.has(Number(error.errno));
}

/** Server shutting down, connection lost, read-only replica, too many statements or connections. */
const TROUBLE_ERRNOS = new Set([1040, 1053, 1290, 1461, 1792, 1836, 1927, 2006, 2013]);

/** The driver gave up waiting for the answer to a statement. */
function isHanging(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'PROTOCOL_SEQUENCE_TIMEOUT';
}

function isConnectionTrouble(error: unknown): boolean {
  if (isHanging(error)) return true;
  if (!(error instanceof Error) || !('code' in error)) return false;
  if ('errno' in error && TROUBLE_ERRNOS.has(Number(error.errno))) return true;
  return 'fatal' in error && error.fatal === true;
}
