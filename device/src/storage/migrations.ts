import { createHash } from 'node:crypto';
import { FeederError } from '@cat-feeder/shared';
import type Database from 'better-sqlite3';
import { CheckedTable, type TableShape } from './checked-table.ts';
import { APPLICATION_ID } from './database.ts';
import { startSql } from './migrations/0001-start.ts';
import { clipsSql } from './migrations/0002-clips.ts';
import { syncSql } from './migrations/0003-sync.ts';
import { statement } from './statements.ts';
import type { Transactor } from './transactor.ts';

/** One step of the schema. A number that was released keeps its text for ever. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

export const migrations: readonly Migration[] = [
  { number: 1, name: 'start', sql: startSql },
  { number: 2, name: 'clips', sql: clipsSql },
  { number: 3, name: 'sync', sql: syncSql },
];

/** The schema that this version of the program works with. */
export const newestSchema = migrations.at(-1)?.number ?? 0;

interface MigrationRow {
  number: number;
  name: string;
  sha256: string;
  /** Digest of the whole schema after this step: a changed byte in a table's SQL is noticed. */
  schema_sha256: string;
}

export const migrationTable: TableShape<MigrationRow> = {
  name: 'migration',
  columns: ['number', 'name', 'sha256', 'schema_sha256'],
  key: ['number'],
};

const CREATE_SQL = `CREATE TABLE IF NOT EXISTS migration (
  number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL,
  schema_sha256 TEXT NOT NULL, crc INTEGER NOT NULL) STRICT`;

export interface MigrateOptions {
  readonly db: Database.Database;
  readonly transactor: Transactor;
  readonly steps?: readonly Migration[];
  /** Called once before an existing database is changed, with the number it has. */
  readonly backup?: (from: number) => void;
}

/**
 * Brings the schema to the newest number; each step is one transaction with its own record, so a
 * crash in the middle leaves a database of the step before. Returns the numbers that were run.
 * Throws `ERR_SCHEMA_TOO_NEW` and `ERR_MIGRATION_CHANGED`, both before anything is changed.
 */
export function migrate(options: MigrateOptions): number[] {
  const { db, transactor, steps = migrations } = options;
  const done = appliedMigrations(db);
  refuseForeign(done, steps);
  const missing = steps.filter((step) => !done.some((row) => row.number === step.number));
  const newest = done.at(-1)?.number ?? 0;
  if (missing.length > 0 && newest > 0) options.backup?.(newest);
  for (const step of missing) {
    transactor.write(`migration.${step.number}`, () => {
      if (done.length === 0) db.pragma(`application_id = ${APPLICATION_ID}`);
      db.exec(CREATE_SQL);
      db.exec(step.sql);
      db.pragma(`user_version = ${step.number}`);
      new CheckedTable(db, migrationTable).insert({
        number: step.number,
        name: step.name,
        sha256: sha256(step.sql),
        schema_sha256: schemaDigest(db),
      });
    });
  }
  return missing.map((step) => step.number);
}

/** The migrations that a database has had, oldest first; none when it is empty. */
export function appliedMigrations(db: Database.Database): MigrationRow[] {
  const found = db
    .prepare<[], number>("SELECT count(*) FROM sqlite_schema WHERE name = 'migration'")
    .pluck()
    .get();
  return found === 0 ? [] : new CheckedTable(db, migrationTable).all('ORDER BY number');
}

function refuseForeign(done: readonly MigrationRow[], steps: readonly Migration[]): void {
  const newestKnown = steps.at(-1)?.number ?? 0;
  for (const row of done) {
    const step = steps.find((candidate) => candidate.number === row.number);
    if (row.number > newestKnown) {
      throw new FeederError('ERR_SCHEMA_TOO_NEW', {
        message: `The database has schema ${row.number}; this version knows ${newestKnown}.`,
      });
    }
    if (step === undefined || sha256(step.sql) !== row.sha256) {
      throw new FeederError('ERR_MIGRATION_CHANGED', {
        message: `Migration ${row.number} (${row.name}) has another text now.`,
      });
    }
  }
}

/** What is wrong with the schema as it is stored, as sentences. */
export function checkSchema(db: Database.Database): string[] {
  const newest = appliedMigrations(db).at(-1);
  const problems: string[] = [];
  if (newest?.schema_sha256 !== schemaDigest(db))
    problems.push('The schema is not what its migrations made.');
  if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    problems.push('The file is not marked as a feeder database.');
  }
  if (db.pragma('user_version', { simple: true }) !== newest?.number) {
    problems.push('The mark of the schema in the file is not the newest migration.');
  }
  return problems;
}

/** SHA-256 over the definition of every table and index. */
export function schemaDigest(db: Database.Database): string {
  const rows = statement<{ type: string; name: string; tbl_name: string; sql: string | null }>(
    db,
    'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name',
  ).all();
  return sha256(rows.map((row) => JSON.stringify(Object.values(row))).join('\n'));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
