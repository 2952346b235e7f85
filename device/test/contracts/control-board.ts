import type { Milliseconds } from '@cat-feeder/shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ControlBoard, MotorSlice } from '../../src/dispensing/control-board.ts';
import type { Sample } from '../../src/weighing/sample.ts';

/** A board whose truth can be asked, and whose parts can be taken away. */
export interface ControlBoardBench {
  readonly board: ControlBoard;
  /** The listener is the bench's; these are the batches so far. */
  readonly batches: { readonly atMs: Milliseconds; readonly samples: readonly Sample[] }[];
  pass(ms: Milliseconds): Promise<void>;
  nowMs(): Milliseconds;
  isMotorOn(): boolean;
  /** How long a motor behind a wire takes to hear an order; 0 where it hears at once. */
  readonly orderMs: Milliseconds;
  unplugBowl(): void;
  saturateBowl(): void;
  sagSupply(isWeak: boolean): void;
  end(): void;
}

const slice = (change: Partial<MotorSlice> = {}): MotorSlice => ({
  direction: 'forward',
  speed: 1,
  maxMs: 200,
  ...change,
});

/** What every control board promises, whatever its parts are. */
export function controlBoardContract(name: string, open: () => ControlBoardBench): void {
  describe(`${name} keeps the contract of a control board`, () => {
    let bench: ControlBoardBench;
    beforeEach(() => {
      bench = open();
    });
    afterEach(() => bench.end());

    const samples = () => bench.batches.flatMap((batch) => batch.samples);
    const isInOrder = (list: readonly Sample[]) =>
      list.every((sample, at) => at === 0 || sample.atMs > (list[at - 1]?.atMs ?? 0));

    it('gives batches at rest, one at least every 1.5 s, at about the rate of its traits', async () => {
      await bench.pass(10_000);
      const times = [0, ...bench.batches.map(({ atMs }) => atMs), bench.nowMs()];
      const gaps = times.slice(2).map((atMs, at) => atMs - (times[at + 1] ?? 0));
      expect(Math.max(...gaps)).toBeLessThanOrEqual(1500);
      expect(isInOrder(samples())).toBe(true);
      expect(samples().length).toBeGreaterThan(7 * bench.board.traits.restSamplesPerSecond);
      expect(samples().length).toBeLessThan(12 * bench.board.traits.restSamplesPerSecond);
    });

    it('gives each sample as it comes while dispensing', async () => {
      await bench.pass(1000);
      bench.board.setMode('dispense');
      await bench.pass(1000);
      bench.batches.length = 0;
      await bench.pass(2000);
      const periodMs = 1000 / bench.board.traits.dispenseSamplesPerSecond;
      expect(samples().length).toBeGreaterThan(1600 / periodMs);
      expect(samples().length).toBeLessThan(2400 / periodMs);
      for (const batch of bench.batches) {
        expect(batch.atMs - (batch.samples[0]?.atMs ?? 0)).toBeLessThan(2 * periodMs);
      }
    });

    it('keeps the order of time over changes of the mode', async () => {
      for (const mode of ['dispense', 'rest', 'dispense', 'rest'] as const) {
        bench.board.setMode(mode);
        await bench.pass(1700);
      }
      expect(samples().length).toBeGreaterThan(20);
      expect(isInOrder(samples())).toBe(true);
    });

    it('turns for one slice and no longer, whoever is silent afterwards', async () => {
      bench.board.setMode('dispense');
      await bench.pass(1000);
      bench.board.drive.run(slice());
      await bench.pass(50);
      expect(bench.isMotorOn()).toBe(true);
      await bench.pass(250);
      expect(bench.isMotorOn()).toBe(false);
    });

    it('replaces what is left of a slice by the next one', async () => {
      await bench.pass(1000);
      bench.board.drive.run(slice({ maxMs: 250 }));
      await bench.pass(100);
      bench.board.drive.run(slice({ maxMs: 50 }));
      await bench.pass(100);
      expect(bench.isMotorOn()).toBe(false);
    });

    it('stops at once, also when it stands', async () => {
      await bench.pass(1000);
      bench.board.drive.run(slice());
      await bench.pass(20);
      expect(bench.isMotorOn()).toBe(true);
      bench.board.drive.stop();
      await bench.pass(bench.orderMs);
      expect(bench.isMotorOn()).toBe(false);
      expect(() => bench.board.drive.stop()).not.toThrow();
    });

    it.each([{ maxMs: 251 }, { maxMs: 0 }, { maxMs: Number.NaN }, { speed: 0 }, { speed: 1.01 }])(
      'refuses a slice of %j',
      (change) => {
        expect(() => bench.board.drive.run(slice(change))).toThrow('No motor slice');
        expect(bench.isMotorOn()).toBe(false);
      },
    );

    it('counts the edges of a shaft that turns, and measures its current', async () => {
      const { indexEdgesPerTurn, hasMotorCurrent } = bench.board.traits;
      bench.board.setMode('dispense');
      await bench.pass(1000);
      const first = samples().at(-1)?.indexEdges ?? null;
      for (let times = 0; times < 20; times++) {
        bench.board.drive.run(slice({ maxMs: 250 }));
        await bench.pass(200);
      }
      const last = samples().at(-1);
      expect(last?.indexEdges === null).toBe(indexEdgesPerTurn === null);
      if (indexEdgesPerTurn !== null) expect(last?.indexEdges).toBeGreaterThan(first ?? 0);
      expect(last?.motorMilliamps === null).toBe(!hasMotorCurrent);
      if (hasMotorCurrent) expect(last?.motorMilliamps).toBeGreaterThan(20);
    });

    it.each(['rest', 'dispense'] as const)(
      'says with nulls that the scale is silent at %s',
      async (mode) => {
        bench.board.setMode(mode);
        await bench.pass(3000);
        bench.unplugBowl();
        await bench.pass(1500);
        bench.batches.length = 0;
        await bench.pass(3000);
        expect(samples().length).toBeGreaterThanOrEqual(5);
        expect(samples().every(({ bowl }) => bowl === null)).toBe(true);
        expect(isInOrder(samples())).toBe(true);
      },
    );

    it('passes on a scale at its end as it is', async () => {
      bench.saturateBowl();
      bench.board.setMode('dispense');
      await bench.pass(1000);
      expect(Math.abs(samples().at(-1)?.bowl ?? 0)).toBeGreaterThanOrEqual(8_388_607);
    });

    it('tells of a weak supply', async () => {
      bench.board.setMode('dispense');
      await bench.pass(1000);
      expect(samples().at(-1)?.undervoltage).toBe(false);
      bench.sagSupply(true);
      await bench.pass(2500);
      expect(samples().at(-1)?.undervoltage).toBe(true);
      bench.sagSupply(false);
      await bench.pass(2500);
      expect(samples().at(-1)?.undervoltage).toBe(false);
    });

    it('is off, deaf and mute once it is closed', async () => {
      bench.board.setMode('dispense');
      bench.board.drive.run(slice({ maxMs: 250 }));
      await bench.pass(20);
      bench.board.close();
      bench.board.close();
      await bench.pass(bench.orderMs);
      expect(bench.isMotorOn()).toBe(false);
      bench.batches.length = 0;
      bench.board.setMode('rest');
      bench.board.drive.run(slice());
      expect(bench.isMotorOn()).toBe(false);
      await bench.pass(3000);
      expect(bench.batches).toEqual([]);
    });
  });
}
