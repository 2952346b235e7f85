import type { KibbleModel, Milliseconds, ScaleCalibration } from '@cat-feeder/shared';
import { MOTOR_SLICE_MS_MAX } from '@cat-feeder/shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  DispenseOrder,
  DispenseOutcome,
  DispenseProgress,
  FeedStation,
} from '../../src/dispensing/feed-station.ts';

/** A station on a feeder whose truth can be asked. */
export interface StationBench {
  readonly station: FeedStation;
  readonly calibration: ScaleCalibration;
  readonly model: KibbleModel;
  /** Lets time pass until the promise is settled. */
  settle<T>(promise: Promise<T>): Promise<T>;
  /** Lets time pass. */
  pass(ms: Milliseconds): Promise<void>;
  /** Grams that truly lie in the bowl. */
  bowlGrams(): number;
  isMotorOn(): boolean;
  /** The longest stretch for which the motor was ever commanded ahead. */
  longestSliceMs(): Milliseconds;
  disconnectScale(): void;
  end(): Promise<void>;
}

/** What every feed station promises, whatever board and thread are behind it. */
export function feedStationContract(name: string, open: () => Promise<StationBench>): void {
  describe(`${name} keeps the contract of a feed station`, () => {
    let bench: StationBench;

    beforeEach(async () => {
      bench = await open();
    });
    afterEach(() => bench.end());

    const order = (more: Partial<DispenseOrder> = {}): DispenseOrder => ({
      feedingId: 'f1',
      portionGrams: 12,
      gramsMax: 15,
      model: bench.model,
      openLoop: false,
      ...more,
    });
    const serve = (more: Partial<DispenseOrder> = {}): Promise<DispenseOutcome> =>
      bench.settle(bench.station.dispense(order(more), () => {}));

    it('serves a portion and tells the truth about it', async () => {
      const before = bench.bowlGrams();
      const outcome = await serve();
      const fell = bench.bowlGrams() - before;
      expect(outcome).toMatchObject({ feedingId: 'f1', result: 'served', fault: null });
      expect(Math.abs(fell - 12)).toBeLessThan(1.5);
      expect(outcome.dose.lowGrams).toBeLessThanOrEqual(fell);
      expect(outcome.dose.highGrams).toBeGreaterThanOrEqual(fell);
      expect(bench.isMotorOn()).toBe(false);
    });

    it('reports progress in order, from baseline to done', async () => {
      const seen: DispenseProgress[] = [];
      await bench.settle(bench.station.dispense(order(), (progress) => seen.push(progress)));
      const stages = [...new Set(seen.map(({ stage }) => stage))];
      expect(stages[0]).toBe('baseline');
      expect(stages).toContain('coarse');
      expect(stages.at(-1)).toBe('done');
      for (const [index, progress] of seen.entries()) {
        expect(progress.motorMs).toBeGreaterThanOrEqual(seen[index - 1]?.motorMs ?? 0);
      }
    });

    it('commands the motor no further ahead than one slice', async () => {
      await serve();
      expect(bench.longestSliceMs()).toBeGreaterThan(0);
      expect(bench.longestSliceMs()).toBeLessThanOrEqual(MOTOR_SLICE_MS_MAX);
    });

    it('keeps a trace of at most 240 points in order of time', async () => {
      const { trace } = await serve();
      expect(trace.length).toBeGreaterThan(5);
      expect(trace.length).toBeLessThanOrEqual(240);
      const times = trace.map(([atMs]) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    });

    it('runs one feeding at a time', async () => {
      const first = bench.station.dispense(order(), () => {});
      await expect(bench.settle(serve({ feedingId: 'f2' }))).rejects.toThrow();
      expect((await bench.settle(first)).result).toBe('served');
    });

    it('refuses an order that is no number', async () => {
      await expect(serve({ portionGrams: Number.NaN })).rejects.toThrow();
      await expect(serve({ portionGrams: -3 })).rejects.toThrow();
      expect(bench.isMotorOn()).toBe(false);
    });

    it('stops at once when cancelled, and counts what fell', async () => {
      const before = bench.bowlGrams();
      const running = bench.station.dispense(order({ portionGrams: 60, gramsMax: 70 }), () => {});
      await bench.pass(4000);
      expect(bench.isMotorOn()).toBe(true);
      bench.station.cancel();
      await bench.pass(50);
      expect(bench.isMotorOn()).toBe(false);
      const outcome = await bench.settle(running);
      const fell = bench.bowlGrams() - before;
      expect(outcome.result).toBe('cancelled');
      expect(outcome.dose.lowGrams).toBeLessThanOrEqual(fell);
      expect(outcome.dose.highGrams).toBeGreaterThanOrEqual(fell);
    });

    it('stops for a fault that was seen elsewhere, and names it with what fell', async () => {
      const before = bench.bowlGrams();
      const running = bench.station.dispense(order({ portionGrams: 60, gramsMax: 70 }), () => {});
      await bench.pass(4000);
      bench.station.cancel('lid_open');
      await bench.pass(50);
      expect(bench.isMotorOn()).toBe(false);
      const outcome = await bench.settle(running);
      const fell = bench.bowlGrams() - before;
      expect(outcome).toMatchObject({ result: 'short', fault: 'lid_open' });
      expect(outcome.dose.lowGrams).toBeLessThanOrEqual(fell);
      expect(outcome.dose.highGrams).toBeGreaterThanOrEqual(fell);
    });

    it('forgets a cancel when nothing runs', async () => {
      bench.station.cancel();
      expect((await serve()).result).toBe('served');
    });

    it('serves by turns when it is told to', async () => {
      const outcome = await serve({ openLoop: true });
      expect(outcome.dose.method).toBe('estimated');
      expect(outcome.dose.highGrams).toBeGreaterThan(outcome.dose.likelyGrams);
    });

    it('weighs a bowl that stands still', async () => {
      const weight = await bench.settle(bench.station.weigh(10_000));
      if (weight.kind !== 'stable') throw new Error(`the bowl was ${weight.kind}`);
      expect(Math.abs(weight.grams - bench.bowlGrams())).toBeLessThan(1);
    });

    it('says that a scale is silent instead of waiting for ever', async () => {
      bench.disconnectScale();
      await bench.pass(3000);
      expect((await bench.settle(bench.station.weigh(3000))).kind).toBe('silent');
      expect(bench.station.health().fault).toBe('scale_silent');
    });

    it('tells readings until nobody listens any more', async () => {
      let readings = 0;
      const stop = bench.station.onReading(() => {
        readings += 1;
      });
      await bench.pass(5000);
      expect(readings).toBeGreaterThanOrEqual(2);
      stop();
      const heard = readings;
      await bench.pass(5000);
      expect(readings).toBe(heard);
    });

    it('gives signs of life', async () => {
      await bench.pass(5000);
      expect(bench.station.health().loopAgeMs).toBeLessThan(3000);
      expect(bench.station.health().motorOn).toBe(false);
    });

    it('takes a new calibration at once', async () => {
      const { zeroCounts, countsPerGram } = bench.calibration;
      const shifted = { ...bench.calibration, zeroCounts: zeroCounts - 50 * countsPerGram };
      bench.station.setCalibration(shifted);
      const weight = await bench.settle(bench.station.weigh(10_000));
      if (weight.kind !== 'stable') throw new Error(`the bowl was ${weight.kind}`);
      expect(Math.abs(weight.grams - bench.bowlGrams() - 50)).toBeLessThan(1);
    });

    it('lets a running feeding down when it is closed, with the motor off', async () => {
      const running = bench.station.dispense(order({ portionGrams: 40, gramsMax: 50 }), () => {});
      const ended = expect(bench.settle(running)).rejects.toThrow();
      await bench.pass(3000);
      await bench.station.close();
      await ended;
      expect(bench.isMotorOn()).toBe(false);
      await bench.station.close();
      await expect(bench.settle(serve())).rejects.toThrow();
    });
  });
}
