import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CrashEvidence, closeCrashed } from './crash-closing.ts';
import { gramsPerTurnHigh } from './kibble-model.ts';

const evidence: CrashEvidence = {
  portionGrams: 30,
  reservedGrams: 36,
  progress: { stage: 'coarse', turns: 3, servedGrams: 16 },
  bowlBeforeGrams: 5,
  weight: { grams: 23, sigmaGrams: 0.08 },
  model: {
    gramsPerTurn: 6,
    gramsPerTurnSd: 0.4,
    inFlightGrams: 1.5,
    inFlightGramsSd: 0.3,
    kibbleGrams: 0.2,
    samples: 8,
  },
  elapsedMs: 2000,
};

describe('a feeding whose end nobody saw', () => {
  it('I5 takes the measured rise when nobody can have eaten', () => {
    const dose = closeCrashed(evidence);
    expect(dose.method).toBe('measured');
    expect(dose.likelyGrams).toBeCloseTo(18, 1);
    expect(dose.highGrams - dose.lowGrams).toBeLessThan(1.5);
  });

  it('I5 takes the rise for a lower bound when a cat may have eaten', () => {
    const dose = closeCrashed({ ...evidence, elapsedMs: 1_800_000 });
    expect(dose.method).toBe('estimated');
    expect(dose.lowGrams).toBeGreaterThan(14);
    expect(dose.lowGrams).toBeLessThanOrEqual(18);
    expect(dose.highGrams).toBeGreaterThan(25);
    expect(dose.highGrams).toBeLessThan(37);
  });

  it('I7 believes half of what the scale had seen before, when the bowl is empty now', () => {
    const dose = closeCrashed({
      ...evidence,
      weight: { grams: 0, sigmaGrams: 0.08 },
      elapsedMs: null,
    });
    // The cat ate it, or leaned on the bowl when the power failed.
    expect(dose.lowGrams).toBeGreaterThan(7);
    expect(dose.lowGrams).toBeLessThanOrEqual(8);
    expect(dose.likelyGrams).toBeGreaterThanOrEqual(18);
  });

  it('I7 books the reservation when the last progress may be from long before the end', () => {
    const dose = closeCrashed({
      ...evidence,
      reservedGrams: 80,
      progress: { stage: 'claimed', turns: 0, servedGrams: null },
      bowlBeforeGrams: null,
      weight: { grams: 69, sigmaGrams: 0.08 },
      elapsedMs: 165_000,
    });
    expect(dose).toMatchObject({ lowGrams: 0, method: 'unknown' });
    expect(dose.highGrams).toBeGreaterThanOrEqual(80);
  });

  it('bounds by the reservation when there is no weight', () => {
    const dose = closeCrashed({
      ...evidence,
      reservedGrams: 80,
      weight: null,
      progress: { stage: 'disturbed', turns: 2, servedGrams: null },
    });
    expect(dose).toMatchObject({ lowGrams: 0, method: 'estimated' });
    expect(dose.highGrams).toBeCloseTo(80.6, 5);
    expect(dose.likelyGrams).toBeCloseTo(12, 5);
  });

  it('I7 books what was turned beyond the reservation', () => {
    const dose = closeCrashed({
      ...evidence,
      weight: null,
      progress: { stage: 'coarse', turns: 9, servedGrams: null },
    });
    expect(dose.highGrams).toBeGreaterThan(9 * gramsPerTurnHigh(evidence.model));
  });

  it('I7 books the pieces that each stop let go of into a blocked chute', () => {
    const dose = closeCrashed({
      ...evidence,
      portionGrams: 1.3,
      reservedGrams: 2.8,
      progress: { stage: 'fine', turns: 0.1, servedGrams: 0 },
      weight: { grams: 5, sigmaGrams: 0.08 },
      model: { ...evidence.model, kibbleGrams: 1.2 },
      elapsedMs: 22_000,
    });
    expect(dose.highGrams).toBeGreaterThanOrEqual(2.8 + 3 * 1.2);
    expect(dose.lowGrams).toBe(0);
  });

  it('I7 books a rise beyond the reservation, because a cat only takes away', () => {
    const dose = closeCrashed({ ...evidence, weight: { grams: 52, sigmaGrams: 0.08 } });
    expect(dose.highGrams).toBeGreaterThanOrEqual(47);
    expect(dose.highGrams).toBeLessThan(50);
    expect(dose.lowGrams).toBeLessThanOrEqual(16);
  });

  it('promises nothing of what the motor cannot have brought, and believes only a part', () => {
    const dose = closeCrashed({
      ...evidence,
      reservedGrams: 80,
      progress: { stage: 'baseline', turns: 0, servedGrams: 0 },
      weight: { grams: 205, sigmaGrams: 0.08 },
    });
    expect(dose).toMatchObject({ lowGrams: 0, likelyGrams: 0, method: 'unknown' });
    expect(dose.highGrams).toBeCloseTo(120.9, 5);
  });

  it('is an interval that leaves out nothing reserved or turned, for any evidence', () => {
    const grams = fc.double({ min: -500, max: 5000, noNaN: true });
    const any = fc.record({
      portionGrams: fc.double({ min: 1, max: 150, noNaN: true }),
      reservedGrams: fc.double({ min: 1, max: 200, noNaN: true }),
      progress: fc.record({
        stage: fc.constantFrom('claimed', 'coarse', 'disturbed'),
        turns: fc.double({ min: 0, max: 400, noNaN: true }),
        servedGrams: fc.option(grams, { nil: null }),
      }),
      bowlBeforeGrams: fc.option(grams, { nil: null }),
      weight: fc.option(
        fc.record({ grams, sigmaGrams: fc.double({ min: 0, max: 5, noNaN: true }) }),
        { nil: null },
      ),
      elapsedMs: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: null }),
    });
    fc.assert(
      fc.property(any, (given) => {
        const dose = closeCrashed({ ...evidence, ...given });
        expect(dose.lowGrams).toBeGreaterThanOrEqual(0);
        expect(dose.lowGrams).toBeLessThanOrEqual(dose.likelyGrams);
        expect(dose.likelyGrams).toBeLessThanOrEqual(dose.highGrams);
        const turned = given.progress.turns * gramsPerTurnHigh(evidence.model);
        const most = Math.max(given.reservedGrams, turned) + 3 * evidence.model.kibbleGrams;
        expect(dose.highGrams).toBeLessThanOrEqual(1.5 * most + 1e-9);
        if (dose.method === 'measured') return;
        expect(dose.highGrams).toBeGreaterThanOrEqual(Math.max(given.reservedGrams, turned));
      }),
    );
  });
});
