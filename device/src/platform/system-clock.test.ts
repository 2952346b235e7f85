import { Worker } from 'node:worker_threads';
import { HOUR_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { sleep } from './clock.ts';
import { SystemClock } from './system-clock.ts';

describe('SystemClock', () => {
  it('fires not before its time', async () => {
    const clock = new SystemClock();
    const before = clock.monoMs();
    await sleep(clock, 'nap', 5);
    // The timer and the clock round differently by up to a millisecond.
    expect(clock.monoMs() - before).toBeGreaterThanOrEqual(4);
  });

  it('never fires a cancelled timer', async () => {
    const clock = new SystemClock();
    let fired = 0;
    const cancel = clock.after('cancelled', 1, () => {
      fired += 1;
    });
    cancel();
    cancel();
    await sleep(clock, 'nap', 5);
    expect(fired).toBe(0);
  });

  it('FMEA-37 refuses waits over one hour', () => {
    const clock = new SystemClock();
    expect(() => clock.after('too long', HOUR_MS + 1, () => {})).toThrow(/too long waits/);
    expect(() => clock.after('backwards', -1, () => {})).toThrow();
    clock.after('longest', HOUR_MS, () => {})();
  });

  it('reads the same monotonic time in every thread', async () => {
    const source = `require('node:worker_threads').parentPort.postMessage(
      Number(process.hrtime.bigint()) / 1e6)`;
    const clock = new SystemClock();
    const before = clock.monoMs();
    const inThread = await new Promise<number>((resolve, reject) => {
      new Worker(source, { eval: true }).once('message', resolve).once('error', reject);
    });
    expect(inThread).toBeGreaterThanOrEqual(before - 1);
    expect(inThread).toBeLessThanOrEqual(clock.monoMs() + 1);
  });
});
