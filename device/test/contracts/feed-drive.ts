import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DrivePart } from '../../src/dispensing/shaft-sensors.ts';
import { type PartBench, partContract } from './part.ts';

/** A drive whose motor can be watched. */
export interface DriveBench extends PartBench<DrivePart> {
  /** Resolves when the drive has made itself ready. */
  ready(): Promise<void>;
  /** What the motor truly does now: forward, backward, or nothing. */
  motion(): 1 | -1 | 0;
  /** How long the drive takes from a call to motion at most. */
  readonly startMsMax: number;
}

/** What every drive promises, whatever turns it. */
export function feedDriveContract(name: string, open: () => DriveBench): void {
  describe(`${name} keeps the contract of a part`, () => partContract(open));

  // Apart from the part's contract: a drive holds its lines alone, so two benches cannot be open.
  describe(`${name} keeps the contract of a drive`, () => {
    let bench: DriveBench;
    beforeEach(async () => {
      bench = open();
      await bench.ready();
    });
    afterEach(() => bench.end());

    const run = (direction: 'forward' | 'reverse', maxMs: number) =>
      bench.part.run({ direction, speed: 1, maxMs });

    it('stands still until it is told to turn', async () => {
      await bench.pass(500);
      expect(bench.motion()).toBe(0);
    });

    it('turns the way it is told, and ends by itself', async () => {
      for (const [direction, motion] of [
        ['forward', 1],
        ['reverse', -1],
      ] as const) {
        run(direction, 200);
        await bench.pass(bench.startMsMax);
        expect(bench.motion()).toBe(motion);
        await bench.pass(200 - bench.startMsMax + 1);
        expect(bench.motion()).toBe(0);
        await bench.pass(100);
      }
    });

    it('replaces what is left of a slice by the next', async () => {
      run('forward', 200);
      await bench.pass(150);
      run('forward', 200);
      await bench.pass(150);
      expect(bench.motion()).toBe(1);
      await bench.pass(51);
      expect(bench.motion()).toBe(0);
      run('forward', 250);
      await bench.pass(bench.startMsMax);
      run('forward', bench.startMsMax);
      await bench.pass(bench.startMsMax + 1);
      expect(bench.motion()).toBe(0);
    });

    it('turns round when it is told in the middle', async () => {
      run('forward', 250);
      await bench.pass(100);
      run('reverse', 200);
      await bench.pass(bench.startMsMax);
      expect(bench.motion()).toBe(-1);
      await bench.pass(201);
      expect(bench.motion()).toBe(0);
    });

    it('stops at once, as often as it is told, and turns again', async () => {
      bench.part.stop();
      run('forward', 250);
      await bench.pass(bench.startMsMax);
      bench.part.stop();
      bench.part.stop();
      await bench.pass(bench.startMsMax);
      expect(bench.motion()).toBe(0);
      run('forward', 250);
      bench.part.stop();
      await bench.pass(100);
      expect(bench.motion()).toBe(0);
      run('forward', 200);
      await bench.pass(bench.startMsMax);
      expect(bench.motion()).toBe(1);
    });

    it('refuses a slice that is none', () => {
      for (const [speed, maxMs] of [
        [0, 100],
        [1.1, 100],
        [1, 0],
        [1, 251],
        [1, Number.NaN],
      ] as const) {
        expect(() => bench.part.run({ direction: 'forward', speed, maxMs })).toThrow(
          expect.objectContaining({ code: 'ERR_INTERNAL' }),
        );
      }
    });

    it('stands still when it breaks while it turns, and is not started again', async () => {
      run('forward', 250);
      await bench.pass(100);
      bench.breakIt();
      await bench.pass(251);
      expect(bench.motion()).toBe(0);
      run('forward', 250);
      bench.part.stop();
      await bench.pass(100);
      expect(bench.motion()).toBe(0);
    });

    it('says whether it would turn, so that nobody counts turns that were none', async () => {
      expect(bench.part.canTurn()).toBe(true);
      bench.breakIt();
      // A line that is gone is found out by touching it.
      run('forward', 100);
      await bench.pass(3000);
      expect(bench.part.canTurn()).toBe(false);
    });

    it('stands still once it was closed', async () => {
      run('forward', 250);
      await bench.pass(bench.startMsMax);
      bench.part.close();
      expect(bench.part.canTurn()).toBe(false);
      run('forward', 250);
      bench.part.stop();
      await bench.pass(bench.startMsMax);
      expect(bench.motion()).toBe(0);
    });
  });
}
