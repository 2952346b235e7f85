import type { Feeding } from '@cat-feeder/shared';
import { describe, expect, test } from 'vitest';
import { BREAKFAST_GRAMS, practisedFeeder, TO_BREAKFAST_MS } from './practised-feeder.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

const ask = (feeder: VirtualFeeder, body: object) => feeder.ask('POST', '/feedings', body);

describe('I1, I8 a command acts once, in time, or not at all', () => {
  test('A-71, FMEA-39 a thousand duplicates are one feeding, answered with the first result', async () => {
    const feeder = await VirtualFeeder.start();
    const first = await ask(feeder, { requestId: 'tap', portionGrams: 6 });
    expect(first.status).toBe(202);
    for (let i = 0; i < 1000; i++) {
      const again = await ask(feeder, { requestId: 'tap', portionGrams: 6 });
      expect(again.status).toBe(200);
      expect((again.data as Feeding).id).toBe((first.data as Feeding).id);
      await feeder.pass(100);
    }
    expect(feeder.ledger('feeding.claimed')).toHaveLength(1);
    expect(feeder.landed()).toBeLessThan(8);
  });

  test.each(['meal:KEY', 'starve:KEY', 'elapsed:0:1', 'memory:boot:1', 'calibration:1:1'])(
    'I1, I2 nobody takes %s, a key of the feeder’s own feedings',
    async (pattern) => {
      const { feeder, before } = await practisedFeeder();
      const [meal] = await feeder.occurrences();
      const requestId = pattern.replace('KEY', meal?.key ?? '');
      const taken = await ask(feeder, {
        requestId,
        portionGrams: 5,
        expiresAtMs: 1_000_000_000_000,
      });
      expect(taken.status).toBe(400);
      expect(taken.error?.details).toContainEqual(expect.objectContaining({ path: 'requestId' }));
      await feeder.pass(TO_BREAKFAST_MS + 60_000);
      expect((await feeder.occurrences())[0]).toMatchObject({ key: meal?.key, verdict: 'fed' });
      expect(feeder.landed() - before).toBeGreaterThan(BREAKFAST_GRAMS - 2);
    },
  );

  test('the same id with another wish is a mistake, not a feeding', async () => {
    const feeder = await VirtualFeeder.start();
    await ask(feeder, { requestId: 'tap', portionGrams: 6 });
    await feeder.passUntilIdle();
    const other = await ask(feeder, { requestId: 'tap', portionGrams: 9 });
    expect(other.error?.code).toBe('ERR_REQUEST_ID_REUSED');
    expect(feeder.ledger('feeding.claimed')).toHaveLength(1);
  });

  test('FMEA-41 an expired command is refused, recorded, and refused again after a restart', async () => {
    const feeder = await VirtualFeeder.start();
    const nowMs = (await feeder.status()).nowMs;
    const late = { requestId: 'late', portionGrams: 6, expiresAtMs: nowMs - 1000 };
    const refused = await ask(feeder, late);
    expect(refused.status).toBe(410);
    expect(refused.error?.details).toContainEqual({ path: 'rule', message: 'expired' });
    feeder.cutPower();
    await feeder.powerUp();
    expect((await ask(feeder, late)).status).not.toBe(202);
    await feeder.pass(60_000);
    expect(feeder.landed()).toBe(0);
    expect(feeder.ledger('feeding.refused').length).toBeGreaterThanOrEqual(1);
  });

  test('I8, FMEA-41 without a clock nobody judges an expiry from afar, but the page still feeds', async () => {
    const feeder = await VirtualFeeder.start({ wallMs: 0, origin: 'none' });
    const { nowMs, clockQuality } = await feeder.status();
    expect(clockQuality).toBe('unknown');
    const stale = { portionGrams: 6, expiresAtMs: Date.UTC(2026, 10, 20) };
    for (const cause of ['automation', 'person']) {
      const refused = await ask(feeder, { ...stale, cause, requestId: `stale-${cause}` });
      expect(refused.status).toBe(409);
      expect(refused.error?.details).toContainEqual({ path: 'rule', message: 'clock_unproven' });
    }
    expect(feeder.landed()).toBe(0);
    expect(feeder.ledger('feeding.refused')).toHaveLength(2);
    const press = { requestId: 'press', portionGrams: 6, expiresAtMs: nowMs + 10_000 };
    expect((await ask(feeder, press)).status).toBe(202);
    await feeder.passUntilIdle();
    expect(feeder.landed()).toBeGreaterThan(4);
  });

  test('FMEA-40 a command replayed after a power cut does not feed again', async () => {
    const feeder = await VirtualFeeder.start();
    await ask(feeder, { requestId: 'once', portionGrams: 8 });
    await feeder.pass(3000);
    feeder.cutPower();
    await feeder.pass(5000);
    const landed = feeder.landed();
    await feeder.powerUp();
    await feeder.passUntilIdle();
    const again = await ask(feeder, { requestId: 'once', portionGrams: 8 });
    expect(again.status).toBe(200);
    expect((again.data as Feeding).state).toBe('done');
    await feeder.pass(60_000);
    expect(feeder.landed()).toBe(landed);
  });
});

describe('A-08, FMEA-46 only one feeding at a time', () => {
  test('of fifty requests at once one feeds and the others are told that it is busy', async () => {
    const feeder = await VirtualFeeder.start();
    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, i) => ask(feeder, { requestId: `p${i}`, portionGrams: 6 })),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ error }) => error?.code === 'ERR_BUSY')).toHaveLength(24);
    await feeder.passUntilIdle();
    expect(feeder.landed()).toBeLessThan(8);
  });

  test('a meal that comes due during a feeding by hand is served after it', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('PATCH', '/settings', { scheduleGapMinutes: 0 });
    await feeder.ask('POST', '/meals', { time: '08:00', portionGrams: 15 });
    await feeder.pass(2 * 3_600_000 - 4000);
    await ask(feeder, { requestId: 'hand', portionGrams: 10 });
    await feeder.pass(5 * 60_000);
    const [meal] = await feeder.occurrences();
    expect(meal?.verdict).toMatch(/^fed/);
    expect(feeder.landed()).toBeGreaterThan(23);
    expect(feeder.landed()).toBeLessThan(28);
  });

  test('FMEA-46 a feeding that begins from within the end of another keeps the dispenser', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('PATCH', '/settings', { scheduleGapMinutes: 0, manualGapSeconds: 0 });
    const { scheduler, feeding } = feeder.device;
    const next = {
      requestId: 'next',
      cause: 'starvation',
      portionGrams: 20,
      why: 'a test',
    } as const;
    Object.assign(scheduler, { feedingEnded: () => void feeding.feedExtra(next) });
    const first = await feeder.feed(6, 'first');
    while ((await feeder.status()).running?.id === first.id) await feeder.pass(500);
    await feeder.pass(1000);
    expect((await feeder.status()).running?.requestId).toBe('next');
    const asked = await ask(feeder, { requestId: 'tap', portionGrams: 6 });
    expect(asked.error?.code).toBe('ERR_BUSY');
    expect(feeder.ledger('feeding.claimed')).toHaveLength(2);
  });
});

describe('a person ends it', () => {
  test('cancel stops the motor and counts what fell', async () => {
    const feeder = await VirtualFeeder.start();
    const { id } = await feeder.feed(40);
    await feeder.pass(4000);
    const { data } = await feeder.ask('POST', `/feedings/${id}/cancel`, {});
    const ended = data as Feeding;
    expect(ended.result).toBe('cancelled');
    expect(feeder.world.truth().isMotorOn).toBe(false);
    const landed = feeder.landed();
    expect(landed).toBeGreaterThan(0);
    expect(landed).toBeLessThan(39);
    expect(landed).toBeGreaterThanOrEqual(ended.dose?.lowGrams ?? 99);
    expect(landed).toBeLessThanOrEqual(ended.dose?.highGrams ?? 0);
  });

  test('the emergency stop has the motor off before it answers', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.feed(40);
    for (let i = 0; i < 500 && !feeder.world.truth().isMotorOn; i++) await feeder.pass(20);
    const stopped = feeder.ask('POST', '/stop', {});
    await feeder.pass(50);
    expect(feeder.world.truth().isMotorOn).toBe(false);
    expect((await stopped).status).toBe(200);
  });
});

test('I3 caps hold over requests and restarts', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('PATCH', '/settings', { hourGramsMax: 30, feedingGramsMax: 20 });
  const tooMuch = await ask(feeder, { requestId: 'big', portionGrams: 21 });
  expect(tooMuch.error?.code).toBe('ERR_LIMIT_REACHED');
  await feeder.feedToEnd(18);
  feeder.cutPower();
  await feeder.pass(10_000);
  await feeder.powerUp();
  await feeder.pass(30_000);
  const second = await ask(feeder, { requestId: 'second', portionGrams: 15 });
  expect(second.error?.details).toContainEqual({ path: 'rule', message: 'cap_hour' });
  await feeder.pass(3_600_000);
  expect((await ask(feeder, { requestId: 'third', portionGrams: 15 })).status).toBe(202);
});
