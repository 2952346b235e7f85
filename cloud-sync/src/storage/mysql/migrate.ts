import { createHash } from 'node:crypto';
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise';
import { startStatements } from './migrations/0001-start.ts';
import { clipsStatements } from './migrations/0002-clips.ts';

/** One step of the schema. A number that was released keeps its statements for ever. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /** Each is safe to repeat: the server commits every one by itself. */
  readonly statements: readonly string[];
}

export const migrations: readonly Migration[] = [
  { number: 1, name: 'start', statements: startStatements },
  { number: 2, name: 'clips', statements: clipsStatements },
];

/** The schema that this version of the service works with. */
export const newestSchema = migrations.at(-1)?.number ?? 0;

const CREATE_SQL = `CREATE TABLE IF NOT EXISTS schema_migration (
  number INT UNSIGNED NOT NULL, name VARCHAR(100) NOT NULL, sha256 BINARY(32) NOT NULL,
  applied_ms BIGINT NOT NULL, PRIMARY KEY (number))`;

const LOCK = 'cat-feeder-migrations';
const LOCK_WAIT_S = 60;

/** The schema cannot be brought to what this program needs; nothing was changed. */
export class MigrationRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MigrationRefused';
  }
}

interface Applied {
  readonly number: number;
  readonly sha256: Buffer;
}

/**
 * Brings the schema to the newest number and returns the numbers that were run. One program at a
 * time does it; the others wait. Throws `MigrationRefused` when the database is newer than this
 * program, or had other statements under a number.
 */
export async function migrate(options: {
  readonly url: string;
  readonly nowMs: number;
  readonly steps?: readonly Migration[];
}): Promise<number[]> {
  const { url, nowMs, steps = migrations } = options;
  const connection = await createConnection({ uri: url, charset: 'utf8mb4_bin' });
  try {
    await takeLock(connection);
    await connection.query(CREATE_SQL);
    const done = await applied(connection);
    refuseForeign(done, steps);
    const missing = steps.filter(({ number }) => !done.some((row) => row.number === number));
    for (const { number, name, statements } of missing) {
      for (const statement of statements) await connection.query(statement);
      const values = [number, name, digest(statements), nowMs];
      await connection.execute('INSERT INTO schema_migration VALUES (?, ?, ?, ?)', values);
    }
    return missing.map(({ number }) => number);
  } finally {
    // The lock goes with the connection.
    await connection.end();
  }
}

async function takeLock(connection: Connection): Promise<void> {
  const [rows] = await connection.execute<RowDataPacket[]>('SELECT GET_LOCK(?, ?) AS held', [
    LOCK,
    LOCK_WAIT_S,
  ]);
  if (rows[0]?.['held'] !== 1) {
    throw new MigrationRefused('Another program has been changing the schema for a minute.');
  }
}

async function applied(connection: Connection): Promise<Applied[]> {
  const sql = 'SELECT number, sha256 FROM schema_migration ORDER BY number';
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return rows as unknown as Applied[];
}

function refuseForeign(done: readonly Applied[], steps: readonly Migration[]): void {
  for (const { number, sha256 } of done) {
    const step = steps.find((one) => one.number === number);
    if (step === undefined) {
      throw new MigrationRefused(`The schema has step ${number}, which this version lacks.`);
    }
    if (!digest(step.statements).equals(sha256)) {
      throw new MigrationRefused(`The schema's step ${number} was made by other statements.`);
    }
  }
}

function digest(statements: readonly string[]): Buffer {
  return createHash('sha256').update(statements.join(';\n')).digest();
}
