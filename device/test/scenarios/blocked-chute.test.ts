import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import { AccuracyFeeder } from '../../src/simulation/accuracy-feeder.ts';

const PORTION_GRAMS = 1.1;

/** Large pieces of which nearly one lets go at each stop, on a noisy cell. */
async function feedBlocked(how: { seed: string; rounds: number }) {
  const pieceGrams = 1.15;
  const gramsPerTurn = 4.65;
  const profile = parseProfile({
    kibble: { pieceGramsMean: pieceGrams },
    auger: { gramsPerTurnMean: gramsPerTurn },
    motor: { indexEdgesPerTurn: 40, turnsPerSecond: 1.13 },
    chute: { dribblePiecesMean: 0.9, holdsGrams: 200 },
    bowlCell: { samplesPerSecondDispense: 10, noiseGrams: 0.2 },
    cat: { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 },
    faults: { chuteClearsOnReverseProbability: 0 },
  });
  const feeder = new AccuracyFeeder(profile, how.seed);
  await feeder.setUp(how.rounds, 12);
  feeder.world.blockChute();
  const { outcome, trueGrams } = await feeder.feed(PORTION_GRAMS);
  const heldGrams = trueGrams + feeder.world.truth().inFlightGrams;
  const boundGrams = 1.25 * PORTION_GRAMS + 0.4 * gramsPerTurn + 3 * pieceGrams;
  return { outcome, heldGrams, boundGrams };
}

describe('FMEA-14 blocked chute: what stops let go counts against the bound of the portion', () => {
  it('gives up before it could pass the bound on turns by more than chance', async () => {
    const shares: number[] = [];
    for (let n = 0; n < 40; n += 1) {
      const fed = await feedBlocked({ seed: `stops ${n}`, rounds: 4 });
      const { result, dose } = fed.outcome;
      expect(`${result} ${dose.method}`).not.toBe('served measured');
      shares.push(fed.heldGrams / fed.boundGrams);
    }
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeLessThan(1);
    expect(Math.max(...shares)).toBeLessThan(1.9);
  });

  it('takes noise for no piece, so that the row of empty pulses ends also for a food nobody knows', async () => {
    const helds: number[] = [];
    for (let n = 0; n < 30; n += 1) {
      const fed = await feedBlocked({ seed: `noise ${n}`, rounds: 0 });
      helds.push(fed.heldGrams);
    }
    expect(Math.max(...helds)).toBeLessThan(20);
  });
});
