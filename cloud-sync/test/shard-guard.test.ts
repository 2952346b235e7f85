import { describe, expect, it } from 'vitest';
import { migrations } from '../src/storage/mysql/migrate.ts';
import { shardKeys, unshardedTables } from '../src/storage/mysql/shard-keys.ts';
import { shardKeysOf, watchShards } from './shard-guard.ts';

const one = Buffer.alloc(16, 1);
const two = Buffer.alloc(16, 2);

describe('S2 the shard guard', () => {
  it('knows each table by the first column of its primary key', () => {
    const tables = migrations
      .flatMap(({ statements }) => statements)
      .map((sql) => [
        /TABLE IF NOT EXISTS ([a-z_]+)/.exec(sql)?.[1],
        /PRIMARY KEY \(([a-z_]+)/.exec(sql)?.[1],
      ]);
    const sharded = tables.filter(([table = '']) => !unshardedTables.includes(table));
    expect(Object.fromEntries(sharded)).toEqual(shardKeys);
    expect(tables.length - sharded.length).toBe(unshardedTables.length);
  });

  it('finds the key in each form of statement', () => {
    const key = [`device_id:${one.toString('hex')}`];
    const update = 'UPDATE device SET session = ?, home_id = ? WHERE device_id = ?';
    expect(shardKeysOf(update, [1, two, one])).toEqual(key);
    const insert = 'INSERT INTO device_gap (device_id, epoch) VALUES (?, ?), (?, ?)';
    expect(shardKeysOf(insert, [one, 1, one, 2])).toEqual(key);
    expect(shardKeysOf(insert, [one, 1, two, 2])).toHaveLength(2);
  });

  it('refuses a second key in a transaction, and a statement without one', () => {
    const watch = watchShards();
    watch(1, 'SELECT session FROM device WHERE device_id = ?', [one]);
    watch(2, 'SELECT session FROM device WHERE device_id = ?', [two]);
    expect(() => watch(1, 'DELETE FROM device_gap WHERE device_id = ?', [two])).toThrow('touches');
    expect(() => watch(3, 'SELECT name FROM home WHERE home_id = ? OR 1 = 1', [one])).toThrow();
    expect(() => watch(4, 'SELECT session FROM device WHERE session > ?', [1])).toThrow('name');
    expect(() => watch(2, 'DELETE FROM claim WHERE claim_id = ?', [two])).toThrow('touches');
    expect(() => watch(5, 'SELECT a FROM elsewhere WHERE device_id = ?', [one])).toThrow();
  });
});
