import { DAY_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { emptyCoverage } from './checkers/mass-balance.ts';
import type { SeedReport } from './run-seed.ts';
import { RunTotals } from './run-totals.ts';
import { readSimOptions } from './sim-options.ts';

function reportOf(seed: number, more: Partial<SeedReport> = {}): SeedReport {
  return {
    seed,
    faults: 30,
    feedings: 10,
    boots: 2,
    occurrencesChecked: 5,
    punctualityChecked: 4,
    hungerChecked: 1,
    catchUps: 1,
    overshoots: 0,
    falseAlarms: 0,
    refusalsChecked: 2,
    coverage: emptyCoverage(),
    violations: [],
    traceHash: `hash of ${seed}`,
    ...more,
  };
}

const options = readSimOptions(['--days', '4']);
const took = { seconds: 2, cpuSeconds: 4 };

describe('the figures of a run', () => {
  it('sum up the seeds', () => {
    const totals = new RunTotals(options);
    totals.add(reportOf(1));
    totals.add(reportOf(2));
    expect(totals.figures(took)).toMatchObject({
      seeds: 2,
      faults: 60,
      faultsPerFeederDay: 7.5,
      feederDays: 8,
      feederDaysPerSecond: 4,
      feederDaysPerCpuSecond: 2,
      feedings: 20,
      violations: 0,
      violatingSeeds: [],
    });
    expect(totals.progress(31)).toContain('2 seeds, 8 feeder-days, 60 faults, 20 feedings');
  });

  it('have one hash, in whatever order the seeds came', () => {
    const [there, back] = [new RunTotals(options), new RunTotals(options)];
    for (const seed of [1, 2, 3]) there.add(reportOf(seed));
    for (const seed of [3, 1, 2]) back.add(reportOf(seed));
    expect(there.figures(took).traceHash).toBe(back.figures(took).traceHash);
    back.add(reportOf(4));
    expect(there.figures(took).traceHash).not.toBe(back.figures(took).traceHash);
  });

  it('name the seeds that broke an invariant, and count only the days that they lived', () => {
    const totals = new RunTotals(options);
    const violation = { invariant: 'I1', atMs: DAY_MS, why: 'twice', trail: [] };
    for (const seed of [9, 7]) {
      totals.add(reportOf(seed, { violations: [{ ...violation, seed }] }));
    }
    expect(totals.figures(took)).toMatchObject({
      violations: 2,
      violatingSeeds: [7, 9],
      feederDays: 2,
    });
  });
});
