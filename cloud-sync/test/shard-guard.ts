import type { SqlValue, StatementWatch } from '../src/storage/mysql/database.ts';
import { shardKeys, unshardedTables } from '../src/storage/mysql/shard-keys.ts';

/**
 * Fails a transaction that touches rows of two shard keys, and any statement on a table that does
 * not name its shard key at all.
 */
export function watchShards(): StatementWatch & { readonly seen: () => number } {
  const keys = new Map<number, string>();
  let statements = 0;
  const watch = (transaction: number, sql: string, values: SqlValue[]) => {
    statements += 1;
    for (const key of shardKeysOf(sql, values)) {
      const before = keys.get(transaction);
      if (before !== undefined && before !== key) {
        throw new Error(`A transaction touches ${before} and ${key}: ${sql}`);
      }
      keys.set(transaction, key);
    }
  };
  return Object.assign(watch, { seen: () => statements });
}

/** The shard keys that a statement names, as `column:hex`; throws when it names none. */
export function shardKeysOf(sql: string, values: readonly SqlValue[]): readonly string[] {
  const table = /\b(?:FROM|INTO|UPDATE)\s+([a-z_]+)/.exec(sql)?.[1] ?? '';
  if (unshardedTables.includes(table)) return [`table:${table}`];
  const column = shardKeys[table];
  if (column === undefined) throw new Error(`The table '${table}' has no shard key: ${sql}`);
  const places = sql.includes(' VALUES ') ? insertPlaces(sql, column) : wherePlaces(sql, column);
  const keys = places.map((place) => values[place]);
  if (keys.length === 0 || !keys.every(Buffer.isBuffer)) {
    throw new Error(`A statement does not name its ${column}: ${sql}`);
  }
  return [...new Set(keys.map((key) => `${column}:${(key as Buffer).toString('hex')}`))];
}

/** Where `column = ?` stands among the parameters; an OR could escape it. */
function wherePlaces(sql: string, column: string): number[] {
  const where = sql.slice(sql.lastIndexOf('WHERE'));
  if (/\bOR\b/.test(where)) return [];
  const before = sql.length - where.length;
  return [...where.matchAll(new RegExp(`\\b${column} = \\?`, 'g'))].map(
    ({ index }) => sql.slice(0, before + index).split('?').length - 1,
  );
}

/** Where each row of an INSERT has the column. */
function insertPlaces(sql: string, column: string): number[] {
  const columns =
    /\(([^)]*)\)\s*VALUES/
      .exec(sql)?.[1]
      ?.split(',')
      .map((one) => one.trim()) ?? [];
  const at = columns.indexOf(column);
  if (at < 0) return [];
  const total = sql.slice(sql.indexOf('VALUES')).split('?').length - 1;
  return Array.from({ length: total / columns.length }, (_, row) => row * columns.length + at);
}
