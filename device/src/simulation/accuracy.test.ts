import { describe, expect, it } from 'vitest';
import { parseProfile } from '../hardware/simulated/load-profile.ts';
import { measureAccuracy } from './accuracy.ts';
import { AccuracyFeeder } from './accuracy-feeder.ts';
import { reportOf, tableOf } from './accuracy-report.ts';
import { countWords, mean, quantile } from './statistics.ts';

const options = { profile: 'test', feedings: 25, seed: 3, portionGrams: null };
const quiet = { cat: { visitsPerDay: 0, arrivesWhileDispensingProbability: 0 } };

describe('the accuracy harness', () => {
  it('finds the feeder close to the portion, inside its interval and ahead of its rivals', async () => {
    const report = await measureAccuracy(parseProfile(quiet), options);
    expect(report.errorGrams.p95).toBeLessThan(0.6);
    expect(Math.abs(report.biasGrams)).toBeLessThan(0.2);
    expect(report.overshootGrams.max).toBeLessThan(1);
    expect(report.intervalCoverage).toBeGreaterThanOrEqual(0.96);
    expect(report.intervalWidthGrams.p50).toBeLessThan(1);
    expect(report.verdicts).toEqual({ served: 25 });
    expect(report.overTwoKibbles.silent).toBe(0);
    expect(report.falselyServed).toBe(0);
    expect(report.ratios.openLoop).toBeGreaterThan(1.5);
    expect(report.ratios.burst10g).toBeGreaterThan(1.5);
    expect(tableOf(report)).toContain('open loop');
  });

  it('gives the same figures for the same seed', async () => {
    const few = { ...options, feedings: 4 };
    const first = await measureAccuracy(parseProfile({}), few);
    expect(await measureAccuracy(parseProfile({}), few)).toEqual(first);
  });

  it('works where nothing but a slow scale of the other sign tells anything', async () => {
    const poor = parseProfile({
      ...quiet,
      motor: { indexEdgesPerTurn: null, hasCurrentSensor: false },
      bowlCell: { samplesPerSecondDispense: 10, noiseDispenseFactor: 1, countsPerGram: -429 },
    });
    const report = await measureAccuracy(poor, { ...options, feedings: 12 });
    expect(report.errorGrams.p95).toBeLessThan(1);
    expect(report.verdicts).toEqual({ served: 12 });
  });
});

describe('the report', () => {
  const told = (portionGrams: number, trueGrams: number, highGrams: number) =>
    ({
      portionGrams,
      trueGrams,
      seconds: 1,
      outcome: { result: 'served', fault: null, dose: { lowGrams: 0, likelyGrams: 9, highGrams } },
    }) as unknown as Parameters<typeof reportOf>[0]['fed'][number];

  it('counts what passed the portion by more than two pieces, and what was called served in vain', () => {
    const fed = [told(10, 10.4, 11), told(10, 12, 13), told(10, 12, 11), told(10, 4, 11)];
    const run = { profile: 'x', kibbleGrams: 0.3, seed: 1, portionGrams: 10, fed };
    const report = reportOf({ ...run, openLoopErrors: [1], burstErrors: [1] });
    expect(report.overTwoKibbles).toEqual({ feedings: 2, silent: 1 });
    expect(report.falselyServed).toBe(1);
  });
});

describe('a wish no larger than a piece', () => {
  it.each(['a', 'b', 'c'])('brings food, or is not called served (seed %s)', async (seed) => {
    const kibble = { pieceGramsMean: 0.95, pieceSdFraction: 0.25 };
    const feeder = new AccuracyFeeder(parseProfile({ ...quiet, kibble }), seed);
    await feeder.setUp(5, 10);
    const fed: number[] = [];
    for (let i = 0; i < 12; i++) {
      const { outcome, trueGrams } = await feeder.feed(1);
      fed.push(trueGrams);
      if (outcome.result !== 'served') continue;
      expect(outcome.turns).toBeGreaterThan(0);
      expect(outcome.dose.likelyGrams).toBeGreaterThanOrEqual(0.5);
    }
    expect(fed.filter((grams) => grams > 0).length).toBeGreaterThanOrEqual(11);
    expect(Math.max(...fed)).toBeLessThan(4);
  });
});

describe('statistics', () => {
  it('are those of the books', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([5], 0.95)).toBe(5);
    expect(quantile([], 0.5)).toBe(0);
    expect(mean([1, 2, 6])).toBe(3);
    expect(mean([])).toBe(0);
    expect(countWords(['a', 'b', 'a'])).toEqual({ a: 2, b: 1 });
  });
});
