import { DAY_MS, FeederError, HOUR_MS } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { type Chore, Housekeeping } from './housekeeping.ts';

function house(chores: Chore[], isBusy = () => false) {
  const clock = new VirtualClock();
  const housekeeping = new Housekeeping({ clock, logger: silentLogger, isBusy, chores });
  return { clock, housekeeping };
}

test('A-21 each chore runs as often as it is due and no more', async () => {
  const done: string[] = [];
  const { clock, housekeeping } = house([
    { name: 'daily', everyMs: DAY_MS, run: () => void done.push('daily') },
    { name: 'hourly', everyMs: HOUR_MS, run: () => void done.push('hourly') },
  ]);
  for (let hour = 0; hour < 48; hour++) {
    await housekeeping.look();
    clock.advance(HOUR_MS);
  }
  expect(done.filter((name) => name === 'daily')).toHaveLength(2);
  expect(done.filter((name) => name === 'hourly')).toHaveLength(48);
});

test('nothing is done while a feeding runs', async () => {
  let isBusy = true;
  let runs = 0;
  const { housekeeping } = house(
    [{ name: 'x', everyMs: HOUR_MS, run: () => void runs++ }],
    () => isBusy,
  );
  await housekeeping.look();
  expect(runs).toBe(0);
  isBusy = false;
  await housekeeping.look();
  expect(runs).toBe(1);
});

test('a chore that fails degrades the feeder until it succeeds', async () => {
  let isFull = true;
  const run = () => {
    if (isFull) throw new FeederError('ERR_STORAGE', { message: 'disk full' });
  };
  const { housekeeping } = house([{ name: 'snapshot', everyMs: DAY_MS, run }]);
  await housekeeping.look();
  expect(housekeeping.condition()).toEqual({
    state: 'degraded',
    why: 'snapshot failed: disk full',
  });
  isFull = false;
  await housekeeping.look();
  expect(housekeeping.condition()).toEqual({ state: 'ok' });
});

test('a second look while one works does nothing', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  const run = () => {
    runs++;
    return promise;
  };
  const { housekeeping } = house([{ name: 'slow', everyMs: HOUR_MS, run }]);
  const first = housekeeping.look();
  await housekeeping.look();
  resolve();
  await first;
  expect(runs).toBe(1);
});
