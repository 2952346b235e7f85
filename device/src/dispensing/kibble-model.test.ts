import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BoardTraits } from './control-board.ts';
import {
  deviates,
  gramsPerTurnHigh,
  gramsPerTurnLow,
  guessModel,
  KNOWN_SAMPLES,
  learn,
} from './kibble-model.ts';

const traits = { nominalGramsPerTurn: 6, nominalTurnsPerSecond: 0.8 } as BoardTraits;
const seen = (gramsPerTurn: number) => ({ gramsPerTurn, inFlightGrams: 1.2, kibbleGrams: 0.2 });

function learnMany(values: readonly number[]) {
  return values.reduce((model, value) => learn(model, seen(value)), guessModel(traits));
}

describe('what is known of a kibble', () => {
  it('begins as wide as the maker of the dispenser is vague', () => {
    const guess = guessModel(traits);
    expect(guess.samples).toBe(0);
    expect(gramsPerTurnHigh(guess)).toBeCloseTo(15);
    expect(gramsPerTurnLow(guess)).toBeCloseTo(2.4);
  });

  it('takes the first observation for the guess and grows sure of it', () => {
    const model = learnMany([9, 9.2, 8.8, 9.1, 8.9, 9]);
    expect(model.gramsPerTurn).toBeCloseTo(9, 0);
    expect(model.gramsPerTurnSd).toBeLessThan(1.2);
    expect(model.samples).toBe(6);
    expect(gramsPerTurnHigh(model) / model.gramsPerTurn).toBeLessThan(1.7);
  });

  it('learns nothing from nothing', () => {
    const model = learnMany([9, 9]);
    const none = { gramsPerTurn: null, inFlightGrams: null, kibbleGrams: null };
    expect(learn(model, none)).toEqual(model);
  });

  it('FMEA-19 moves by at most 30 % for one wild observation of a known kibble', () => {
    const model = learnMany([9, 9, 9, 9]);
    expect(model.samples).toBeGreaterThan(KNOWN_SAMPLES);
    for (const wild of [0.06, 1, 40, 1e6]) {
      const next = learn(model, seen(wild));
      expect(next.gramsPerTurn).toBeLessThanOrEqual(model.gramsPerTurn * 1.3);
      expect(next.gramsPerTurn).toBeGreaterThanOrEqual(model.gramsPerTurn / 1.3);
    }
    expect(deviates(model, seen(12.5))).toBe(true);
    expect(deviates(model, seen(10))).toBe(false);
  });

  it('follows another kibble within some feedings', () => {
    let model = learnMany([9, 9, 9, 9, 9, 9]);
    for (let i = 0; i < 25; i += 1) model = learn(model, seen(6));
    expect(model.gramsPerTurn).toBeGreaterThan(5.5);
    expect(model.gramsPerTurn).toBeLessThan(6.8);
  });

  it('stays within what can be stored, whatever it is told', () => {
    const value = fc.option(fc.double(), { nil: null });
    const observation = fc.record({
      gramsPerTurn: value,
      inFlightGrams: value,
      kibbleGrams: value,
    });
    fc.assert(
      fc.property(fc.array(observation, { maxLength: 30 }), (observations) => {
        const model = observations.reduce(learn, guessModel(traits));
        expect(model.gramsPerTurn).toBeGreaterThanOrEqual(0.05);
        expect(model.gramsPerTurn).toBeLessThanOrEqual(200);
        expect(model.gramsPerTurnSd).toBeGreaterThanOrEqual(0);
        expect(model.inFlightGrams).toBeLessThanOrEqual(50);
        expect(model.kibbleGrams).toBeGreaterThanOrEqual(0.01);
        expect(gramsPerTurnLow(model)).toBeLessThan(gramsPerTurnHigh(model));
      }),
    );
  });
});
