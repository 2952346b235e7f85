import { expect, test } from 'vitest';
import type { StationTime } from '../platform/clock.ts';
import { MemoryOnly, mayHaveServed } from './memory-only.ts';

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

test.each([
  ['nothing in between', 0, true],
  ['something in between: it only errs now and then, and takes the next claim', 1, false],
])('I3 serves from memory after half an hour of refusals, with %s', (_, takenBetween, expected) => {
  let taken = 40;
  const boot: StationTime = {
    wallMs: 0,
    quality: 'unknown',
    monoMs: 0,
    bootId: 'boot',
    ageMs: 0,
  };
  const memoryOnly = new MemoryOnly(boot, () => taken);
  const sixHours = 6 * 3_600_000;
  memoryOnly.diskRefused(sixHours);
  taken += takenBetween;
  memoryOnly.diskRefused(sixHours + 40 * 60_000);
  expect(memoryOnly.isDue(sixHours + 40 * 60_000)).toBe(expected);
});
