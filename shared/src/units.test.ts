import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromMilligrams, roundGrams, toMilligrams } from './units.ts';

describe('roundGrams', () => {
  it('says the same before and after the weight was written down', () => {
    const weight = fc.double({ min: -100, max: 5000, noNaN: true });
    fc.assert(
      fc.property(weight, (grams) => {
        expect(roundGrams(fromMilligrams(toMilligrams(grams)))).toBe(roundGrams(grams));
      }),
      { examples: [[12.4449]] },
    );
  });
});
