import { describe, expect, test } from 'vitest';
import { filesNamedIn, tableRows, titlesIn } from './test-titles.ts';

describe('titlesIn', () => {
  test('finds titles of every form, and nothing else', () => {
    const source = [
      "describe('one', () => {",
      "  it('two isn\\'t', async () => {});",
      '  test(`three`, run);',
      "  it.each([[1, 'no']])('four %i',\n    (a) => a);",
      '  test.each(table)(\n    "five",\n    (a) => a);',
      "  expect('no').toBe('no');",
      '  // FMEA-99 a comment is no test',
      "  feeder.ask('GET', '/no');",
    ].join('\n');
    expect(titlesIn(source)).toEqual(['one', "two isn\\'t", 'three', 'four %i', 'five']);
  });
});

describe('tableRows', () => {
  test('takes the rows whose first cell fits', () => {
    const page = '| nr | what |\n|---|---|\n| 1 | a \\| b |\n| x | c |\ntext | 2 |';
    expect(tableRows(page, /^\d+$/)).toEqual([['1', 'a \\| b']]);
  });
});

test('filesNamedIn reads the test files in backticks', () => {
  expect(filesNamedIn('`a/b.test.ts`, `c.ts` and `d.test.ts`')).toEqual([
    'a/b.test.ts',
    'd.test.ts',
  ]);
});
