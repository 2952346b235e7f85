import { describe, expect, it } from 'vitest';
import { faultKinds } from './fault-kinds.ts';
import { mutants } from './mutants.ts';
import { runSeed } from './run-seed.ts';
import { drawScenario } from './scenario.ts';

const run = (seed: number, faults = faultKinds) =>
  runSeed({ scenario: drawScenario(seed, 1, faults) });

describe('one seed of the whole device', () => {
  it('is the same run each time', async () => {
    const [first, second, other] = [await run(3), await run(3), await run(4)];
    expect(first.traceHash).toBe(second.traceHash);
    expect(first.traceHash).not.toBe(other.traceHash);
  });

  it('feeds, checks and finds nothing wrong without faults', async () => {
    const report = await runSeed({ scenario: drawScenario(2, 2, []) });
    expect(report.violations.map(({ why }) => why)).toEqual([]);
    expect(report.faults).toBe(0);
    expect(report.feedings).toBeGreaterThan(2);
    expect(report.occurrencesChecked).toBeGreaterThan(2);
    expect(report.punctualityChecked).toBeGreaterThan(2);
  });

  it('shows the trail and the seed of what breaks', async () => {
    const mutant = mutants.find(({ name }) => name === 'claim_before_motion');
    const lines: string[] = [];
    const { violations } = await runSeed({
      scenario: drawScenario(1, 2, ['kill'], 'dense'),
      print: (line) => lines.push(line),
      ...(mutant === undefined ? {} : { sabotage: mutant.sabotage() }),
    });
    expect(violations[0]).toMatchObject({ seed: 1, invariant: 'I1' });
    expect(violations[0]?.trail.join('\n')).toContain('VIOLATION I1');
    expect(lines.length).toBeGreaterThan(10);
  });
});

describe('the mutants', () => {
  it('have names of their own and say what they take away', () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
    expect(mutants.filter(({ rule }) => rule.length < 10)).toEqual([]);
  });
});
