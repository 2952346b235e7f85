import { describe, expect, it } from 'vitest';
import { parseFlags } from './program-flags.ts';

const flags = {
  json: { type: 'boolean' },
  kills: { type: 'number', default: 200, max: 1000 },
  seed: { type: 'number', min: 0 },
  from: { type: 'string', default: 'bundle' },
} as const;

describe('the flags of a development program', () => {
  it('have defaults', () => {
    expect(parseFlags([], flags)).toEqual({ json: false, kills: 200, from: 'bundle' });
  });

  it('are read in both spellings, the last one counts', () => {
    const args = ['--kills', '3', '--kills=5', '--json', '--seed=0', '--from', 'source'];
    expect(parseFlags(args, flags)).toEqual({ json: true, kills: 5, seed: 0, from: 'source' });
  });

  it('leave alone what stands behind --', () => {
    expect(parseFlags(['--json', '--', '--what'], flags).json).toBe(true);
  });

  it.each([
    [['--what'], 'There is no flag --what; there are --json, --kills, --seed, --from.'],
    [['--toString'], /^There is no flag --toString/],
    [['-j'], /^There is no flag -j/],
    [['what'], "Nothing is known of 'what'."],
    [['--from'], '--from needs a value.'],
    [['--json=yes'], /^--json takes no value/],
    [['--kills', '0'], "--kills takes a whole number from 1 to 1000, not '0'."],
    [['--kills', '1001'], /^--kills takes a whole number/],
    [['--kills', '1.5'], /^--kills takes a whole number/],
    [['--kills='], /^--kills takes a whole number/],
  ])('%j is refused in one sentence', (args, message) => {
    const expected = expect.objectContaining({
      code: 'ERR_CONFIG',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect(() => parseFlags(args, flags)).toThrow(expected);
  });
});
