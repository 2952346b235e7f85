import { describe, expect, test } from 'vitest';
import { expectTrueDose, practisedFeeder } from './practised-feeder.ts';

describe('I1, I11 nothing a cat does ends in too much food or in a false record', () => {
  test.each([
    [40, 1500],
    [300, 3000],
    [200, 60_000],
    [4500, 400_000],
  ])('FMEA-25 it presses on the bowl with %i g for %i ms', async (grams, forMs) => {
    const { feeder, before } = await practisedFeeder();
    const { id } = await feeder.feed(12);
    await feeder.pass(2500);
    feeder.world.leanCat(grams, forMs);
    await feeder.passUntilIdle();
    const landed = feeder.landed() - before;
    expect(landed).toBeGreaterThan(6);
    expect(landed).toBeLessThan(13);
    await expectTrueDose(feeder, id, landed);
  });

  test.each([5, 20])('FMEA-26 it eats %i g while the food falls', async (grams) => {
    const { feeder, before } = await practisedFeeder({
      cat: {
        visitsPerDay: 0,
        arrivesWhileDispensingProbability: 0,
        eatGramsPerSecond: 1,
        biteGrams: 1,
      },
    });
    const { id } = await feeder.feed(12);
    await feeder.pass(1500);
    feeder.world.eatNow(grams);
    await feeder.passUntilIdle();
    const landed = feeder.landed() - before;
    expect(landed).toBeGreaterThan(6);
    expect(landed).toBeLessThan(12 * 1.25);
    expect(feeder.world.truth().eatenGrams).toBeGreaterThan(0);
    await expectTrueDose(feeder, id, landed);
  });

  test('FMEA-26 it eats everything that comes: the turns are bounded whatever the scale says', async () => {
    let misses = 0;
    for (let n = 0; n < 10; n++) {
      const { feeder, before } = await practisedFeeder({
        cat: {
          visitsPerDay: 0,
          arrivesWhileDispensingProbability: 0,
          eatGramsPerSecond: 5,
          biteGrams: 2,
          pushGrams: 0,
        },
      });
      await feeder.pass(n * 3700);
      feeder.world.eatNow(200);
      const { id } = await feeder.feed(12);
      await feeder.passUntilIdle();
      const landed = feeder.landed() - before;
      const { dose, attempts } = await feeder.feeding(id);
      // Each attempt to free what seems to bring nothing may cost half a turn on top of the bound.
      const attemptGrams = 0.5 * feeder.world.profile.auger.gramsPerTurnMean;
      expect(landed).toBeLessThan(12 * 1.25 + 3 + attempts * attemptGrams);
      if ((dose?.highGrams ?? 0) < landed) misses += 1;
    }
    // Nobody sees what is eaten as it falls: the interval may miss one in a hundred, one in ten here.
    expect(misses).toBeLessThanOrEqual(1);
  });
});
