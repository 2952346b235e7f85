import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPortion, stepPortion } from './portion-entry.ts';

const bounds = { minGrams: 1, maxGrams: 80 };

describe('a typed portion', () => {
  const cases = [
    ['12', { kind: 'ok', portionGrams: 12 }],
    [' 12.5 ', { kind: 'ok', portionGrams: 12.5 }],
    ['12,5', { kind: 'ok', portionGrams: 12.5 }],
    ['12.549', { kind: 'ok', portionGrams: 12.5 }],
    ['', { kind: 'not-a-number' }],
    ['-5', { kind: 'not-a-number' }],
    ['1e3', { kind: 'not-a-number' }],
    ['0x10', { kind: 'not-a-number' }],
    ['Infinity', { kind: 'not-a-number' }],
    ['12 g', { kind: 'not-a-number' }],
    ['0', { kind: 'too-small', limitGrams: 1 }],
    ['80.1', { kind: 'too-big', limitGrams: 80 }],
  ] as const;
  it.each(cases)('%j', (text, entry) => expect(readPortion(text, bounds)).toEqual(entry));

  it('is never outside its bounds, whatever is typed', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const entry = readPortion(text, bounds);
        return entry.kind !== 'ok' || (entry.portionGrams >= 1 && entry.portionGrams <= 80);
      }),
    );
  });
});

describe('a step', () => {
  it('goes to the next whole gram', () => {
    expect(stepPortion('12', 1, bounds)).toBe('13');
    expect(stepPortion('12.4', 1, bounds)).toBe('13');
    expect(stepPortion('12.4', -1, bounds)).toBe('12');
  });

  it('stays inside the bounds and recovers from nonsense', () => {
    expect(stepPortion('80', 1, bounds)).toBe('80');
    expect(stepPortion('1', -1, bounds)).toBe('1');
    expect(stepPortion('abc', 1, bounds)).toBe('1');
    expect(stepPortion('500', -1, bounds)).toBe('80');
  });
});
