import { describe, expect, it } from 'vitest';
import { span, tare } from './calibration.ts';
import { CellWatch, SATURATED_AFTER, SILENT_AFTER, STUCK_AFTER } from './cell-watch.ts';
import { COUNTS_MAX, COUNTS_MIN, factoryCalibration, isSaturated, toGrams } from './load-cell.ts';

const fresh = factoryCalibration(-400);
const level = { counts: 50_000, sigmaGrams: 0.06, heldMs: 2000 };
const at = { nowMs: 1_700_000_000_000, confirm: false };

function accepted(verdict: ReturnType<typeof tare>) {
  if (verdict.kind !== 'accepted') throw new Error(`refused: ${verdict.reason}`);
  return verdict.calibration;
}

describe('tare', () => {
  it('takes any still level the first time', () => {
    const tared = accepted(tare(fresh, level, at));
    expect(toGrams(tared, 50_000)).toBeCloseTo(0, 9);
    expect(tared.noiseGrams).toBe(0.06);
  });

  it('FMEA-29 refuses what moves, what was watched too briefly, and another zero', () => {
    const tared = accepted(tare(fresh, level, at));
    expect(tare(tared, null, at)).toMatchObject({ reason: 'unstable' });
    expect(tare(tared, { ...level, heldMs: 500 }, at)).toMatchObject({ reason: 'unstable' });
    expect(tare(tared, { ...level, sigmaGrams: 2 }, at)).toMatchObject({ reason: 'unstable' });
    const paw = { ...level, counts: 50_000 - 400 * 40 };
    expect(tare(tared, paw, at)).toMatchObject({ reason: 'outside_band' });
    expect(tare(tared, paw, { ...at, confirm: true }).kind).toBe('accepted');
    expect(tare(tared, { ...level, counts: 50_400 }, at).kind).toBe('accepted');
  });
});

describe('span', () => {
  const tared = accepted(tare(fresh, level, at));
  const known = { ...level, counts: 50_000 - 430 * 200 };

  it('gives the factor with its sign from a known mass', () => {
    const spanned = accepted(span(tared, known, { ...at, knownGrams: 200 }));
    expect(spanned.countsPerGram).toBeCloseTo(-430, 6);
    expect(toGrams(spanned, known.counts)).toBeCloseTo(200, 6);
  });

  it('refuses a change of more than 20 % without a confirmation', () => {
    const wish = { ...at, knownGrams: 150 };
    expect(span(tared, known, wish)).toMatchObject({ reason: 'factor_changed' });
    expect(span(tared, known, { ...wish, confirm: true }).kind).toBe('accepted');
  });

  it('refuses a mass that is too small, a bowl that moves, and no change at all', () => {
    expect(span(tared, known, { ...at, knownGrams: 5 })).toMatchObject({
      reason: 'mass_too_small',
    });
    expect(span(tared, null, { ...at, knownGrams: 200 })).toMatchObject({ reason: 'unstable' });
    expect(span(tared, level, { ...at, knownGrams: 200, confirm: true }).kind).toBe('refused');
    const withMassIn = { ...level, counts: 50_000 + 430 * 200 };
    expect(span(tared, withMassIn, { ...at, knownGrams: 200, confirm: true })).toMatchObject({
      reason: 'factor_changed',
    });
  });
});

describe('B-54 the cell watch', () => {
  it('FMEA-20 calls a cell silent after five missing conversions, until the next one', () => {
    const watch = new CellWatch();
    for (let i = 1; i < SILENT_AFTER; i += 1) watch.accept(null);
    expect(watch.state).toBe('ok');
    watch.accept(null);
    expect(watch.state).toBe('silent');
    expect(watch.accept(123)).toBe(true);
    expect(watch.state).toBe('ok');
  });

  it('FMEA-21 calls a cell stuck after fifty equal readings', () => {
    const watch = new CellWatch();
    for (let i = 1; i < STUCK_AFTER; i += 1) watch.accept(77);
    expect(watch.state).toBe('ok');
    watch.accept(77);
    expect(watch.state).toBe('stuck');
    watch.accept(78);
    expect(watch.state).toBe('ok');
  });

  it('FMEA-21 takes no equal readings in a row from a cell that showed noise', () => {
    const watch = new CellWatch();
    for (let i = 0; i < 60; i += 1) expect(watch.accept((i * 37) % 101)).toBe(true);
    const taken = Array.from({ length: 12 }, () => watch.accept(40)).filter(Boolean);
    expect(taken.length).toBeLessThan(6);
    expect(watch.state).toBe('ok');
    expect(watch.accept(41)).toBe(true);
  });

  it('FMEA-21 takes them from a cell that is as quiet as its steps', () => {
    const watch = new CellWatch();
    const quiet = Array.from({ length: 300 }, (_, i) => watch.accept(i % 8 === 0 ? 41 : 40));
    expect(quiet.every(Boolean)).toBe(true);
  });

  it('FMEA-22 discards readings at the ends and calls it saturated when they last', () => {
    const watch = new CellWatch();
    expect(isSaturated(COUNTS_MAX) && isSaturated(COUNTS_MIN) && isSaturated(Number.NaN)).toBe(
      true,
    );
    expect(watch.accept(COUNTS_MAX)).toBe(false);
    for (let i = 1; i < SATURATED_AFTER; i += 1)
      watch.accept(i % 2 === 0 ? COUNTS_MAX : COUNTS_MIN);
    expect(watch.state).toBe('saturated');
    watch.reset();
    expect(watch.state).toBe('ok');
  });
});
