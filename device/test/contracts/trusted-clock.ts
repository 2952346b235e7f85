import { DAY_MS, HOUR_MS } from '@cat-feeder/shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClockChange, TrustedClock } from '../../src/scheduling/trusted-clock.ts';
import { type PartBench, partContract } from './part.ts';

/** A clock that a test can set wrong. Broken means: nobody vouches for it any more. */
export interface ClockBench extends PartBench<TrustedClock> {
  /** What the clock is believed as while it is well. */
  readonly quality: 'synchronized' | 'rtc';
  /** What the system's clock shows now. */
  systemMs(): number;
  /** Somebody sets the system's clock by so much. */
  step(ms: number): void;
}

/** What every clock of a feeder promises, whoever vouches for it. */
export function trustedClockContract(name: string, open: () => ClockBench): void {
  describe(`${name} keeps the contract of a part`, () => partContract(open));

  describe(`${name} keeps the contract of a trusted clock`, () => {
    let bench: ClockBench;
    let changes: ClockChange[];
    beforeEach(() => {
      bench = open();
      changes = [];
      bench.part.subscribe((change) => changes.push(change));
    });
    afterEach(() => bench.end());

    it('shows the time of the system, and how far it may be believed', async () => {
      const first = bench.part.now();
      expect([first.wallMs, first.quality]).toEqual([bench.systemMs(), bench.quality]);
      await bench.pass(90_000);
      const then = bench.part.now();
      expect(then.wallMs - first.wallMs).toBe(90_000);
      expect(then.monoMs - first.monoMs).toBe(90_000);
      expect(then.ageMs - first.ageMs).toBe(90_000);
      expect(changes).toEqual([]);
    });

    it.each([5000, -5000])(
      'tells once of a step of %i ms, and its age does not step',
      async (ms) => {
        await bench.pass(1000);
        const before = bench.part.now();
        bench.step(ms);
        await bench.pass(1000);
        const after = bench.part.now();
        expect(after.wallMs - before.wallMs).toBe(1000 + ms);
        expect(after.ageMs - before.ageMs).toBe(1000);
        bench.part.now();
        expect(changes).toMatchObject([{ from: bench.quality, to: bench.quality, stepMs: ms }]);
        expect(bench.part.health().state).toBe('ok');
      },
    );

    it.each([2, -2])('is doubted for a day after a step of %i h', async (hours) => {
      await bench.pass(1000);
      bench.part.now();
      bench.step(hours * HOUR_MS);
      expect(bench.part.now().quality).toBe('estimated');
      expect(bench.part.health().state).toBe('implausible');
      expect(await bench.part.selfTest()).toMatchObject({ ok: false });
      expect(changes.map(({ stepMs }) => stepMs)).toEqual([hours * HOUR_MS]);
      await bench.pass(DAY_MS);
      bench.part.now();
      await bench.pass(60_000);
      expect(bench.part.now().quality).toBe(bench.quality);
      expect(bench.part.health()).toEqual({ state: 'ok', why: '' });
    });

    it('tells that nobody vouches for it any more', async () => {
      bench.breakIt();
      await bench.pass(60_000);
      expect(bench.part.now().quality).toBe('estimated');
      expect(bench.part.health().state).toBe('silent');
      expect(changes).toMatchObject([{ from: bench.quality, to: 'estimated', stepMs: 0 }]);
    });

    it('can be read once it was closed, and tells nothing', async () => {
      bench.part.close();
      bench.step(5000);
      await bench.pass(1000);
      expect(bench.part.now().wallMs).toBe(bench.systemMs());
      expect(changes).toEqual([]);
    });
  });
}
