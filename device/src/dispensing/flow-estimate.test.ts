import { describe, expect, it } from 'vitest';
import type { BoardTraits } from './control-board.ts';
import { FlowEstimate } from './flow-estimate.ts';
import { guessModel } from './kibble-model.ts';
import { PulseModel } from './pulse-model.ts';

const traits = { nominalGramsPerTurn: 6, nominalTurnsPerSecond: 0.8 } as BoardTraits;

describe('turns without a scale', () => {
  it('prove no food before any was ever weighed, and bound it all the same', () => {
    const guessed = new FlowEstimate(guessModel(traits), traits, new PulseModel());
    const estimate = guessed.blindEstimate(2);
    expect(estimate.lowGrams).toBe(0);
    expect(estimate.highGrams).toBeGreaterThan(30);
  });

  it('prove some food once a kibble is known', () => {
    const model = { ...guessModel(traits), samples: 6, gramsPerTurnSd: 0.4 };
    const known = new FlowEstimate(model, traits, new PulseModel());
    expect(known.blindEstimate(2).lowGrams).toBeGreaterThan(5);
  });
});
