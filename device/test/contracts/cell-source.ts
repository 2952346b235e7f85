import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CellReading, CellSource } from '../../src/weighing/cell-source.ts';
import { type PartBench, partContract } from './part.ts';

/** A cell with its converter, and what lies on it. */
export interface CellBench extends PartBench<CellSource> {
  /** All conversions from now on are of this value. */
  weigh(counts: number): void;
  /** Lets time pass until it is so. */
  until(isSo: () => boolean): Promise<void>;
}

/** A batch at rest may be this old. */
const REST_BATCH_MS_MAX = 1300;

/** What every cell promises, whatever its converter. */
export function cellSourceContract(name: string, open: () => CellBench): void {
  describe(`${name} keeps the contract of a part`, () => partContract(open));

  describe(`${name} keeps the contract of a cell`, () => {
    let bench: CellBench;
    let batches: (readonly CellReading[])[];
    const readings = () => batches.flat();
    beforeEach(() => {
      bench = open();
      batches = [];
      bench.part.onReadings((batch) => batches.push(batch));
    });
    afterEach(() => bench.end());

    it.each([0, 1, -1, 1_234_567, -7_654_321, 8_388_607, -8_388_608])(
      'gives %i as it is',
      async (counts) => {
        bench.weigh(counts);
        bench.part.setMode('dispense');
        await bench.until(() => readings().filter((one) => one.counts === counts).length >= 5);
        const last = readings().slice(-3);
        expect(last.map((one) => one.counts)).toEqual([counts, counts, counts]);
      },
    );

    it('gives readings in order of time, over both modes', async () => {
      for (const mode of ['rest', 'dispense', 'rest'] as const) {
        bench.part.setMode(mode);
        const before = batches.length;
        await bench.until(() => batches.length >= before + 2);
      }
      const times = readings().map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(new Set(times).size).toBe(times.length);
    });

    it('gives them together at rest, but none too late', async () => {
      await bench.until(() => batches.length >= 3);
      for (const batch of batches.slice(1)) {
        expect(batch.length).toBeGreaterThan(1);
        const spanMs = (batch.at(-1)?.atMs ?? 0) - (batch[0]?.atMs ?? 0);
        expect(spanMs).toBeLessThanOrEqual(REST_BATCH_MS_MAX);
      }
    });

    it('tells that it is saturated, and that it is well again', async () => {
      bench.weigh(8_388_607);
      await bench.until(() => bench.part.health().state === 'saturated');
      bench.weigh(5);
      await bench.until(() => bench.part.health().state === 'ok');
    });

    it('gives no counts while it is broken', async () => {
      bench.part.setMode('dispense');
      await bench.until(() => readings().length >= 3);
      bench.breakIt();
      await bench.until(() => bench.part.health().state !== 'ok');
      const given = readings().length;
      await bench.pass(100);
      const after = readings().slice(given);
      expect(after.filter(({ counts }) => counts !== null)).toEqual([]);
    });

    it('is silent once it was closed', async () => {
      bench.part.setMode('dispense');
      await bench.until(() => readings().length >= 3);
      bench.part.close();
      const given = batches.length;
      bench.part.setMode('rest');
      await bench.pass(50);
      expect(batches.length).toBe(given);
    });
  });
}
