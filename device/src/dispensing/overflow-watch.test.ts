import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../platform/random.ts';
import { OverflowWatch } from './overflow-watch.ts';

const NOISE_GRAMS = 0.1;

/** When a level of this course first raises the alarm, in seconds; null when it never does. */
function alarmAt(course: (seconds: number) => number, periodMs = 12.5): number | null {
  const watch = new OverflowWatch();
  const random = new SeededRandom('overflow');
  for (let atMs = 0; atMs < 60_000; atMs += periodMs) {
    const grams = course(atMs / 1000) + NOISE_GRAMS * random.gaussian();
    if (watch.isOverflowing(atMs, grams, NOISE_GRAMS)) return atMs / 1000;
  }
  return null;
}

describe('FMEA-16 free flow', () => {
  it('is seen within a few seconds when the bowl gets steadily heavier', () => {
    expect(alarmAt((seconds) => 1.5 * seconds)).toBeLessThan(4);
    expect(alarmAt((seconds) => 0.8 * seconds)).toBeLessThan(6);
    expect(alarmAt((seconds) => 1.5 * seconds, 100)).toBeLessThan(5);
  });

  it('is not seen in a bowl at rest, in drift, or when something is put in', () => {
    expect(alarmAt(() => 20)).toBeNull();
    expect(alarmAt((seconds) => 0.1 * seconds)).toBeNull();
    expect(alarmAt((seconds) => (seconds > 10 ? 80 : 0))).toBeNull();
  });

  it('is not seen in the pushes of a cat', () => {
    const random = new SeededRandom('cat');
    let sway = 0;
    const push = () => {
      sway = 0.8 * sway + 0.6 * random.gaussian();
      return 30 + 4 * Math.abs(sway);
    };
    expect(alarmAt(push)).toBeNull();
    expect(alarmAt(push, 100)).toBeNull();
  });
});
