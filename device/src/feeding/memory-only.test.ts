import { expect, test } from 'vitest';
import { mayHaveServed } from './memory-only.ts';

const at = (hours: number, powerUp = 'a') => ({ powerUp, monoMs: hours * 3_600_000 });

test.each([
  ['less than six hours of one power-up', at(1), at(6.99), false],
  ['at once', at(1), at(1), false],
  ['six hours', at(1), at(7), true],
  ['less, over a power cut: nobody knows how long', at(1, 'a'), at(2, 'b'), true],
  ['a clock that ran backwards', at(2), at(1), true],
  ['no noted start', null, at(1), true],
  ['a machine that does not name its power-ups', at(1), null, true],
])('I3 I10 a portion from memory may have come before this start: %s', (_, from, to, expected) => {
  expect(mayHaveServed(from, to)).toBe(expected);
});
