import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../platform/random.ts';
import { PressedLevel } from './pressed-level.ts';

describe('the level under a cat', () => {
  it('is found within its own doubt', () => {
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const random = new SeededRandom(seed);
      const pressed = new PressedLevel();
      let sway = 0;
      for (let atMs = 0; atMs < 1500; atMs += 12.5) {
        sway = 0.8 * sway + 0.6 * random.gaussian();
        pressed.push(atMs, 25 + 4 * Math.abs(sway) + 0.1 * random.gaussian());
      }
      const level = pressed.level(0.1);
      if (level === null) throw new Error('there were enough readings');
      expect(Math.abs(level.grams - 25)).toBeLessThan(3 * level.sigmaGrams);
      expect(level.sigmaGrams).toBeLessThan(1.2);
    }
  });

  it('is unknown after too few readings, and forgotten on reset', () => {
    const pressed = new PressedLevel();
    for (let atMs = 0; atMs < 1000; atMs += 100) pressed.push(atMs, 25);
    expect(pressed.level(0.1)).toBeNull();
    for (let atMs = 0; atMs < 1000; atMs += 12.5) pressed.push(atMs, 25);
    expect(pressed.level(0.1)).not.toBeNull();
    pressed.reset();
    expect(pressed.level(0.1)).toBeNull();
  });
});
