import { expect, test } from 'vitest';
import { KibbleDoubt } from './kibble-doubt.ts';

test('FMEA-19 three feedings in a row that flow otherwise ask the owner, once', () => {
  const doubt = new KibbleDoubt();
  const seen = [true, true, true, true, true].map((isFarOff) => doubt.saw('a', isFarOff));
  expect(seen).toEqual([false, false, true, false, false]);
});

test('one that flows as learned, or another kibble, begins anew', () => {
  const doubt = new KibbleDoubt();
  doubt.saw('a', true);
  doubt.saw('a', true);
  expect(doubt.saw('a', false)).toBe(false);
  doubt.saw('a', true);
  doubt.saw('a', true);
  expect(doubt.saw('b', true)).toBe(false);
  doubt.saw('b', true);
  expect(doubt.saw('b', true)).toBe(true);
});
