import { describe, expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

const breakfast = { name: 'Breakfast', time: '08:00', portionGrams: 15 };

function refuse(feeder: VirtualFeeder, code: string): void {
  feeder.hooks.beforeCommit = () => {
    throw Object.assign(new TypeError(code), { code });
  };
}

describe('I1, I2 a disk that refuses writes', () => {
  test.each(['SQLITE_FULL', 'SQLITE_READONLY', 'SQLITE_IOERR_WRITE'])(
    'FMEA-47, FMEA-49 %s at the claim: nothing moves, and the meal is served when it is back',
    async (code) => {
      const feeder = await VirtualFeeder.start();
      await feeder.ask('POST', '/meals', breakfast);
      await feeder.feedToEnd(12);
      const before = feeder.landed();
      refuse(feeder, code);
      await feeder.pass(2 * 3_600_000 + 60_000);
      expect(feeder.landed()).toBe(before);
      const refused = await feeder.ask('POST', '/feedings', { requestId: 'x', portionGrams: 5 });
      expect(refused.error?.code).toBe('ERR_STORAGE');
      delete feeder.hooks.beforeCommit;
      await feeder.pass(120_000);
      expect((await feeder.occurrences())[0]?.verdict).toMatch(/^fed/);
      expect(feeder.landed() - before).toBeGreaterThan(13);
      expect(feeder.fatal).toEqual([]);
    },
  );

  test('FMEA-47 full in the middle of a meal: the outcome waits and is written when it is back', async () => {
    const feeder = await VirtualFeeder.start();
    const { id } = await feeder.feed(12);
    refuse(feeder, 'SQLITE_FULL');
    await feeder.passUntilIdle();
    expect((await feeder.status()).storage.ok).toBe(false);
    expect(feeder.ledger('feeding.ended')).toHaveLength(0);
    delete feeder.hooks.beforeCommit;
    await feeder.pass(61_000);
    expect((await feeder.feeding(id)).result).toBe('served');
    expect(feeder.ledger('feeding.ended')).toHaveLength(1);
    expect((await feeder.status()).storage.ok).toBe(true);
  });

  test('FMEA-49, I10 for days: maintenance portions from memory, at most one in six hours', async () => {
    const feeder = await VirtualFeeder.start();
    for (const time of ['00:30', '06:30', '12:30', '18:30']) {
      await feeder.ask('POST', '/meals', { time, portionGrams: 15 });
    }
    await feeder.pass(24 * 3_600_000);
    const before = feeder.landed();
    refuse(feeder, 'SQLITE_READONLY');
    await feeder.pass(24 * 3_600_000);
    const served = feeder.landed() - before;
    expect(served).toBeGreaterThan(20);
    expect(served).toBeLessThan(4 * 15);
    delete feeder.hooks.beforeCommit;
    await feeder.pass(3_600_000);
    expect(
      feeder.ledger('feeding.claimed').some(({ body }) => body['cause'] === 'starvation'),
    ).toBe(true);
    expect((await feeder.ask('POST', '/ledger/verify', {})).data).toMatchObject({ ok: true });
  });
});

test('I3 FMEA-47 the distance counts from the end of a feeding, also while the disk has not taken it', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('PATCH', '/settings', { manualGapSeconds: 10 });
  feeder.hooks.beforeCommit = (name) => {
    if (name !== 'feeding.finish') return;
    throw Object.assign(new TypeError('full'), { code: 'SQLITE_IOERR_WRITE' });
  };
  const startedMs = feeder.clock.monoMs();
  await feeder.feed(40);
  await feeder.passUntilIdle();
  expect(feeder.clock.monoMs() - startedMs).toBeGreaterThan(12_000);
  const ask = (requestId: string) =>
    feeder.ask('POST', '/feedings', { requestId, portionGrams: 5 });
  expect((await ask('at-once')).error?.code).toBe('ERR_LIMIT_REACHED');
  await feeder.pass(10_000);
  expect((await ask('ten-seconds-later')).error).toBeUndefined();
});

test('I3 FMEA-49 a portion from memory that a crash left in no row keeps the next ones at a distance', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', { time: '08:00', portionGrams: 30 });
  await feeder.feedToEnd(12);
  await feeder.pass(3_600_000);
  refuse(feeder, 'SQLITE_READONLY');
  const before = feeder.landed();
  for (let hour = 0; hour < 48 && feeder.landed() === before; hour++) await feeder.pass(3_600_000);
  expect(feeder.landed()).toBeGreaterThan(before + 15);
  feeder.cutPower();
  await feeder.powerUp();
  delete feeder.hooks.beforeCommit;
  const rule = async (requestId: string) =>
    (await feeder.ask('POST', '/feedings', { requestId, portionGrams: 5 })).error?.code;
  expect(await rule('at-once')).toBe('ERR_LIMIT_REACHED');
  feeder.cutPower();
  await feeder.powerUp();
  expect(await rule('after-another-start')).toBe('ERR_LIMIT_REACHED');
  await feeder.pass(1_800_000);
  expect(await rule('half-an-hour-later')).toBeUndefined();
  expect(feeder.fatal).toEqual([]);
});

test('I10 FMEA-49 starts that no disk noted assume no portion that none before them can have served', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', { time: '08:00', portionGrams: 30 });
  await feeder.feedToEnd(12);
  await feeder.pass(3_600_000);
  refuse(feeder, 'SQLITE_READONLY');
  const ruleAfter = async (hours: number) => {
    await feeder.pass(hours * 3_600_000);
    await feeder.killAndStart();
    const request = { requestId: `after-${hours}`, portionGrams: 5 };
    return (await feeder.ask('POST', '/feedings', request)).error?.code;
  };
  // Refused by the disk alone, and by no cap or distance.
  expect(await ruleAfter(1)).toBe('ERR_STORAGE');
  expect(await ruleAfter(2)).toBe('ERR_STORAGE');
  // Six hours after the last start that is noted, a portion may have come.
  expect(await ruleAfter(2.01)).toBe('ERR_LIMIT_REACHED');
  expect(feeder.fatal).toEqual([]);
});

test('I2 an edit that the disk refuses leaves no verdict behind: the meal is served as planned', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', { name: 'Noon', time: '12:00', portionGrams: 15 });
  await feeder.feedToEnd(12);
  feeder.hooks.beforeCommit = (name) => {
    if (name.startsWith('occurrence')) return;
    throw Object.assign(new TypeError('full'), { code: 'SQLITE_FULL' });
  };
  const moved = await feeder.ask('PATCH', '/settings', { zone: 'Pacific/Auckland' });
  expect(moved.error?.code).toBe('ERR_STORAGE');
  delete feeder.hooks.beforeCommit;
  await feeder.pass(6 * 3_600_000 + 300_000);
  expect((await feeder.occurrences())[0]?.verdict).toMatch(/^fed/);
});
