import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesNamedIn, hasWord, tableRows, titlesIn } from './support/test-titles.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/failure-modes.md'), 'utf8');
const rows = tableRows(page, /^\d+$/);
const titlesOf = (path: string) => titlesIn(readFileSync(join(root, path), 'utf8'));

/** The parts that are to bring what is not there yet. */
const laterParts = [
  'access control',
  'camera',
  'cloud',
  'installer',
  'MQTT',
  'real parts',
  'soak',
  'sync',
  'updates',
];
const isLater = (cell: string) => cell.startsWith('not yet: ');
const covered = rows.filter(([, , , , cell]) => !isLater(cell ?? ''));

describe('docs/failure-modes.md', () => {
  test('has each of the 88 numbers once, in order, and no empty cell', () => {
    expect(rows.map(([nr]) => Number(nr))).toEqual(Array.from({ length: 88 }, (_, i) => i + 1));
    for (const row of rows) {
      expect(row, row[0]).toHaveLength(5);
      expect(
        row.filter((cell) => cell === ''),
        row[0],
      ).toEqual([]);
    }
  });

  test('says how many are covered', () => {
    expect(page).toContain(
      `${covered.length} of the 88 are covered, ${88 - covered.length} come with later parts.`,
    );
  });

  test('names for each row a test of its number, or the part that is to bring it', () => {
    const broken = rows.flatMap(([nr = '', , , , cell = '']) => {
      if (isLater(cell)) {
        const parts = cell.slice('not yet: '.length).split(', ');
        return parts.filter((part) => !laterParts.includes(part)).map((part) => `${nr}: ${part}`);
      }
      const files = filesNamedIn(cell);
      if (files.length === 0) return [`${nr}: no test file`];
      const id = `FMEA-${nr.padStart(2, '0')}`;
      return files
        .filter((path) => !existsSync(join(root, path)) || !titlesOf(path).some(hasWord(id)))
        .map((path) => `${nr}: no ${id} in ${path}`);
    });
    expect(broken).toEqual([]);
  });
});
