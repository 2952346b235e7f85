import { describe, expect, it } from 'vitest';
import type { HopperGauge } from '../../src/dispensing/hopper-gauge.ts';
import type { CurrentMeter } from '../../src/dispensing/shaft-sensors.ts';
import type { Board } from '../../src/platform/board-facts.ts';
import type { PowerReading, PowerSupply } from '../../src/platform/power-supply.ts';
import type { Thermometer } from '../../src/platform/thermometer.ts';
import { type PartBench, partContract } from './part.ts';

export interface PowerBench extends PartBench<PowerSupply> {
  weaken(isWeak: boolean): void;
}

/** What every supply promises. */
export function powerSupplyContract(name: string, open: () => PowerBench): void {
  describe(`${name} keeps the contract of a power supply`, () => {
    partContract(open);

    it('tells of undervoltage, why, and when it is over', async () => {
      const bench = open();
      const seen: PowerReading[] = [];
      bench.part.onChange((reading) => seen.push(reading));
      expect(bench.part.reading()).toMatchObject({ isUndervoltage: false, why: '' });
      bench.weaken(true);
      await bench.pass(2500);
      expect(bench.part.reading().isUndervoltage).toBe(true);
      expect(bench.part.reading().why).not.toBe('');
      bench.weaken(false);
      await bench.pass(2500);
      expect(seen.map(({ isUndervoltage }) => isUndervoltage)).toEqual([true, false]);
      bench.part.close();
      bench.weaken(true);
      await bench.pass(2500);
      expect(seen).toHaveLength(2);
      bench.end();
    });
  });
}

export interface GaugeBench extends PartBench<HopperGauge> {
  /** Fills the hopper to this share. */
  fill(fraction: number): void;
}

/** What every hopper gauge promises. */
export function hopperGaugeContract(name: string, open: () => GaugeBench): void {
  describe(`${name} keeps the contract of a hopper gauge`, () => {
    partContract(open);

    it.each([
      [1, false, false],
      [0.5, false, false],
      [0.1, true, false],
      [0, true, true],
    ])('sees %d of the hopper filled', async (fraction, isLow, isEmpty) => {
      const bench = open();
      bench.fill(fraction);
      const level = await bench.part.look();
      expect(level?.fraction).toBeCloseTo(fraction, 1);
      expect(level).toMatchObject({ isLow, isEmpty });
      expect(level?.confidence).toBeGreaterThan(0.5);
      bench.end();
    });

    it('gives no level when it is broken or closed, and rejects nothing', async () => {
      const bench = open();
      bench.breakIt();
      expect(await bench.part.look()).toBeNull();
      bench.part.close();
      expect(await bench.part.look()).toBeNull();
      bench.end();
    });
  });
}

export interface CurrentBench extends PartBench<CurrentMeter> {
  /** So much flows while these milliseconds pass. */
  flow(milliamps: number, ms: number): Promise<void>;
}

/** What every current meter promises. */
export function currentMeterContract(name: string, open: () => CurrentBench): void {
  describe(`${name} keeps the contract of a current meter`, () => {
    partContract(open);

    it('gives the mean since it was asked last, and null when nothing was measured', async () => {
      const bench = open();
      bench.part.setPeriod(10);
      await bench.flow(500, 100);
      expect(bench.part.takeMilliamps()).toBeCloseTo(500, 0);
      expect(bench.part.takeMilliamps()).toBeNull();
      await bench.flow(200, 50);
      await bench.flow(600, 50);
      expect(bench.part.takeMilliamps()).toBeGreaterThan(200);
      bench.part.close();
      await bench.flow(900, 50);
      expect(bench.part.takeMilliamps()).toBeNull();
      bench.end();
    });
  });
}

/** What every thermometer promises. */
export function thermometerContract(name: string, open: () => PartBench<Thermometer>): void {
  describe(`${name} keeps the contract of a thermometer`, () => {
    partContract(open);

    it('reads plausible temperatures or none', () => {
      const bench = open();
      expect(bench.part.read()).toEqual([{ zone: 'cpu-thermal', celsius: 45 }]);
      bench.breakIt();
      expect(bench.part.read()).toEqual([]);
      bench.end();
    });
  });
}

/** What every board promises. */
export function boardContract(name: string, open: () => PartBench<Board>): void {
  describe(`${name} keeps the contract of a board`, () => {
    partContract(open);

    it('knows its model, its kernel and its header', () => {
      const bench = open();
      const facts = bench.part.facts();
      expect(facts.model).toContain('Raspberry Pi');
      expect(facts.kernel).not.toBe('');
      expect(facts.headerChip?.label).toMatch(/^pinctrl-/);
      bench.end();
    });
  });
}
