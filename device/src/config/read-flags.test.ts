import { describe, expect, it } from 'vitest';
import { readFlags } from './read-flags.ts';

const kinds = { port: 'string', json: 'boolean' } as const;

describe('readFlags', () => {
  it.each([
    [['--port', '1'], { port: '1' }],
    [['--port=1'], { port: '1' }],
    [['--port='], { port: '' }],
    [['--port', '-5'], { port: '-5' }],
    [['--port=1', '--port=2'], { port: '2' }],
    [['--json'], { json: true }],
    [['--no-json'], { json: false }],
  ])('understands %j', (argv, values) => {
    expect(readFlags(argv, kinds)).toEqual({ values, words: [], problems: [], hasUnknown: false });
  });

  it('takes negative numbers, a lone dash and what follows -- for words', () => {
    const { words, problems } = readFlags(['feed', '-5', '-', '--', '--port'], kinds);
    expect(words.map(({ word }) => word)).toEqual(['feed', '-5', '-', '--port']);
    expect(problems).toEqual([]);
  });

  it('names every problem in a sentence of its own', () => {
    const argv = ['--port', '--bogus', '--json=yes', '-x', '--constructor', '--port'];
    expect(readFlags(argv, kinds)).toMatchObject({
      hasUnknown: true,
      problems: [
        '--port needs a value.',
        "There is no flag '--bogus'.",
        '--json takes no value.',
        "There is no flag '-x'.",
        "There is no flag '--constructor'.",
      ],
    });
  });
});
