import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

const payloads = [
  "Robert'); DROP TABLE doc;--",
  "' OR '1'='1",
  '"; DELETE FROM feeding; --',
  "x' UNION SELECT v FROM sync_state --",
  '%_?1:name@p$1\\',
  '/* comment */ -- and # more',
  '<img src=x onerror=alert(1)>',
  '猫 🐈 ﷽',
];

describe('A-38 text that looks like SQL is data', () => {
  test.each(payloads)(
    '%j comes back as it was, over a power cut, and harms nothing',
    async (text) => {
      const feeder = await VirtualFeeder.start();
      const fields: [string, object][] = [
        ['/pets', { name: text, note: text }],
        ['/kibbles', { name: text }],
        ['/meals', { name: text, time: '08:00', portionGrams: 10 }],
        ['/plans', { name: text }],
      ];
      for (const [path, body] of fields) {
        const { error, status } = await feeder.ask('POST', path, body);
        expect([status, error]).toEqual([201, undefined]);
      }
      await feeder.ask('PATCH', '/settings', { name: text });
      feeder.cutPower();
      await feeder.powerUp();
      for (const [path, body] of fields) {
        const { items } = (await feeder.ask('GET', path)).data as { items: object[] };
        expect(items).toContainEqual(expect.objectContaining(body));
      }
      expect((await feeder.status()).name).toBe(text);
      expect((await feeder.ask('POST', '/ledger/verify', {})).data).toMatchObject({ ok: true });
    },
  );

  /** Names of tables and columns, fixed clauses and constants: nothing that comes from outside. */
  const fixedParts = new Set([
    'shape.name',
    'names',
    'key',
    'this.#sql.key',
    'this.#sql.select',
    'rest',
    'where',
    'direction',
    'ofKinds(query.kinds)', // The numbers of our own table of kinds, or nothing.
    'table',
    'check',
    'ENTRY_OVERHEAD_BYTES',
    "all.map(() => '?').join(', ')",
    'all.map((column) => ',
  ]);

  test('statements are put together from fixed parts only', () => {
    const folder = resolve(import.meta.dirname, '../../src/storage');
    const sources = readdirSync(folder)
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => readFileSync(join(folder, name), 'utf8'));
    const assembled = sources.flatMap((source) =>
      [...source.matchAll(/`[^`]*\b(?:SELECT|INSERT|UPDATE|DELETE|WHERE)\b[^`]*/g)].flatMap(
        ([statement]) => [...statement.matchAll(/\$\{([^}]*)/g)].map((match) => match[1] ?? ''),
      ),
    );
    expect(assembled.length).toBeGreaterThan(5);
    expect(assembled.filter((part) => !fixedParts.has(part))).toEqual([]);
  });
});
