import { describe, expect, it } from 'vitest';
import { FoodAccount } from './food-account.ts';

const at = (turns: number) => ({ turns, hiddenTurns: 0, doubtTurns: 0, standingTurns: 0 });
const nothing = { lowGrams: 0, likelyGrams: 0, highGrams: 0 };

describe('I7 the account of one run', () => {
  it('counts clean stretches by their rise', () => {
    const account = new FoodAccount();
    account.begin(20, at(0));
    account.closeClean(25, at(1));
    account.closeClean(27, at(1.4));
    expect(account.likelyGrams).toBe(7);
    expect(account.hasEstimate).toBe(false);
  });

  it('promises nothing of the last short looks when somebody turns out to be there', () => {
    const account = new FoodAccount();
    account.begin(20, at(0));
    for (const rise of [0.5, 1, 1.2]) account.suspectPress(rise);
    account.closeEstimated(nothing, null, at(1));
    expect(account.pressedGrams).toBeCloseTo(2.2);
  });

  it('believes them when the bowl then stands still for long', () => {
    const account = new FoodAccount();
    account.suspectPress(1);
    account.confirm();
    account.closeEstimated(nothing, null, at(1));
    expect(account.pressedGrams).toBe(0);
  });

  it('takes no more for a paw than keeps still', () => {
    const account = new FoodAccount();
    account.suspectPress(30);
    account.giveUpUnconfirmed();
    expect(account.pressedGrams).toBeLessThan(5);
  });
});
