import type { Dose } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import {
  journalTime,
  sampleClaim,
  sampleOccurrence,
} from '../../test/contracts/feeding-journal.ts';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { recoverOpenFeedings } from './crash-recovery.ts';
import type { ClaimRecord } from './feeding-journal.ts';
import { UnwrittenOutcomes } from './unwritten-outcomes.ts';

const model = {
  gramsPerTurn: 6,
  gramsPerTurnSd: 0.4,
  inFlightGrams: 1.5,
  inFlightGramsSd: 0.3,
  kibbleGrams: 0.9,
  samples: 8,
};

/** How a feeding of so much ends that a crash cut off, when this is what can be proven of it. */
async function closed(
  portionGrams: number,
  [lowGrams, highGrams]: readonly [number, number],
  claim: Partial<ClaimRecord> = {},
) {
  const { store } = memoryStore();
  const { journal } = store;
  journal.claim(sampleClaim('one', { portionGrams, reservedGrams: highGrams, ...claim }));
  const clock = new VirtualClock({ wallMs: journalTime(0).wallMs });
  const likelyGrams = (lowGrams + highGrams) / 2;
  const dose: Dose = { lowGrams, likelyGrams, highGrams, method: 'estimated' };
  await recoverOpenFeedings({
    station: {
      weigh: () => Promise.resolve({ kind: 'stable', grams: 10, sigmaGrams: 0.1, counts: 1 }),
    },
    journal,
    unwritten: new UnwrittenOutcomes({ journal, clock, logger: silentLogger }),
    time: { now: () => journalTime(60_000, 'boot-2') },
    model: () => model,
    closeAfterCrash: () => dose,
    logger: silentLogger,
  });
  return { result: journal.find('one')?.result, store };
}

describe('a feeding that a crash cut off', () => {
  it.each([
    [20, 19, 21, 'served'],
    [20, 12, 13, 'short'],
    [20, 0, 24, 'unknown_after_crash'],
    [1.1, 0, 1.5, 'short'],
    [1, 0, 3, 'unknown_after_crash'],
    [1, 0.6, 1.2, 'served'],
  ])('of %f g with %f to %f g is %s', async (portionGrams, lowGrams, highGrams, result) => {
    expect((await closed(portionGrams, [lowGrams, highGrams])).result).toBe(result);
  });

  it.each([
    [3, 'synchronized', 'fed'],
    [6, 'synchronized', 'fed_late'],
    [20, 'estimated', 'fed'],
    [31, 'estimated', 'fed_late'],
  ] as const)(
    'begun %i min after its time by a clock that is %s, and served, is %s, as without a crash',
    async (lateMinutes, quality, verdict) => {
      const time = { ...journalTime(lateMinutes * 60_000), quality };
      const occurrence = sampleOccurrence('2026-11-22', { dueAtMs: journalTime(0).wallMs });
      const { store } = await closed(20, [19, 21], { occurrence, time });
      expect(store.schedule.occurrence(occurrence.key)?.verdict).toBe(verdict);
    },
  );
});
