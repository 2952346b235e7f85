import { describe, expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

const breakfast = { name: 'Breakfast', time: '08:00', portionGrams: 15 };
const TO_BREAKFAST = 2 * 3_600_000 + 60_000;

describe('I9, I10 what is broken is named, and the cat still eats where it safely can', () => {
  test('FMEA-20 the scale is unplugged: a smaller portion by turns, called what it is', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/meals', breakfast);
    for (let i = 0; i < 4; i++) await feeder.feedToEnd(10).then(() => feeder.pass(20_000));
    feeder.world.disconnectScale();
    const before = feeder.landed();
    await feeder.pass(TO_BREAKFAST);
    const [meal] = await feeder.occurrences();
    expect(meal).toMatchObject({ verdict: 'fed_reduced', rule: 'maintenance_scale_dead' });
    const landed = feeder.landed() - before;
    expect(landed).toBeGreaterThan(15 * 0.75 * 0.5);
    expect(landed).toBeLessThan(16);
    const { dose } = await feeder.feeding(meal?.feedingId ?? '');
    expect(dose?.method).toBe('estimated');
    expect(landed).toBeGreaterThanOrEqual(dose?.lowGrams ?? 99);
    expect(landed).toBeLessThanOrEqual(dose?.highGrams ?? 0);
  });

  test('FMEA-16 free flow: off for good, over restarts, until a person clears it', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.feedToEnd(10);
    await feeder.pass(15_000);
    feeder.world.leakFlap({ gramsPerSecond: 2, closesOnReverse: false });
    await feeder.feed(10);
    await feeder.pass(30_000);
    feeder.world.leakFlap(null);
    await feeder.passUntilIdle();
    expect((await feeder.status()).faults.map(({ fault }) => fault)).toContain('overflow');
    feeder.cutPower();
    await feeder.powerUp();
    await feeder.pass(20_000);
    const refused = await feeder.ask('POST', '/feedings', { requestId: 'no', portionGrams: 5 });
    expect(refused.error?.code).toBe('ERR_HARDWARE_FAULT');
    expect((await feeder.ask('POST', '/faults/overflow/clear', {})).status).toBe(200);
    const allowed = await feeder.ask('POST', '/feedings', { requestId: 'yes', portionGrams: 5 });
    expect(allowed.status).toBe(202);
  });

  test('FMEA-04 a weak supply: refused while it lasts, served when it is over', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/meals', breakfast);
    await feeder.feedToEnd(10);
    const before = feeder.landed();
    feeder.world.undervoltage();
    await feeder.pass(TO_BREAKFAST);
    expect(feeder.landed()).toBe(before);
    feeder.world.undervoltage(false);
    await feeder.pass(120_000);
    expect((await feeder.occurrences())[0]?.verdict).toMatch(/^fed/);
  });

  test('FMEA-12 a motor driver that is unplugged: refused by name, told, and served when it is back', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/meals', breakfast);
    await feeder.feedToEnd(10);
    const before = feeder.landed();
    feeder.world.unplugDriver();
    await feeder.pass(TO_BREAKFAST);
    const { today, alerts } = await feeder.status();
    expect(alerts).toMatchObject([{ alert: 'sensor', subject: 'motor_unreachable' }]);
    const asked = await feeder.ask('POST', '/feedings', { requestId: 'no', portionGrams: 5 });
    expect(asked.error).toMatchObject({
      code: 'ERR_HARDWARE_FAULT',
      message: expect.stringContaining('driver did not answer'),
    });
    // Nothing fell, and nothing is booked.
    expect(feeder.landed()).toBe(before);
    expect(today.highGrams).toBeLessThan(15);
    feeder.world.unplugDriver(false);
    await feeder.pass(180_000);
    expect((await feeder.occurrences())[0]?.verdict).toMatch(/^fed/);
    expect((await feeder.status()).alerts).toEqual([]);
  });

  test('FMEA-12 a motor driver that is pulled in the middle of a portion ends it by name', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.feedToEnd(10);
    await feeder.pass(20_000);
    const before = feeder.landed();
    const { id } = await feeder.feed(20);
    await feeder.pass(3000);
    feeder.world.unplugDriver();
    await feeder.passUntilIdle();
    const last = await feeder.feeding(id);
    expect(last.fault).toBe('motor_unreachable');
    const fell = feeder.landed() - before;
    expect(last.dose?.lowGrams).toBeLessThanOrEqual(fell + 0.1);
    expect(last.dose?.highGrams).toBeGreaterThanOrEqual(fell - 0.1);
  });

  test('FMEA-12 a jam ends the meal as failed, and the next meal tries again', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/meals', breakfast);
    await feeder.ask('POST', '/meals', { ...breakfast, name: 'Lunch', time: '12:00' });
    await feeder.feedToEnd(10);
    feeder.world.jam();
    await feeder.pass(TO_BREAKFAST + 300_000);
    const [first] = await feeder.occurrences();
    expect(first).toMatchObject({ verdict: expect.stringMatching(/failed|short|fed/) });
    feeder.world.jam(false);
    await feeder.pass(4 * 3_600_000);
    expect((await feeder.occurrences())[1]?.verdict).toMatch(/^fed/);
    expect((await feeder.status()).faults).toEqual([]);
  });

  test('FMEA-15 an empty hopper is named, and the plan goes on when it is filled', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.ask('POST', '/meals', breakfast);
    await feeder.ask('POST', '/meals', { ...breakfast, name: 'Lunch', time: '12:00' });
    await feeder.feedToEnd(10);
    feeder.world.emptyHopper();
    await feeder.pass(TO_BREAKFAST + 300_000);
    const [first] = await feeder.occurrences();
    expect(first?.verdict).toMatch(/failed|short/);
    expect((await feeder.status()).faults.length).toBeGreaterThan(0);
    feeder.world.refill(500);
    await feeder.pass(4 * 3_600_000);
    expect((await feeder.occurrences())[1]?.verdict).toMatch(/^fed/);
  });
});
