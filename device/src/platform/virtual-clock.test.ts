import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { VirtualClock } from './virtual-clock.ts';

describe('VirtualClock', () => {
  it('fires timers in order of time, then in the order they were asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (delays) => {
        const clock = new VirtualClock();
        const fired: [number, number][] = [];
        delays.forEach((delayMs, i) => {
          clock.after('t', delayMs, () => fired.push([clock.monoMs(), i]));
        });
        clock.advance(20);
        const wanted = delays
          .map((delayMs, i): [number, number] => [delayMs, i])
          .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        expect(fired).toEqual(wanted);
      }),
    );
  });

  it('never fires what was cancelled, however many timers come and go', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.boolean()), {
          minLength: 100,
          maxLength: 400,
        }),
        (timers) => {
          const clock = new VirtualClock();
          let fired = 0;
          const cancels = timers.map(([delayMs]) => clock.after('t', delayMs, () => fired++));
          timers.forEach(([, kept], i) => {
            if (!kept) cancels[i]?.();
            if (!kept) cancels[i]?.();
          });
          clock.advance(50);
          expect(fired).toBe(timers.filter(([, kept]) => kept).length);
          expect(clock.runNext()).toBe(false);
        },
      ),
    );
  });

  it('shows a timer its own due time and fires timers that it starts', () => {
    const clock = new VirtualClock({ monoMs: 100 });
    const seen: number[] = [];
    const tick = () => {
      seen.push(clock.monoMs());
      if (seen.length < 4) clock.after('tick', 10, tick);
    };
    clock.after('tick', 10, tick);
    clock.advance(35);
    expect(seen).toEqual([110, 120, 130]);
    expect(clock.monoMs()).toBe(135);
    expect(clock.nextDueMs()).toBe(140);
    expect(clock.pendingNames()).toEqual(['tick']);
  });

  it('jumps from timer to timer', () => {
    const clock = new VirtualClock();
    clock.after('a', 5000, () => {});
    clock.after('b', 70, () => {});
    expect([clock.runNext(), clock.monoMs()]).toEqual([true, 70]);
    expect([clock.runNext(), clock.monoMs()]).toEqual([true, 5000]);
    expect([clock.runNext(), clock.monoMs()]).toEqual([false, 5000]);
  });

  it('steps the wall clock without moving monotonic time or timers', () => {
    const clock = new VirtualClock({ wallMs: 1_800_000_000_000, monoMs: 7 });
    clock.after('a', 10, () => {});
    clock.stepWall(-3_600_000);
    expect([clock.wallMs(), clock.monoMs()]).toEqual([1_799_996_400_000, 7]);
    clock.advance(10);
    expect([clock.wallMs(), clock.nextDueMs()]).toEqual([1_799_996_400_010, undefined]);
  });

  it('never goes back', () => {
    const clock = new VirtualClock({ monoMs: 50 });
    clock.runUntil(20);
    expect(clock.monoMs()).toBe(50);
  });

  it('refuses a delay that is no time', () => {
    const clock = new VirtualClock();
    for (const delayMs of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => clock.after('bad', delayMs, () => {})).toThrow("timer 'bad'");
    }
  });

  it('lets a timer throw to whoever moved the time, and stays usable', () => {
    const clock = new VirtualClock();
    clock.after('bad', 1, () => {
      throw new RangeError('bad');
    });
    let fired = false;
    clock.after('good', 2, () => {
      fired = true;
    });
    expect(() => clock.advance(5)).toThrow(RangeError);
    clock.advance(5);
    expect(fired).toBe(true);
  });

  it('carries sleep', async () => {
    const clock = new VirtualClock();
    const slept = sleep(clock, 'nap', 30);
    clock.advance(30);
    await expect(slept).resolves.toBeUndefined();
  });
});
