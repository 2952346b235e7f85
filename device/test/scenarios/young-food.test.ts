import { describe, expect, it } from 'vitest';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import { AccuracyFeeder } from '../../src/simulation/accuracy-feeder.ts';

const gramsPerTurnMean = 4.4;

async function makeFeeder(seed: string): Promise<AccuracyFeeder> {
  const profile = parseProfile({
    auger: { gramsPerTurnMean },
    motor: { turnsPerSecond: 1 },
    bowlCell: { samplesPerSecondDispense: 10 },
    cat: { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 },
  });
  const feeder = new AccuracyFeeder(profile, seed);
  await feeder.setUp(0, 0);
  return feeder;
}

describe('a food of which little is known, or what is known does not agree', () => {
  it('FMEA-14 learns no grams per turn from a portion that a person stopped: food may have hung', async () => {
    const feeder = await makeFeeder('stopped');
    const { model } = feeder;
    feeder.clock.after('bridge', 2300, () => feeder.world.bridge());
    feeder.clock.after('a person', 4500, () => feeder.station.cancel());
    const { outcome } = await feeder.feed(15);
    expect(outcome.result).toBe('cancelled');
    expect(outcome.dose.likelyGrams).toBeLessThan(0.6 * outcome.turns * gramsPerTurnMean);
    expect(outcome.observation?.gramsPerTurn ?? null).toBeNull();
    expect(feeder.model).toMatchObject({ gramsPerTurn: model.gramsPerTurn, samples: 0 });
  });

  it.each([2.1, 3, 4.4])(
    'FMEA-20 serves by turns no more than 1.3 of the portion where portions differed (mean %f g a turn)',
    async (gramsPerTurn) => {
      const feeder = await makeFeeder(`differs ${gramsPerTurn}`);
      const gramsPerTurnSd = Math.max(
        0.15 * gramsPerTurn,
        0.75 * (gramsPerTurnMean - gramsPerTurn),
      );
      feeder.model = { ...feeder.model, gramsPerTurn, gramsPerTurnSd, samples: 3 };
      feeder.world.disconnectScale();
      const { trueGrams, outcome } = await feeder.feed(30);
      expect(outcome.dose.method).toBe('estimated');
      expect(trueGrams).toBeLessThan(30 * 1.3 + 1);
      expect(trueGrams).toBeGreaterThan(30 * 0.6);
    },
  );
});
