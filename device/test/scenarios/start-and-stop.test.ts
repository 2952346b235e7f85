import type { Ready } from '@cat-feeder/shared';
import { describe, expect, test } from 'vitest';
import { FIRST_READING_MS_MAX } from '../../src/feeding/first-reading.ts';
import { MONDAY_SIX, VirtualFeeder } from './virtual-feeder.ts';

const names = async (feeder: VirtualFeeder) =>
  (await feeder.status()).components.map(({ name }) => name);

test('A-54 the parts start in their order, and the motor stands until all of them do', async () => {
  const feeder = await VirtualFeeder.start();
  expect(await names(feeder)).toEqual([
    'storage',
    'clock',
    'station',
    'live events',
    'feeding',
    'schedule',
    'sensors',
    'housekeeping',
  ]);
  expect(feeder.world.motorIntervals()).toEqual([]);
  expect(feeder.device.feeding.isBusy()).toBe(false);
});

test('A-58 after a stop nothing waits any more, not even in the middle of a meal', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', { time: '08:00', portionGrams: 12 });
  await feeder.feed(20);
  await feeder.pass(2000);
  await feeder.stop();
  expect(feeder.clock.nextDueMs()).toBeUndefined();
  expect(feeder.world.truth().isMotorOn).toBe(false);
});

describe('A-57, B-09 health and components', () => {
  const ready = async (feeder: VirtualFeeder) => {
    const { status, data } = await feeder.ask('GET', '/health/ready');
    const { components } = data as Ready;
    return { status, why: (name: string) => components.find((part) => part.name === name)?.why };
  };
  const lives = async (feeder: VirtualFeeder) =>
    (await feeder.ask('GET', '/health/live')).status === 200;

  test('a dead scale is named, and the feeder can still feed', async () => {
    const feeder = await VirtualFeeder.start();
    feeder.world.disconnectScale();
    await feeder.pass(10_000);
    const { status, why } = await ready(feeder);
    expect([status, why('station')]).toEqual([200, 'the control loop sees: scale_silent']);
    expect(await lives(feeder)).toBe(true);
  });

  /** Started anew, and nothing has passed since. */
  const justStarted = async (change: (feeder: VirtualFeeder) => void = () => {}) => {
    const feeder = await VirtualFeeder.start();
    feeder.cutPower();
    await feeder.pass(60_000);
    change(feeder);
    await feeder.powerUp(0);
    return feeder;
  };

  test('a scale that has not spoken yet is named, and the feeder is not ready', async () => {
    const feeder = await justStarted();
    const { status, why } = await ready(feeder);
    expect([status, why('bowl scale')]).toEqual([503, expect.stringContaining('first reading')]);
    expect(await lives(feeder)).toBe(true);
    await feeder.pass(1500);
    const later = await ready(feeder);
    expect([later.status, later.why('bowl scale')]).toEqual([200, undefined]);
  });

  test('I7 what is asked for before the scale has spoken waits for it, and is weighed', async () => {
    const feeder = await justStarted();
    const askedAtMs = feeder.clock.monoMs();
    const { id } = await feeder.feed(5);
    expect(feeder.clock.monoMs() - askedAtMs).toBeGreaterThan(0);
    expect(feeder.clock.monoMs() - askedAtMs).toBeLessThanOrEqual(FIRST_READING_MS_MAX);
    await feeder.passUntilIdle();
    expect((await feeder.feeding(id)).dose?.method).toBe('measured');
  });

  test('I8 a stop ends what waits for the scale, on record, and its repeat moves nothing', async () => {
    const feeder = await justStarted();
    const wish = { requestId: 'waits', portionGrams: 5 };
    const stop = Promise.withResolvers<unknown>();
    feeder.clock.after('a finger', 10, () => stop.resolve(feeder.ask('POST', '/stop')));
    const answer = await feeder.ask('POST', '/feedings', wish);
    await stop.promise;
    const stopped = { path: 'rule', message: 'stopped' };
    expect(answer.error?.details).toContainEqual(stopped);
    expect(feeder.ledger('feeding.refused').map(({ body }) => body['rule'])).toEqual(['stopped']);
    await feeder.pass(10_000);
    const repeated = await feeder.ask('POST', '/feedings', wish);
    expect([repeated.status, repeated.error?.code]).toEqual([409, 'ERR_REFUSED']);
    expect(feeder.ledger('feeding.claimed')).toEqual([]);
  });

  test('I3 a scale that is silent from the start is known to be before anything is claimed', async () => {
    const feeder = await justStarted(({ world }) => world.disconnectScale());
    const askedAtMs = feeder.clock.monoMs();
    await feeder.feed(5);
    expect(feeder.clock.monoMs() - askedAtMs).toBeLessThanOrEqual(FIRST_READING_MS_MAX);
    // By turns from the beginning: the error of a portion by turns is reserved with it.
    expect(feeder.ledger('feeding.claimed')[0]?.body['reservedMg']).toBeGreaterThanOrEqual(6500);
    expect((await ready(feeder)).status).toBe(200);
  });

  test('a clock that nobody believes is named, and the feeder can still feed', async () => {
    const feeder = await VirtualFeeder.start({ wallMs: 0, origin: 'none' });
    const { status, why } = await ready(feeder);
    expect([status, why('clock')]).toEqual([200, expect.stringContaining('nobody knows the time')]);
    expect(await lives(feeder)).toBe(true);
    feeder.stepWall(MONDAY_SIX);
    feeder.origin = 'synchronized';
    await feeder.pass(120_000);
    expect((await ready(feeder)).why('clock')).toBe('');
  });

  test('a motor that turned by itself makes it not ready, until a person says so', async () => {
    const feeder = await VirtualFeeder.start();
    feeder.world.shortMotorDriver();
    await feeder.pass(3000);
    feeder.world.shortMotorDriver(false);
    await feeder.pass(60_000);
    const broken = await ready(feeder);
    expect([broken.status, broken.why('feeding')]).toEqual([
      503,
      expect.stringContaining('nothing is fed until a person clears it'),
    ]);
    expect(await lives(feeder)).toBe(true);
    for (const { fault } of (await feeder.status()).faults) {
      await feeder.ask('POST', `/faults/${fault}/clear`);
    }
    expect((await ready(feeder)).status).toBe(200);
  });

  test('FMEA-49 a disk that refuses writes makes it not ready, until it takes them again', async () => {
    const feeder = await VirtualFeeder.start();
    feeder.hooks.beforeCommit = () => {
      throw Object.assign(new TypeError('full'), { code: 'SQLITE_FULL' });
    };
    await feeder.ask('POST', '/feedings', { requestId: 'x', portionGrams: 5 });
    const broken = await ready(feeder);
    expect([broken.status, broken.why('disk')]).toEqual([503, expect.stringMatching(/\w/)]);
    expect(await lives(feeder)).toBe(true);
    delete feeder.hooks.beforeCommit;
    await feeder.pass(600_000);
    expect((await ready(feeder)).status).toBe(200);
  });
});

test('B-61 one call tells the first page everything', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', { name: 'Dinner', time: '18:00', portionGrams: 12 });
  await feeder.feedToEnd(10);
  await feeder.pass(20_000);
  const status = await feeder.status();
  expect(status).toMatchObject({
    bowl: { state: 'stable' },
    next: { mealName: 'Dinner', portionGrams: 12 },
    running: null,
    motorOn: false,
    clockQuality: 'synchronized',
    faults: [],
    alerts: [],
    storage: { ok: true },
  });
  expect(status.bowl.grams).toBeCloseTo(10, 0);
  expect(status.today.servedGrams).toBeCloseTo(10, 0);
});
