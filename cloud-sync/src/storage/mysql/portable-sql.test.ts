import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { migrations } from './migrate.ts';

/*
 * MySQL 8 is not here to be asked. What it is known not to take, or MariaDB 10.11 is known not to
 * take, stands here, and every statement of the service is held against it.
 */
const onlyMariadb: Readonly<Record<string, RegExp>> = {
  'RETURNING after a change': /\bRETURNING\b/i,
  'CREATE OR REPLACE TABLE': /\bCREATE\s+OR\s+REPLACE\s+TABLE\b/i,
  'IF NOT EXISTS for a column or an index': /\b(?:COLUMN|INDEX|KEY)\s+IF\s+(?:NOT\s+)?EXISTS\b/i,
  'a sequence': /\b(?:CREATE\s+SEQUENCE|NEXTVAL)\b/i,
  'a parameter or an expression as LIMIT': /\bLIMIT\s+\?/i,
  'a system version': /\bSYSTEM\s+VERSIONING\b/i,
  'the type UUID or INET6': /\b(?:UUID|INET6)\s+(?:NOT\s+)?NULL\b/i,
  'a wait for locks in the statement': /\bWAIT\s+\d/i,
};
const onlyMysql: Readonly<Record<string, RegExp>> = {
  'a name for the new row': /\bVALUES\b[\s\S]*\)\s+AS\s+\w+\s+ON\s+DUPLICATE\b/i,
  'the arrow into JSON': /->>?\s*'/,
  'an index on an expression': /\b(?:KEY|INDEX)\b[^(]*\(\s*\(/i,
  'its collation': /utf8mb4_0900/i,
  'its functions for UUIDs': /\b(?:UUID_TO_BIN|BIN_TO_UUID)\b/i,
  LATERAL: /\bLATERAL\b/i,
};
/** Words that one of the two servers keeps for itself; as names they would need quotes. */
const reserved = [
  'rank',
  'groups',
  'system',
  'window',
  'rows',
  'row_number',
  'function',
  'cume_dist',
];

const folder = import.meta.dirname;
const begins = /\b(?:SELECT|INSERT|REPLACE|UPDATE|DELETE|CREATE|ALTER|SET SESSION)\b/;

/** Texts of a source that hold SQL, with a word in the place of each expression. */
function statementsIn(source: string): string[] {
  const texts = source.matchAll(/`((?:[^`\\]|\\.)*)`|'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/g);
  return [...texts]
    .map(([, ...kinds]) => kinds.find((one) => one !== undefined) ?? '')
    .filter((text) => begins.test(text) && !text.startsWith('A '))
    .map((text) => text.replaceAll(/\$\{[^}]*\}/g, 'x'));
}

const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(folder, name), 'utf8'));
const statements = [
  ...migrations.flatMap((one) => one.statements),
  ...sources.flatMap((source) => statementsIn(source)),
];

describe('the SQL of the service', () => {
  it('is found', () => {
    expect(statements.length).toBeGreaterThan(50);
    const example = "const a = 'SELECT 1'; const b = `UPDATE t SET c = $" + '{d} WHERE e = ?`;';
    expect(statementsIn(example)).toEqual(['SELECT 1', 'UPDATE t SET c = x WHERE e = ?']);
  });

  it.each(Object.entries({ ...onlyMariadb, ...onlyMysql }))('uses no %s', (_, pattern) => {
    expect(statements.filter((sql) => pattern.test(sql))).toEqual([]);
  });

  it('names no column by a word that a server keeps for itself', () => {
    const columns = migrations
      .flatMap((one) => one.statements)
      .flatMap((sql) => [...sql.matchAll(/[(,]\s*([a-z_]+) [A-Z]{3,}/g)].map((match) => match[1]));
    expect(columns.length).toBeGreaterThan(60);
    expect(columns.filter((name = '') => reserved.includes(name))).toEqual([]);
  });

  it('keeps rows and keys within what both engines store', () => {
    for (const sql of migrations.flatMap((one) => one.statements)) {
      const bytes = [...sql.matchAll(/(VARBINARY|BINARY|VARCHAR)\((\d+)\)/g)].map(
        ([, type, size]) => Number(size) * (type === 'VARCHAR' ? 4 : 1),
      );
      // All columns of a row together, but for BLOB and TEXT.
      expect(bytes.reduce((sum, one) => sum + one, 0)).toBeLessThan(65_000);
    }
  });

  it.each([
    'INSERT INTO t VALUES (1) RETURNING a',
    'SELECT a FROM t LIMIT ?',
    "SELECT a->>'$.b' FROM t",
    'INSERT INTO t (a) VALUES (?) AS n ON DUPLICATE KEY UPDATE a = n.a',
    'CREATE TABLE t (a INT, KEY b ((a + 1)))',
    'ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT',
  ])('would be caught: %s', (sql) => {
    const all = Object.values({ ...onlyMariadb, ...onlyMysql });
    expect(all.some((pattern) => pattern.test(sql))).toBe(true);
  });
});
