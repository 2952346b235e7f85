import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../ledger-reader.ts';
import type { Observed, Situation } from '../observed.ts';
import { PlanTruth } from '../plan-truth.ts';
import { AsPlanned } from './as-planned.ts';
import { FeedingTruths } from './feeding-truths.ts';

const claim = {
  feedingId: 'f1',
  requestId: 'r1',
  cause: 'person',
  occurrenceKey: null,
  petId: null,
  kibbleId: null,
  portionMg: 12_000,
  reservedMg: 13_000,
};

/** A person asks for so much, so much is claimed, and so much is ordered from the dispenser. */
function failuresOf(grams: { asked: number; claimed: number; ordered: number }): string[] {
  const failures: string[] = [];
  const now = { nowMs: 0, trueWallMs: 0 } as Situation;
  const plan = new PlanTruth(0);
  const truths = new FeedingTruths({
    truth: () => ({}) as ReturnType<ConstructorParameters<typeof FeedingTruths>[0]['truth']>,
    settings: () => plan.now.settings,
    isCalm: () => true,
  });
  const checker = new AsPlanned({ fail: (invariant) => failures.push(invariant), plan, truths });
  const events = [
    { kind: 'sent', request: { feed: { requestId: 'r1', portionGrams: grams.asked } } },
    { kind: 'entry', entry: entryOf('feeding.claimed', grams.claimed * 1000) },
    { kind: 'order', order: { feedingId: 'f1', portionGrams: grams.ordered } },
  ] as unknown as Observed[];
  for (const event of events) {
    truths.see(event, now);
    checker.see(event, now);
  }
  return failures;
}

function entryOf(name: string, portionMg: number): AuditEntry {
  return { name, seq: 1, boot: 'b', wallMs: 0, body: { ...claim, portionMg } } as AuditEntry;
}

describe('I3 a wish', () => {
  it('is claimed and ordered as it was asked for', () => {
    expect(failuresOf({ asked: 12, claimed: 12, ordered: 12 })).toEqual([]);
  });

  it('is not claimed for more or for less', () => {
    expect(failuresOf({ asked: 12, claimed: 13, ordered: 13 })).toEqual(['I3']);
    expect(failuresOf({ asked: 12, claimed: 6, ordered: 6 })).toEqual(['I3']);
  });

  it('is not ordered for more than was claimed', () => {
    expect(failuresOf({ asked: 12, claimed: 12, ordered: 20 })).toEqual(['I3']);
  });
});
