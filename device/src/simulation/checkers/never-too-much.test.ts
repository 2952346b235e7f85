import { expect, it } from 'vitest';
import type { Observed, Situation } from '../observed.ts';
import type { FeedingTruths } from './feeding-truths.ts';
import { NeverTooMuch } from './never-too-much.ts';

/** A feeding whose shaft is drawn back so many times, each time in three slices. */
function failuresAfter(strokes: number): string[] {
  const failures: string[] = [];
  const checker = new NeverTooMuch({
    fail: (invariant) => failures.push(invariant),
    truths: { onClosed: () => {} } as unknown as FeedingTruths,
    isExcused: () => false,
    isTimeHonest: () => true,
    turnGrams: () => 6,
  });
  const see = (event: unknown, nowMs: number) =>
    checker.see(event as Observed, { nowMs } as Situation);
  see({ kind: 'order', order: { feedingId: 'f1' } }, 0);
  for (let stroke = 0; stroke < strokes; stroke += 1) {
    for (let slice = 0; slice < 3; slice += 1) {
      const nowMs = 1000 * stroke + 100 * slice;
      see({ kind: 'slice', feedingId: 'f1', maxMs: 250, direction: 'reverse' }, nowMs);
      see({ kind: 'slice', feedingId: 'f1', maxMs: 250, direction: 'forward' }, nowMs + 500);
    }
  }
  return failures;
}

it('I3 allows the strokes of three attempts to free the dispenser', () => {
  expect(failuresAfter(6)).toEqual([]);
});

it('I3 allows no more attempts than three, however many the ledger tells of', () => {
  expect(failuresAfter(10)).toEqual(['I3']);
});
