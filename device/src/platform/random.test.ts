import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from './random.ts';

function take(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe('SeededRandom', () => {
  it('gives the same stream for the same seed and another one for any other', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (one, two) => {
        const a = new SeededRandom(one);
        const b = new SeededRandom(one);
        const other = new SeededRandom(two);
        const streamA = take(8, () => a.uint32());
        expect(take(8, () => b.uint32())).toEqual(streamA);
        if (one !== two) expect(take(8, () => other.uint32())).not.toEqual(streamA);
      }),
    );
  });

  it('keeps its stream from one release to the next', () => {
    const random = new SeededRandom('feeder');
    expect(take(4, () => random.uint32())).toMatchInlineSnapshot(`
      [
        922271924,
        1105329582,
        4038024961,
        1400551750,
      ]
    `);
  });

  it('spreads evenly', () => {
    const random = new SeededRandom(1);
    const values = take(100_000, () => random.next());
    expect(mean(values)).toBeCloseTo(0.5, 2);
    expect(mean(values.map((value) => value * value))).toBeCloseTo(1 / 3, 2);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it('draws normal deviates', () => {
    const random = new SeededRandom(2);
    const values = take(100_000, () => random.gaussian());
    expect(mean(values)).toBeCloseTo(0, 1);
    expect(mean(values.map((value) => value * value))).toBeCloseTo(1, 1);
    expect(mean(values.map((value) => value ** 4))).toBeGreaterThan(2.8);
    expect(mean(values.map((value) => value ** 4))).toBeLessThan(3.2);
  });

  it('draws exponential deviates and chances', () => {
    const random = new SeededRandom(3);
    expect(mean(take(100_000, () => random.exponential(5)))).toBeCloseTo(5, 0);
    expect(mean(take(100_000, () => Number(random.chance(0.2))))).toBeCloseTo(0.2, 1);
    expect(take(1000, () => Number(random.chance(0)))).not.toContain(1);
    expect(take(1000, () => Number(random.chance(1)))).not.toContain(0);
  });

  it('gives each part a stream that the draws of another do not move', () => {
    const quiet = new SeededRandom(4);
    const quietHopper = quiet.fork('hopper');
    const quietAuger = quiet.fork('auger');
    const busy = new SeededRandom(4);
    const busyHopper = busy.fork('hopper');
    take(1000, () => busyHopper.next());
    const busyAuger = busy.fork('auger');
    expect(take(8, () => busyAuger.uint32())).toEqual(take(8, () => quietAuger.uint32()));
    expect(quietHopper.uint32()).not.toBe(quietAuger.uint32());
  });

  it('fills bytes', () => {
    const bytes = new SeededRandom(5).bytes(4096);
    expect(bytes).toHaveLength(4096);
    expect(new Set(bytes).size).toBe(256);
  });
});
