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
    expect(alarmAt((seconds) => 1.5 * seconds)).toBeLessThan(6);
    expect(alarmAt((seconds) => 0.8 * seconds)).toBeLessThan(8);
    expect(alarmAt((seconds) => 1.5 * seconds, 100)).toBeLessThan(7);
  });

  it.each([5, 10, 40])('is seen at once where %i g come in a second', (rate) => {
    expect(alarmAt((seconds) => rate * seconds)).toBeLessThan(4);
    expect(alarmAt((seconds) => rate * seconds, 100)).toBeLessThan(5);
  });

  it.each([0.6, 1, 2, 4])(
    'is seen where large pieces come one by one, %d g in a second',
    (rate) => {
      const random = new SeededRandom('pieces');
      const pieces = Array.from({ length: 1000 }, () => 0.8 * (0.6 + 0.8 * random.next()));
      const course = (seconds: number) => {
        const fallen = Math.floor((rate * seconds) / 0.8);
        return pieces.slice(0, fallen).reduce((sum, grams) => sum + grams, 0);
      };
      expect(alarmAt(course)).toBeLessThan(16);
      expect(alarmAt(course, 100)).toBeLessThan(16);
    },
  );

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

  it.each([0.8, 1.6, 3])(
    'is not seen in hours of a cat that pushes by %d g and eats',
    (pushGrams) => {
      const watch = new OverflowWatch();
      const random = new SeededRandom(`cat ${pushGrams}`);
      let sway = 0;
      for (let atMs = 0; atMs < 20 * 3_600_000; atMs += 100) {
        sway = 0.8 * sway + 0.6 * random.gaussian();
        const grams = 20 + pushGrams * Math.abs(sway) + 0.2 * random.gaussian();
        if (watch.isOverflowing(atMs, grams, 0.2)) expect.unreachable(`an alarm at ${atMs} ms`);
      }
    },
  );

  it('is not seen in hours of a cat that sits in the bowl', () => {
    const watch = new OverflowWatch();
    const random = new SeededRandom('sits');
    let sway = 0;
    for (let atMs = 0; atMs < 20 * 3_600_000; atMs += 100) {
      sway = 0.8 * sway + 0.6 * random.gaussian();
      if (watch.isOverflowing(atMs, 4000 * (1 + 0.05 * sway), 0.2)) expect.unreachable();
    }
  });

  it('is not seen in a paw that presses in steps', () => {
    const steps = (seconds: number) => 150 * Math.floor(seconds / 2.5);
    expect(
      alarmAt((seconds) => (seconds < 20 ? 0 : Math.min(600, steps(seconds - 20)))),
    ).toBeNull();
  });
});
