import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesNamedIn, hasWord, tableRows, titlesIn } from './support/test-titles.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/capabilities.md'), 'utf8');
const rows = tableRows(page, /^[AB]-\d\d$/);
const states = ['done', 'part', 'not yet'];
const inState = (state: string) => rows.filter((row) => row[2] === state);

/** The parts that are to bring what is not there yet. */
const laterParts = [
  'access control',
  'automations',
  'camera',
  'cloud',
  'insights',
  'installer',
  'MQTT',
  'notifications',
  'real parts',
  'sync',
];

function idsOf(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${letter}-${String(i + 1).padStart(2, '0')}`);
}

describe('docs/capabilities.md', () => {
  test('has every id exactly once, in order, with a state and no empty cell', () => {
    expect(rows.map(([id]) => id)).toEqual([...idsOf('A', 71), ...idsOf('B', 78)]);
    for (const row of rows) {
      expect(row, row[0]).toHaveLength(4);
      expect(states, row[0]).toContain(row[2]);
      expect(
        row.filter((cell) => cell === ''),
        row[0],
      ).toEqual([]);
    }
  });

  test('counts its rows', () => {
    const [done, part, notYet] = states.map((state) => inState(state).length);
    expect(page).toContain(
      `Of the ${rows.length} rows ${done} are done, ${part} are done in part and ${notYet} are not there yet.`,
    );
  });

  test('names a test with its id for each row that is done or done in part', () => {
    const broken = [...inState('done'), ...inState('part')].flatMap(([id = '', , , cell = '']) => {
      const files = filesNamedIn(cell);
      if (files.length === 0) return [`${id}: no test file`];
      return files
        .filter((path) => !proves(path, id))
        .map((path) => `${id}: no title with it in ${path}`);
    });
    expect(broken).toEqual([]);
  });

  test('says what is missing of a part, and what brings the rest', () => {
    const silent = inState('part').filter(([, , , cell]) => !cell?.includes('; missing: '));
    expect(silent.map(([id]) => id)).toEqual([]);
    const unknown = inState('not yet').filter(([, , , cell = '']) => {
      const named = /^comes with (.+)$/.exec(cell)?.[1]?.split(', ') ?? [''];
      return named.some((part) => !laterParts.includes(part));
    });
    expect(unknown.map(([id]) => id)).toEqual([]);
  });
});

function proves(path: string, id: string): boolean {
  const file = join(root, path);
  return existsSync(file) && titlesIn(readFileSync(file, 'utf8')).some(hasWord(id));
}
