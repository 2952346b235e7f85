import { describe, expect, it } from 'vitest';
import { faultKinds, faultsPerDay } from './fault-kinds.ts';
import { drawScenario } from './scenario.ts';
import { readSimOptions } from './sim-options.ts';

describe('the flags of the simulator', () => {
  it('have defaults', () => {
    expect(readSimOptions([])).toMatchObject({ seeds: 20, days: 7, firstSeed: 1, json: false });
    expect(readSimOptions([]).faults).toEqual(faultKinds);
  });

  it('take a list of faults, or none', () => {
    expect(readSimOptions(['--faults', 'jam,kill']).faults).toEqual(['kill', 'jam']);
    expect(readSimOptions(['--faults', 'none']).faults).toEqual([]);
  });

  it.each([
    ['--seeds', '0'],
    ['--seeds', '1.5'],
    ['--days', 'x'],
    ['--faults', 'rain'],
    ['--what'],
  ])('refuse %s %s', (...args) => {
    expect(() => readSimOptions(args)).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
  });
});

describe('the swarm', () => {
  const scenarios = Array.from({ length: 200 }, (_, seed) => drawScenario(seed, 4, faultKinds));

  it('gives every kind of fault to some seeds, and to some seeds none or all', () => {
    for (const kind of faultKinds) {
      const share = scenarios.filter(({ perDay }) => perDay.has(kind)).length / scenarios.length;
      expect(share).toBeGreaterThan(0.1);
      expect(share).toBeLessThan(0.6);
    }
    expect(scenarios.some(({ perDay }) => perDay.size === 0)).toBe(true);
    expect(scenarios.some(({ perDay }) => perDay.size === faultKinds.length)).toBe(true);
  });

  it('draws rates within their bounds, and plans under their caps', () => {
    for (const { perDay, settings, meals } of scenarios) {
      for (const [kind, rate] of perDay) {
        const [few, many] = faultsPerDay[kind];
        expect(rate).toBeGreaterThanOrEqual(few);
        expect(rate).toBeLessThanOrEqual(many);
      }
      const largest = Math.max(...meals.map(({ portionGrams }) => portionGrams));
      expect(largest).toBeLessThanOrEqual(settings.feedingGramsMax ?? 0);
    }
  });

  it('is the same for the same seed', () => {
    expect(drawScenario(7, 4, faultKinds)).toEqual(drawScenario(7, 4, faultKinds));
  });
});
