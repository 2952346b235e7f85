import { describe, expect, it } from 'vitest';
import { syncFaults } from './faults.ts';
import { runSeed } from './run-seed.ts';

describe('a simulated world', () => {
  it('is the same for the same seed, and another one for another seed', async () => {
    const seeds = [7, 7, 8];
    const reports = await Promise.all(seeds.map((seed) => runSeed({ seed, faults: syncFaults })));
    const [first, again, other] = reports.map(({ traceHash }) => traceHash);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it('breaks nothing in a dozen seeds, with faults of most kinds', async () => {
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const { violations, byKind, starts } = await runSeed({ seed, faults: syncFaults });
      expect(violations.map(({ seed: at, why }) => `${at}: ${why}`)).toEqual([]);
      expect(starts).toBeGreaterThan(0);
      for (const kind of byKind.keys()) kinds.add(kind);
    }
    expect(kinds.size).toBeGreaterThan(30);
  }, 30_000);
});
