import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TimedOutput } from '../../src/hardware/io/timed-output.ts';

/** A timed output whose wire a test can see. */
export interface TimedOutputBench {
  readonly output: TimedOutput;
  isOn(): boolean;
  pass(ms: number): Promise<void>;
  unplug(): void;
  end(): void;
}

/** What every timed output promises. */
export function timedOutputContract(name: string, open: () => TimedOutputBench): void {
  describe(`${name} keeps the contract of a timed output`, () => {
    let bench: TimedOutputBench;
    beforeEach(() => {
      bench = open();
    });
    afterEach(() => bench.end());

    it('is off at first, on for its time, and falls by itself', async () => {
      expect(bench.isOn()).toBe(false);
      bench.output.onFor(200);
      await bench.pass(50);
      expect(bench.isOn()).toBe(true);
      await bench.pass(151);
      expect(bench.isOn()).toBe(false);
    });

    it('replaces what is left, longer or shorter', async () => {
      bench.output.onFor(100);
      await bench.pass(50);
      bench.output.onFor(200);
      await bench.pass(150);
      expect(bench.isOn()).toBe(true);
      bench.output.onFor(10);
      await bench.pass(11);
      expect(bench.isOn()).toBe(false);
    });

    it('is off when `off` returns', async () => {
      bench.output.onFor(200);
      await bench.pass(50);
      bench.output.off();
      expect(bench.isOn()).toBe(false);
      bench.output.off();
      bench.output.onFor(200);
      bench.output.off();
      await bench.pass(100);
      expect(bench.isOn()).toBe(false);
    });

    it('tells in a sentence that it is lost, and stays off', async () => {
      expect(bench.output.why).toBeNull();
      bench.unplug();
      bench.output.onFor(200);
      await bench.pass(50);
      expect(bench.output.why).toMatch(/\.$/);
      bench.output.onFor(200);
      bench.output.off();
    });

    it('is off once it was closed', async () => {
      bench.output.onFor(200);
      await bench.pass(50);
      bench.output.close();
      bench.output.close();
      expect(bench.isOn()).toBe(false);
      bench.output.onFor(200);
      bench.output.off();
      await bench.pass(50);
      expect(bench.isOn()).toBe(false);
      expect(bench.output.why).toMatch(/\.$/);
    });
  });
}
