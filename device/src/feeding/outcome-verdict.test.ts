import type { Dose } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { explainOutcome, explainRefusal } from './explain.ts';
import { outcomeVerdict } from './outcome-verdict.ts';

const dose = (lowGrams: number, highGrams: number): Dose => ({
  lowGrams,
  likelyGrams: (lowGrams + highGrams) / 2,
  highGrams,
  method: 'measured',
});
const intended = { verdict: 'fed_late', rule: 'within_grace' } as const;

const table = [
  {
    result: 'served',
    fault: null,
    served: dose(11.8, 12.2),
    verdict: 'fed_late',
    rule: 'within_grace',
  },
  {
    result: 'short',
    fault: 'hopper_empty',
    served: dose(4, 5),
    verdict: 'short',
    rule: 'hopper_empty',
  },
  { result: 'failed', fault: 'jam', served: dose(0, 0.2), verdict: 'failed', rule: 'jam' },
  { result: 'failed', fault: 'jam', served: dose(7, 8), verdict: 'short', rule: 'jam' },
  { result: 'cancelled', fault: null, served: dose(3, 4), verdict: 'short', rule: 'cancelled' },
  { result: 'cancelled', fault: null, served: dose(0, 0.1), verdict: 'skipped', rule: 'cancelled' },
  {
    result: 'unknown_after_crash',
    fault: null,
    served: dose(0, 13),
    verdict: 'unknown_after_crash',
    rule: 'interrupted',
  },
] as const;

test.each(table)('a feeding that ended as $result ($fault) becomes $verdict by $rule', (row) => {
  const { result, fault, served, verdict, rule } = row;
  const end = outcomeVerdict({ result, fault, dose: served, portionGrams: 12, intended });
  expect(end).toMatchObject({
    verdict,
    rule,
    numbers: { portionGrams: 12, lowGrams: served.lowGrams },
  });
});

test('an ending is told in one sentence with its interval and cause', () => {
  const sentence = explainOutcome({
    result: 'short',
    fault: 'jam',
    portionGrams: 12,
    dose: dose(4, 5),
  });
  expect(sentence).toBe(
    'Served less than asked because the dispenser jammed: asked 12 g, in the bowl 4.5 g (4 to 5, measured).',
  );
});

test('a refusal names its rule and its numbers', () => {
  expect(explainRefusal('cap_hour', { limitGrams: 80, bookedGrams: 70.123 })).toBe(
    'Refused because it passes the limit of one hour (limitGrams 80, bookedGrams 70.12).',
  );
});
