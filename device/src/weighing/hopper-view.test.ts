import type { Grams, ScaleCalibration } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../platform/random.ts';
import { HopperView } from './hopper-view.ts';

const NOMINAL = 100;
const EMPTY_GRAMS = 900;
const calibration: ScaleCalibration = {
  zeroCounts: EMPTY_GRAMS * NOMINAL,
  countsPerGram: NOMINAL,
  noiseGrams: 0.4,
  taredAtMs: 1,
  spannedAtMs: null,
};

/** A cell that is read ten times a second for some seconds. */
function rig(noiseGrams: Grams = 0.4, seed: number | string = 1) {
  const random = new SeededRandom(`hopper ${seed}`);
  const view = new HopperView(NOMINAL);
  let nowMs = 0;
  return {
    view,
    now: () => nowMs,
    watch(seconds: number, grams: (second: number) => Grams) {
      for (let at = 0; at < seconds * 10; at += 1) {
        nowMs += 100;
        const load = EMPTY_GRAMS + grams(at / 10) + noiseGrams * random.gaussian();
        view.accept(nowMs, Math.round(load * NOMINAL));
      }
    },
  };
}

describe('HopperView', () => {
  it('says why it knows no grams', () => {
    const none = new HopperView(null);
    none.accept(100, 5);
    expect(none.reading()).toEqual({ hopperGrams: null, hopperState: 'not_fitted' });
    const { view, watch } = rig();
    expect(view.reading().hopperState).toBe('not_calibrated');
    view.setCalibration(calibration);
    expect(view.reading()).toEqual({ hopperGrams: null, hopperState: 'waiting' });
    watch(3, () => -200);
    expect(view.reading()).toEqual({ hopperGrams: null, hopperState: 'below_zero' });
    for (let at = 0; at < 5; at += 1) view.accept(10_000 + at, null);
    expect(view.reading()).toEqual({ hopperGrams: null, hopperState: 'silent' });
    for (let at = 0; at < 60; at += 1) view.accept(11_000 + at, 77);
    expect(view.reading()).toEqual({ hopperGrams: null, hopperState: 'stuck' });
    for (let at = 0; at < 9; at += 1) view.accept(12_000 + at, 8_388_607);
    expect(view.reading()).toEqual({ hopperGrams: null, hopperState: 'saturated' });
  });

  it('shows the food, and never less than nothing', () => {
    const { view, watch } = rig();
    view.setCalibration(calibration);
    watch(5, () => 1234);
    expect(Math.abs((view.reading().hopperGrams ?? 0) - 1234)).toBeLessThan(0.5);
    watch(5, () => -4);
    expect(view.reading()).toEqual({ hopperGrams: 0, hopperState: 'weighed' });
  });

  it('takes a new calibration for the readings that it has', () => {
    const { view, watch } = rig();
    watch(3, () => 500);
    view.setCalibration({ ...calibration, countsPerGram: NOMINAL / 2 });
    expect(Math.abs((view.reading().hopperGrams ?? 0) - 1000)).toBeLessThan(2);
  });

  it('finds a level that stands still, however noisy the cell', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 4, noNaN: true }), fc.nat(), (noise, seed) => {
        const { view, watch, now } = rig(noise, seed);
        watch(3, () => 2000);
        const fromMs = now();
        watch(12, () => 300);
        const still = view.still(fromMs, now());
        // A spread that looks wide by chance is waited out; the level is right when it is given.
        if (still === null) return;
        expect(Math.abs(still.counts / NOMINAL - EMPTY_GRAMS - 300)).toBeLessThan(noise * 1.5);
        expect(still.sigmaGrams).toBeLessThan(noise);
      }),
      { numRuns: 60 },
    );
    const { view, watch } = rig(0.4);
    watch(4, () => 300);
    expect(view.still(0, 4000)).not.toBeNull();
  });

  it('finds none before two seconds, while food is poured in, and from a silent cell', () => {
    const { view, watch, now } = rig();
    watch(1, () => 300);
    expect(view.still(0, now())).toBeNull();
    watch(5, (second) => 300 + second * 40);
    expect(view.still(0, now())).toBeNull();
    watch(5, () => 500);
    expect(view.still(0, now())).not.toBeNull();
    expect(view.still(now(), now() + 5000)).toBeNull();
    for (let at = 0; at < 5; at += 1) view.accept(now() + at, null);
    expect(view.still(0, now())).toBeNull();
  });
});
