import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { openDirStore, testDir } from '../../test/contracts/store-fixture.ts';
import {
  appliedMigrations,
  checkSchema,
  type Migration,
  migrate,
  migrations,
} from './migrations.ts';
import { PowerCut, Transactor, type WriteHooks } from './transactor.ts';
import { verifyHandle } from './verify-file.ts';

const newest = migrations.length;
const next: Migration = {
  number: newest + 1,
  name: 'more',
  sql: 'CREATE TABLE more (a INTEGER PRIMARY KEY, crc INTEGER NOT NULL) STRICT; INSERT INTO more VALUES (1, 0);',
};

function run(db: Database.Database, steps: readonly Migration[], hooks: WriteHooks = {}): number[] {
  return migrate({ db, transactor: new Transactor({ db, hooks }), steps });
}

describe('B-05 migrations', () => {
  it('run once each, in order', () => {
    const db = new Database(':memory:');
    expect(run(db, [...migrations, next])).toEqual([1, 2, 3, 4]);
    expect(run(db, [...migrations, next])).toEqual([]);
    expect(appliedMigrations(db).map((row) => row.name)).toEqual([
      'start',
      'clips',
      'sync',
      'more',
    ]);
    expect(checkSchema(db)).toEqual([]);
  });

  it('keep their released text: this is the digest of each', () => {
    const db = new Database(':memory:');
    run(db, migrations);
    expect(appliedMigrations(db).map((row) => [row.number, row.sha256.slice(0, 16)])).toEqual(
      migrations.map((step) => [step.number, expect.stringMatching(/^[0-9a-f]{16}$/)]),
    );
  });

  it('refuse a database of a newer version, and leave it alone', () => {
    const db = new Database(':memory:');
    run(db, [...migrations, next]);
    expect(() => run(db, migrations)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEMA_TOO_NEW' }),
    );
    expect(db.prepare('SELECT a FROM more').pluck().all()).toEqual([1]);
  });

  it('refuse to go on when one that ran has another text now', () => {
    const db = new Database(':memory:');
    run(db, migrations);
    const changed = migrations.map((step) => ({ ...step, sql: `${step.sql} ` }));
    expect(() => run(db, changed)).toThrow(
      expect.objectContaining({ code: 'ERR_MIGRATION_CHANGED' }),
    );
  });

  it('notice a schema that is not what they made', () => {
    const db = new Database(':memory:');
    run(db, migrations);
    db.exec('DROP INDEX feeding_by_request');
    expect(checkSchema(db).join()).toContain('schema');
    expect(verifyHandle(db).ok).toBe(false);
  });
});

describe('FMEA-52 power cut during a migration', () => {
  it.each([1, 2, 3, 4])(
    'leaves the step before number %i, and the next start goes on',
    (number) => {
      const db = new Database(':memory:');
      const hooks = {
        beforeCommit: (name: string) => {
          if (name === `migration.${number}`) throw new PowerCut();
        },
      };
      expect(() => run(db, [...migrations, next], hooks)).toThrow(PowerCut);
      expect(appliedMigrations(db)).toHaveLength(number - 1);
      if (number > 1) expect(checkSchema(db)).toEqual([]);
      expect(run(db, [...migrations, next])).toEqual([1, 2, 3, 4].slice(number - 1));
      expect(db.prepare('SELECT a FROM more').pluck().all()).toEqual([1]);
    },
  );

  it('changes nothing of a database whose migration fails in the middle', () => {
    const db = new Database(':memory:');
    run(db, migrations);
    const broken = { ...next, sql: 'CREATE TABLE more (a); INSERT INTO nowhere VALUES (1);' };
    expect(() => run(db, [...migrations, broken])).toThrow();
    expect(checkSchema(db)).toEqual([]);
    expect(appliedMigrations(db)).toHaveLength(newest);
  });

  it('copies an existing database first, and a new one not', () => {
    const dir = testDir();
    const store = openDirStore(dir);
    store.plans.add({ name: 'Every day' });
    store.close();
    expect(readdirSync(dir).filter((name) => name.includes('migration'))).toEqual([]);
    const db = new Database(join(dir, 'db', 'feeder.db'));
    const backups: number[] = [];
    migrate({
      db,
      transactor: new Transactor({ db }),
      steps: [...migrations, next],
      backup: (from) => backups.push(from),
    });
    db.close();
    expect(backups).toEqual([newest]);
    expect(() => openDirStore(dir)).toThrow(
      expect.objectContaining({ code: 'ERR_SCHEMA_TOO_NEW' }),
    );
    expect(existsSync(join(dir, 'db', 'feeder.db'))).toBe(true);
    expect(readdirSync(join(dir, 'damaged'))).toEqual([]);
  });
});
