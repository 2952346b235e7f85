import { describe, expect, test } from 'vitest';
import {
  BREAKFAST_GRAMS,
  expectTrueDose,
  HOUR_MS,
  practisedFeeder,
  TO_BREAKFAST_MS,
} from './practised-feeder.ts';
import type { VirtualFeeder } from './virtual-feeder.ts';

const station = async (feeder: VirtualFeeder) =>
  (await feeder.status()).components.find(({ name }) => name === 'station');

describe('I1, I2 a scale that cannot be believed', () => {
  test.each<[string, (feeder: VirtualFeeder, isBroken?: boolean) => void]>([
    ['stuck', (feeder, isBroken) => feeder.world.stickScale(isBroken)],
    ['saturated', (feeder, isBroken) => feeder.world.saturateScale(isBroken)],
  ])(
    'FMEA-21, FMEA-22 %s: a smaller portion by turns, named, and as planned when it is well',
    async (state, hurt) => {
      const { feeder, before } = await practisedFeeder();
      hurt(feeder, true);
      await feeder.pass(TO_BREAKFAST_MS);
      expect((await feeder.status()).bowl.state).toBe(state);
      expect(await station(feeder)).toMatchObject({
        state: 'degraded',
        why: expect.stringContaining(`scale_${state}`),
      });
      const [meal] = await feeder.occurrences();
      expect(meal).toMatchObject({ verdict: 'fed_reduced', rule: 'maintenance_scale_dead' });
      const landed = feeder.landed() - before;
      expect(landed).toBeLessThan(BREAKFAST_GRAMS);
      await expectTrueDose(feeder, meal?.feedingId, landed);
      hurt(feeder, false);
      await feeder.pass(60_000);
      expect((await feeder.status()).bowl.state).toBe('stable');
      const served = feeder.landed();
      const again = await feeder.feedToEnd(10);
      expect(again.dose?.method).toBe('measured');
      expect(feeder.landed() - served).toBeGreaterThan(9);
    },
  );

  test.each<[string, (feeder: VirtualFeeder, isBroken?: boolean) => void]>([
    ['scale_silent', (feeder, isBroken) => feeder.world.disconnectScale(isBroken)],
    ['scale_stuck', (feeder, isBroken) => feeder.world.stickScale(isBroken)],
    ['scale_saturated', (feeder, isBroken) => feeder.world.saturateScale(isBroken)],
  ])(
    'B-57, FMEA-20, FMEA-21, FMEA-22 %s: an alert within ten minutes, on record, and gone when it is over',
    async (fault, hurt) => {
      const { feeder } = await practisedFeeder();
      const sensorAlerts = async () =>
        (await feeder.status()).alerts.filter(({ alert }) => alert === 'sensor');
      hurt(feeder, true);
      await feeder.pass(600_000);
      expect((await station(feeder))?.why).toContain(fault);
      expect(await sensorAlerts()).toEqual([expect.objectContaining({ subject: fault })]);
      expect(feeder.ledger('alert.raised')).toHaveLength(1);
      await feeder.feedToEnd(5);
      await feeder.pass(600_000);
      expect(feeder.ledger('alert.raised')).toHaveLength(1);
      hurt(feeder, false);
      await feeder.pass(600_000);
      expect((await station(feeder))?.why).not.toContain(fault);
      expect(await sensorAlerts()).toEqual([]);
    },
  );

  test('FMEA-22 a single absurd reading in the middle of a portion changes nothing', async () => {
    const { feeder, before } = await practisedFeeder();
    const { id } = await feeder.feed(12);
    await feeder.pass(2000);
    feeder.world.saturateScale();
    await feeder.pass(30);
    feeder.world.saturateScale(false);
    await feeder.passUntilIdle();
    expect((await feeder.feeding(id)).result).toBe('served');
    await expectTrueDose(feeder, id, feeder.landed() - before);
  });

  test('FMEA-23 drift: only differences around a portion count', async () => {
    const { feeder } = await practisedFeeder({ bowlCell: { driftGramsPerHour: 5 } });
    for (let hours = 0; hours < 6; hours += 2) {
      await feeder.pass(2 * HOUR_MS);
      const before = feeder.landed();
      const { id, dose } = await feeder.feedToEnd(10);
      expect(dose?.method).toBe('measured');
      expect(Math.abs(feeder.landed() - before - 10)).toBeLessThan(1);
      await expectTrueDose(feeder, id, feeder.landed() - before);
    }
  });

  test('FMEA-24 spikes: one reading in fifty lies far off, and the portion is right', async () => {
    const { feeder } = await practisedFeeder({
      bowlCell: { spikeProbability: 0.02, spikeGrams: 800 },
    });
    for (let i = 0; i < 5; i++) {
      await feeder.pass(HOUR_MS);
      const before = feeder.landed();
      const { id } = await feeder.feedToEnd(10);
      expect(Math.abs(feeder.landed() - before - 10)).toBeLessThan(1.2);
      await expectTrueDose(feeder, id, feeder.landed() - before);
    }
  });
});

describe('I2, I9 the bowl', () => {
  test('FMEA-27 it is missing: nothing falls on the floor, and the meal is served when it is back', async () => {
    const { feeder, before } = await practisedFeeder();
    feeder.world.removeBowl();
    await feeder.pass(TO_BREAKFAST_MS + 40 * 60_000);
    expect(feeder.world.truth()).toMatchObject({ landedGrams: before, spilledGrams: 0 });
    expect((await station(feeder))?.why).toContain('bowl_missing');
    const [open] = await feeder.occurrences();
    const { alerts } = await feeder.status();
    expect(alerts).toContainEqual(expect.objectContaining({ subject: open?.key }));
    feeder.world.returnBowl();
    await feeder.pass(600_000);
    expect((await feeder.occurrences())[0]?.verdict).toMatch(/^fed/);
    expect(feeder.world.truth().spilledGrams).toBe(0);
  });

  test('FMEA-27 it is taken away while food falls: the motor stops, and the fault is named', async () => {
    const { feeder, before } = await practisedFeeder();
    const { id } = await feeder.feed(30);
    await feeder.pass(2500);
    feeder.world.removeBowl();
    await feeder.passUntilIdle();
    const ended = await feeder.feeding(id);
    expect(ended.fault).toBe('bowl_missing');
    expect(feeder.world.truth().spilledGrams).toBeLessThan(3);
    const delivered = feeder.landed() - before + feeder.world.truth().spilledGrams;
    expect(ended.dose?.highGrams).toBeGreaterThanOrEqual(delivered);
  });

  test('FMEA-28 enough is left in it: no meal on top, said so, and served when it is eaten', async () => {
    const { feeder, before } = await practisedFeeder();
    await feeder.ask('PATCH', '/settings', { bowlFullGrams: 30 });
    await feeder.pass(TO_BREAKFAST_MS + 600_000);
    expect(feeder.landed()).toBe(before);
    expect((await feeder.occurrences())[0]?.why).toContain('the bowl still holds enough');
    feeder.world.takeFood(500);
    await feeder.pass(600_000);
    expect((await feeder.occurrences())[0]?.verdict).toMatch(/^fed/);
  });

  test('FMEA-29 a paw or a weight on it: the tare is refused and the zero stays', async () => {
    const { feeder } = await practisedFeeder();
    feeder.world.takeFood(500);
    await feeder.pass(20_000);
    const zero = async () => {
      const { data } = await feeder.ask('GET', '/scale');
      return (data as { calibration: { zeroCounts: number } }).calibration.zeroCounts;
    };
    expect((await feeder.ask('POST', '/scale/tare')).status).toBe(200);
    const good = await zero();
    feeder.world.leanCat(40, 60_000);
    const refused = await feeder.ask('POST', '/scale/tare');
    expect(refused.error?.code).toBe('ERR_NOT_STABLE');
    feeder.world.scareCat();
    feeder.world.placeWeight(40);
    await feeder.pass(10_000);
    const doubted = await feeder.ask('POST', '/scale/tare');
    expect(doubted.error?.code).toBe('ERR_CALIBRATION_REFUSED');
    expect(await zero()).toBe(good);
  });
});
