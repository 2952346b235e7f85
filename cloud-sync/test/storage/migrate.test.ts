import { randomBytes } from 'node:crypto';
import { createConnection } from 'mysql2/promise';
import { describe, expect, inject, it } from 'vitest';
import { type Migration, migrate, migrations } from '../../src/storage/mysql/migrate.ts';

async function emptyDatabase(): Promise<string> {
  const url = new URL(inject('mariadbUrl'));
  url.pathname = `/m${randomBytes(6).toString('hex')}`;
  const connection = await createConnection(inject('mariadbUrl'));
  await connection.query(`CREATE DATABASE ${url.pathname.slice(1)}`);
  await connection.end();
  return url.href;
}

const numbers = migrations.map(({ number }) => number);

describe('the migration runner', () => {
  it('runs each step once, whoever else tries at the same time', async () => {
    const url = await emptyDatabase();
    const runs = await Promise.all(Array.from({ length: 5 }, () => migrate({ url, nowMs: 1 })));
    expect(runs.flat()).toEqual(numbers);
    expect(await migrate({ url, nowMs: 2 })).toEqual([]);
  });

  it('goes on after a run that was cut off between two statements', async () => {
    const url = await emptyDatabase();
    const [first] = migrations;
    if (first === undefined) throw new Error('There is no first step.');
    const cut = [...first.statements.slice(0, 4), 'SELECT * FROM nowhere'];
    await expect(
      migrate({ url, nowMs: 1, steps: [{ ...first, statements: cut }] }),
    ).rejects.toThrow('nowhere');
    expect(await migrate({ url, nowMs: 2 })).toEqual(numbers);
  });

  it('refuses other statements under a number that was run, and a newer database', async () => {
    const url = await emptyDatabase();
    const step: Migration = { number: 1, name: 'a', statements: ['SELECT 1'] };
    const later: Migration = { number: 2, name: 'b', statements: ['SELECT 2'] };
    await migrate({ url, nowMs: 1, steps: [step, later] });
    const changed = [{ ...step, statements: ['SELECT 3'] }, later];
    await expect(migrate({ url, nowMs: 2, steps: changed })).rejects.toThrow('other statements');
    await expect(migrate({ url, nowMs: 2, steps: [step] })).rejects.toThrow('lacks');
  });
});
