import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../platform/random.ts';
import { MotionLevel } from './motion-level.ts';
import { PulseModel } from './pulse-model.ts';

const TAU = 2 * Math.PI;

describe('the pulse of a screw', () => {
  /** A screw that swings by a tenth of a turn's food around its mean. */
  const fallen = (turns: number) => 6 * (turns + 0.1 * Math.sin(TAU * (turns + 0.2)));

  function taught(noise: number): PulseModel {
    const model = new PulseModel();
    const random = new SeededRandom('pulse');
    for (let turns = 0; turns < 20; turns += 0.04) {
      const grams = fallen(turns + 0.25) - fallen(turns) + noise * random.gaussian();
      model.learn(turns, turns + 0.25, { grams, gramsPerTurn: 6 });
    }
    return model;
  }

  it('is learned from what parts of turns bring', () => {
    const model = taught(0.2);
    for (const from of [20, 20.3, 20.6, 20.9]) {
      const to = from + 0.3;
      const wanted = (fallen(to) - fallen(from)) / 6 - 0.3;
      expect(Math.abs(model.swing(from, to) - wanted)).toBeLessThan(0.03);
    }
    expect(model.restShare(0.25)).toBeLessThan(0.1);
  });

  it('is nothing where none was seen, and after noise alone', () => {
    expect(new PulseModel().swing(0, 0.3)).toBe(0);
    expect(new PulseModel().restShare(0.3)).toBeNull();
    const model = new PulseModel();
    const random = new SeededRandom('noise');
    for (let turns = 0; turns < 20; turns += 0.04) {
      const seen = { grams: 1.5 + 0.5 * random.gaussian(), gramsPerTurn: 6 };
      model.learn(turns, turns + 0.25, seen);
    }
    expect(Math.abs(model.swing(0, 0.5))).toBeLessThan(0.04);
  });

  it('does not believe what was no food', () => {
    const model = taught(0.2);
    const before = model.swing(0.1, 0.4);
    model.learn(3, 3.25, { grams: 400, gramsPerTurn: 6 });
    expect(Math.abs(model.swing(0.1, 0.4) - before)).toBeLessThan(0.05);
  });
});

describe('the level in motion', () => {
  it('is the food alone, although pieces land and something presses', () => {
    const level = new MotionLevel();
    const random = new SeededRandom('level');
    let worst = 0;
    for (let atMs = 0; atMs < 5000; atMs += 12.5) {
      const turns = atMs / 1250;
      const food = 6 * turns;
      const bump = random.chance(0.3) ? 3 * random.next() : 0;
      level.push(atMs, food + bump + 0.05 * random.gaussian(), { turns, gramsPerTurn: 6 });
      if (atMs > 500) worst = Math.max(worst, Math.abs(level.grams - food));
    }
    expect(worst).toBeLessThan(0.3);
  });

  it('is not drawn down by one bad reading', () => {
    const level = new MotionLevel();
    for (let atMs = 0; atMs < 1000; atMs += 12.5) {
      const reading = atMs === 900 ? -300 : 20 + 0.01 * (atMs % 3);
      level.push(atMs, reading, { turns: 0, gramsPerTurn: 6 });
    }
    expect(level.grams).toBeGreaterThan(19.9);
  });
});
