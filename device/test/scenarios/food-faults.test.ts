import type { CalibrationJob, Kibble } from '@cat-feeder/shared';
import { describe, expect, test } from 'vitest';
import {
  BREAKFAST_GRAMS,
  expectTrueDose,
  HOUR_MS,
  practisedFeeder,
  TO_BREAKFAST_MS,
} from './practised-feeder.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

describe('I3, I9 food that does not come as it should', () => {
  test('FMEA-13 a slow flow: short, said so with its numbers, and an alert when nobody fixes it', async () => {
    const { feeder, before } = await practisedFeeder();
    feeder.world.changeKibble({ flowFactor: 0.2 });
    await feeder.pass(TO_BREAKFAST_MS + 45 * 60_000);
    const [meal] = await feeder.occurrences();
    expect(meal?.verdict).toBe('short');
    await expectTrueDose(feeder, meal?.feedingId, feeder.landed() - before);
    const { alerts, faults } = await feeder.status();
    expect(faults.length).toBeGreaterThan(0);
    expect(alerts).toContainEqual(
      expect.objectContaining({ alert: 'dead_man', subject: meal?.key }),
    );
  });

  test('FMEA-14 food that hangs: shaken three times at most, then named, then tried again', async () => {
    const { feeder, before } = await practisedFeeder({
      hopper: { hasCell: true },
      faults: { bridgeClearsOnReverseProbability: 0 },
    });
    feeder.world.bridge();
    await feeder.pass(TO_BREAKFAST_MS + 300_000);
    const [meal] = await feeder.occurrences();
    expect(meal).toMatchObject({ verdict: 'failed', rule: 'bridged' });
    expect((await feeder.feeding(meal?.feedingId ?? '')).attempts).toBe(3);
    expect(feeder.landed()).toBe(before);
    feeder.world.bridge(false);
    await feeder.pass(24 * HOUR_MS);
    const days = await feeder.occurrences('?from=2026-06-16&to=2026-06-16');
    expect(days[0]?.verdict).toMatch(/^fed/);
    expect((await feeder.status()).faults).toEqual([]);
  });

  test('FMEA-14 food that a shake sets free is served in the same meal', async () => {
    const { feeder, before } = await practisedFeeder({
      faults: { bridgeClearsOnReverseProbability: 1 },
    });
    feeder.world.bridge();
    await feeder.pass(TO_BREAKFAST_MS + 300_000);
    const [meal] = await feeder.occurrences();
    expect(meal?.verdict).toBe('fed');
    expect((await feeder.feeding(meal?.feedingId ?? '')).attempts).toBeGreaterThan(0);
    await expectTrueDose(feeder, meal?.feedingId, feeder.landed() - before);
  });

  test('FMEA-19 another kibble: the first portions are still right, and the model follows in steps', async () => {
    const { feeder } = await practisedFeeder();
    const kibble = (await feeder.ask('POST', '/kibbles', { name: 'Chicken' })).data as {
      id: string;
    };
    await feeder.ask('PATCH', '/settings', { activeKibbleId: kibble.id, manualGapSeconds: 0 });
    const gramsPerTurn = async () => {
      const { data } = await feeder.ask('GET', `/kibbles/${kibble.id}`);
      return (data as { model: { gramsPerTurn: number } | null }).model?.gramsPerTurn ?? 0;
    };
    for (let i = 0; i < 4; i++) await feeder.feedToEnd(8).then(() => feeder.pass(30_000));
    let known = await gramsPerTurn();
    const first = known;
    feeder.world.changeKibble({ flowFactor: 1.6 });
    for (let i = 0; i < 5; i++) {
      await feeder.pass(HOUR_MS);
      const before = feeder.landed();
      await feeder.feedToEnd(8);
      expect(feeder.landed() - before).toBeLessThan(8 + 1.5);
      const next = await gramsPerTurn();
      expect(next).toBeLessThanOrEqual(known * 1.3);
      known = next;
    }
    expect(known).toBeGreaterThan(first * 1.05);
    const asked = async () =>
      (await feeder.status()).alerts.filter(({ alert }) => alert === 'kibble_changed');
    expect(await asked()).toEqual([expect.objectContaining({ subject: kibble.id })]);
    await feeder.ask('POST', `/kibbles/${kibble.id}/calibrate`, { rounds: 2, portionGrams: 5 });
    await feeder.pass(2 * HOUR_MS);
    expect(await asked()).toEqual([]);
  });
});

describe('the calibration of a kibble', () => {
  async function knownKibble() {
    const { feeder } = await practisedFeeder();
    const { id } = (await feeder.ask('POST', '/kibbles', { name: 'Chicken' })).data as Kibble;
    await feeder.ask('PATCH', '/settings', { activeKibbleId: id, manualGapSeconds: 0 });
    const known = async () => ((await feeder.ask('GET', `/kibbles/${id}`)).data as Kibble).model;
    const path = `/kibbles/${id}/calibrate`;
    const calibrate = () => feeder.ask('POST', path, {});
    const job = async () => (await feeder.ask('GET', path)).data as CalibrationJob | null;
    await feeder.feedToEnd(8);
    await feeder.pass(30_000);
    return { feeder, known, calibrate, job };
  }

  test('while a feeding runs is refused at once, and what was learned stays', async () => {
    const { feeder, known, calibrate } = await knownKibble();
    const before = await known();
    expect(before?.samples).toBe(5);
    await feeder.ask('POST', '/feedings', { requestId: 'now', portionGrams: 8 });
    expect((await calibrate()).error?.code).toBe('ERR_BUSY');
    expect(await known()).toEqual(before);
  });

  test('that a cap refuses ends failed, and what was learned stays', async () => {
    const { feeder, known, calibrate, job } = await knownKibble();
    const before = await known();
    const caps = { feedingGramsMax: 10, hourGramsMax: 20, dayGramsMax: 20 };
    expect((await feeder.ask('PATCH', '/settings', caps)).status).toBe(200);
    expect((await calibrate()).status).toBe(202);
    await feeder.pass(60_000);
    expect((await job())?.state).toBe('failed');
    expect(await known()).toEqual(before);
  });

  test('learns as if nothing had been known', async () => {
    const { feeder, known, calibrate } = await knownKibble();
    for (let i = 0; i < 4; i++) await feeder.feedToEnd(8).then(() => feeder.pass(30_000));
    expect((await known())?.samples).toBe(9);
    await calibrate();
    await feeder.pass(HOUR_MS);
    expect((await known())?.samples).toBe(3);
  });
});

describe('I3 a motor that does not do as it is told', () => {
  test('FMEA-17 it turns by itself at rest: latched, over restarts, until a person clears it', async () => {
    const { feeder } = await practisedFeeder();
    feeder.world.shortMotorDriver();
    await feeder.pass(10_000);
    feeder.world.shortMotorDriver(false);
    await feeder.pass(60_000);
    const latched = async () => (await feeder.status()).faults.map(({ fault }) => fault);
    expect(await latched()).toContain('motor_runaway');
    feeder.cutPower();
    await feeder.powerUp();
    await feeder.pass(20_000);
    expect(await latched()).toContain('motor_runaway');
    const wish = { requestId: 'one', portionGrams: 5 };
    const refused = await feeder.ask('POST', '/feedings', wish);
    expect(refused.error?.code).toBe('ERR_HARDWARE_FAULT');
    // What it moved fell into the bowl, so that an overflow may have been seen as well.
    for (const fault of await latched()) {
      expect((await feeder.ask('POST', `/faults/${fault}/clear`, {})).status).toBe(200);
    }
    const allowed = await feeder.ask('POST', '/feedings', { ...wish, requestId: 'two' });
    expect(allowed.status).toBe(202);
  });

  test('FMEA-17 it does not stop after a feeding: the run ends as a runaway', async () => {
    const { feeder } = await practisedFeeder();
    const { id } = await feeder.feed(10);
    await feeder.pass(2000);
    feeder.world.shortMotorDriver();
    await feeder.passUntilIdle();
    feeder.world.shortMotorDriver(false);
    expect((await feeder.feeding(id)).fault).toMatch(/motor_runaway|overflow/);
    await feeder.pass(60_000);
    const refused = await feeder.ask('POST', '/feedings', { requestId: 'no', portionGrams: 5 });
    expect(refused.error?.code).toBe('ERR_HARDWARE_FAULT');
  });

  test('FMEA-18 it is wired the wrong way round: the calibration refuses to end well', async () => {
    const feeder = await VirtualFeeder.start();
    const kibble = (await feeder.ask('POST', '/kibbles', { name: 'Chicken' })).data as {
      id: string;
    };
    await feeder.ask('PATCH', '/settings', { activeKibbleId: kibble.id });
    feeder.world.flipMotor();
    const path = `/kibbles/${kibble.id}/calibrate`;
    expect((await feeder.ask('POST', path)).status).toBe(202);
    await feeder.pass(900_000);
    const job = (await feeder.ask('GET', path)).data as CalibrationJob;
    expect(job).toMatchObject({ state: 'failed' });
    expect(job.why).not.toBe('');
    expect(feeder.landed()).toBeLessThan(job.portionGrams);
  });
});

test('FMEA-04 a supply that breaks down whenever the motor starts: one try for a meal, not one for a boot', async () => {
  const { feeder, before } = await practisedFeeder();
  await feeder.pass(TO_BREAKFAST_MS - 120_000);
  let tries = 0;
  for (let boot = 0; boot < 6; boot++) {
    for (let i = 0; i < 1500 && !feeder.world.truth().isMotorOn; i++) await feeder.pass(100);
    if (feeder.world.truth().isMotorOn) tries += 1;
    feeder.cutPower();
    await feeder.pass(5000);
    await feeder.powerUp();
  }
  await feeder.pass(120_000);
  expect(tries).toBe(1);
  const claims = feeder
    .ledger('feeding.claimed')
    .filter(({ body }) => body['cause'] === 'schedule');
  expect(claims).toHaveLength(1);
  expect(feeder.landed() - before).toBeLessThan(BREAKFAST_GRAMS);
  expect((await feeder.occurrences())[0]?.verdict).toMatch(/unknown_after_crash|short/);
});
