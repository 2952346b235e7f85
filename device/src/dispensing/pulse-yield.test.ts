import { describe, expect, it } from 'vitest';
import { EMPTY_ROW_MAX, PulseYield } from './pulse-yield.ts';

function learned(rises: readonly number[], rounds: number): PulseYield {
  const short = new PulseYield();
  for (let i = 0; i < rounds; i += 1) {
    for (const grams of rises) {
      short.learn({ expectedGrams: 0.3, grams, kibbleGrams: 1.2, isSeen: grams > 0.1 });
    }
  }
  return short;
}

describe('what a short pulse brings', () => {
  it('is guessed widely before anything was seen', () => {
    const short = new PulseYield();
    expect(short.highExcessGrams(0.3, 0.5)).toBeGreaterThan(2 * 0.5);
    expect(short.highExcessGrams(0.3, 0.5)).toBeGreaterThan(short.usualExcessGrams(0.3, 0.5));
  });

  it('takes the lower rises for single pieces', () => {
    expect(learned([0, 0.5, 0.5, 1], 40).pieceGrams(1.2)).toBeCloseTo(0.5);
  });

  it('is a piece where pulses never bring more', () => {
    const short = learned([0, 0, 0.5], 60);
    expect(short.highExcessGrams(0.3, 0.5)).toBeLessThan(0.5);
  });

  it('reaches further where several pieces come now and then', () => {
    const single = learned([0, 0.5, 0.5, 0.5], 40);
    const several = learned([0, 0.5, 0.5, 1.5], 40);
    expect(several.highExcessGrams(0.3, 0.5)).toBeGreaterThan(single.highExcessGrams(0.3, 0.5));
  });

  it('bounds how many in a row may bring nothing, more narrowly where few ever did', () => {
    const always = learned([0.5, 0.5, 0.5, 0.5], 40);
    const seldom = learned([0, 0, 0, 0, 0.5], 40);
    expect(always.emptyRowMax).toBeLessThan(10);
    expect(seldom.emptyRowMax).toBe(EMPTY_ROW_MAX);
    expect(new PulseYield().emptyRowMax).toBe(EMPTY_ROW_MAX);
  });

  it('says what an unseen pulse may have left in the chute: no less than its turns', () => {
    const short = learned([0, 0.5, 1], 40);
    expect(short.hiddenGrams(0.1)).toBeCloseTo(0.75);
    expect(short.hiddenGrams(2)).toBe(2);
    expect(new PulseYield().hiddenGrams(0.2)).toBe(0.2);
  });

  it('bounds what stops have let go: wide for few that were seen, never less than the mean', () => {
    const few = learned([0, 0.3, 0.6, 0.9], 1);
    const many = learned([0, 0.3, 0.6, 0.9], 40);
    for (const stops of [1, 5, 12]) {
      expect(many.dribbledMostGrams(stops, 0.3)).toBeGreaterThan(stops * many.dribbleGrams(0.3));
    }
    const doubt = (short: PulseYield) =>
      (short.dribbledMostGrams(8, 0.3) - 8 * short.dribbleGrams(0.3)) / short.dribbleGrams(0.3);
    expect(doubt(few)).toBeGreaterThan(doubt(many));
  });

  it('learns nothing from a blocked chute, however often it is tried', () => {
    const short = learned([0.5, 0.5, 0, 0.5], 40);
    const { emptyRowMax } = short;
    const dribble = short.dribbleGrams(0.5);
    for (let i = 0; i < 30; i += 1) {
      short.learn({ expectedGrams: 0.3, grams: 0, kibbleGrams: 0.5, isSeen: false });
    }
    expect(short.emptyRowMax).toBe(emptyRowMax);
    short.forgetEmpty();
    short.learn({ expectedGrams: 0.3, grams: 0.5, kibbleGrams: 0.5, isSeen: true });
    expect(short.emptyRowMax).toBe(emptyRowMax);
    expect(Math.abs(short.dribbleGrams(0.5) - dribble)).toBeLessThan(0.05);
  });

  it('says what lets go after a stop: half a piece until pulses have shown it', () => {
    expect(new PulseYield().dribbleGrams(1.6)).toBeCloseTo(0.8);
    const short = new PulseYield();
    for (let i = 0; i < 100; i += 1) {
      short.learn({ expectedGrams: 0.1, grams: 1.1, kibbleGrams: 1, isSeen: true });
    }
    expect(short.dribbleGrams(1)).toBeGreaterThan(0.9);
  });
});
