import { expect, test } from 'vitest';
import { faultKinds } from '../../src/simulation/fault-kinds.ts';
import { runSeed } from '../../src/simulation/run-seed.ts';
import { drawScenario } from '../../src/simulation/scenario.ts';

const DAYS = 3;

test.each([1, 2, 3, 4])(
  'B-78 chaos %i: days of power cuts, full disks, clock steps, jams, noise and a cat break no rule',
  async (seed) => {
    const report = await runSeed({ scenario: drawScenario(seed, DAYS, faultKinds) });
    expect(report.violations.map(({ invariant, why }) => `${invariant}: ${why}`)).toEqual([]);
    expect(report.faults).toBeGreaterThan(0);
    expect(report.feedings).toBeGreaterThan(0);
  },
);
