import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../platform/random.ts';
import { FloorWatch } from './floor-watch.ts';
import { MassFilter } from './mass-filter.ts';
import { PushWatch } from './push-watch.ts';
import { SettlingWindow } from './settling.ts';
import { SpikeFilter } from './spike-filter.ts';

describe('the spike filter', () => {
  it('FMEA-24 lets no spike through, and a step after three readings', () => {
    const filter = new SpikeFilter(5, 0.8);
    const random = new SeededRandom(1);
    for (let i = 0; i < 200; i += 1) {
      const isSpike = i % 20 === 10;
      const out = filter.accept(10 + 0.1 * random.gaussian() + (isSpike ? 500 : 0));
      expect(Math.abs(out - 10)).toBeLessThan(0.6);
      expect(filter.rejected).toBe(isSpike);
    }
    const step = [40, 40, 40].map((grams) => filter.accept(grams));
    expect(step[0]).toBeLessThan(11);
    expect(step[2]).toBe(40);
  });
});

describe('the mass filter', () => {
  it('averages at rest', () => {
    const filter = new MassFilter(0.1);
    const random = new SeededRandom(2);
    for (let i = 0; i < 400; i += 1) filter.update(i * 12.5, 20 + 0.1 * random.gaussian(), false);
    expect(filter.massGrams).toBeCloseTo(20, 1);
    expect(filter.sigmaGrams).toBeLessThan(0.05);
  });

  it('follows a flow and knows its rate', () => {
    const filter = new MassFilter(0.1);
    const random = new SeededRandom(3);
    for (let i = 0; i < 400; i += 1) {
      filter.update(i * 12.5, 4 * i * 0.0125 + 0.1 * random.gaussian(), true);
    }
    expect(Math.abs(filter.massGrams - 4 * 399 * 0.0125)).toBeLessThan(0.3);
    expect(Math.abs(filter.flowGramsPerSecond - 4)).toBeLessThan(1.5);
  });

  it('jumps to a new level instead of crawling there', () => {
    const filter = new MassFilter(0.1);
    for (let i = 0; i < 100; i += 1) filter.update(i * 12.5, 20, false);
    for (let i = 100; i < 104; i += 1) filter.update(i * 12.5, 320, false);
    expect(filter.massGrams).toBeCloseTo(320, 0);
  });
});

describe('settling', () => {
  const still = (course: (seconds: number) => number, noise = 0.1) => {
    const window = new SettlingWindow();
    const random = new SeededRandom(4);
    for (let atMs = 0; atMs < 3000; atMs += 12.5) {
      window.push(atMs, course(atMs / 1000) + noise * random.gaussian());
    }
    return window.look(1000, 0.1).isStill;
  };

  it('is rest, and noise as large as the cell has', () => {
    expect(still(() => 20)).toBe(true);
  });

  it('is neither a slope, nor a step, nor a push', () => {
    expect(still((seconds) => 0.5 * seconds)).toBe(false);
    expect(still((seconds) => (seconds > 2.6 ? 21 : 20))).toBe(false);
    expect(still((seconds) => 20 + Math.abs(Math.sin(seconds * 9)))).toBe(false);
    expect(still(() => 20, 0.5)).toBe(false);
  });

  it('wants a full window', () => {
    const window = new SettlingWindow();
    for (let atMs = 0; atMs < 300; atMs += 12.5) window.push(atMs, 20);
    expect(window.look(1000, 0.1).isStill).toBe(false);
    expect(window.look(250, 0.1).isStill).toBe(true);
    expect(window.median(250)).toBe(20);
  });
});

describe('the floor watch', () => {
  const fallsAt = (course: (seconds: number) => number) => {
    const watch = new FloorWatch();
    const random = new SeededRandom(5);
    watch.reset(0);
    for (let atMs = 0; atMs < 6000; atMs += 12.5) {
      const bump = random.chance(0.2) ? 2 * random.next() : 0;
      if (watch.hasFallen(atMs, course(atMs / 1000) + bump, 0.6)) return atMs / 1000;
    }
    return null;
  };

  it('sees food taken away while more is falling, and nothing in landing pieces', () => {
    expect(fallsAt((seconds) => 4 * seconds)).toBeNull();
    const fall = fallsAt((seconds) => (seconds < 3 ? 4 * seconds : 4 * seconds - 4));
    expect(fall).toBeGreaterThan(3);
    expect(fall).toBeLessThan(3.5);
  });
});

describe('the push watch', () => {
  it('dates a push and ignores landing pieces', () => {
    const watch = new PushWatch(80);
    const random = new SeededRandom(6);
    watch.reset({ meanGrams: 0.4, spreadGrams: 0.5 });
    let alarmMs: number | null = null;
    for (let atMs = 0; atMs < 6000 && alarmMs === null; atMs += 12.5) {
      const bump = random.chance(0.25) ? 1.5 * random.next() : 0;
      const push = atMs < 4000 ? 0 : 3 * Math.abs(random.gaussian());
      if (watch.isPushed(atMs, bump + push + 0.1 * random.gaussian())) alarmMs = atMs;
    }
    expect(alarmMs).toBeGreaterThan(4000);
    expect(alarmMs).toBeLessThan(4500);
    expect(watch.onsetAtMs).toBeGreaterThan(3800);
  });
});
