import type { Feeding } from '@cat-feeder/shared';
import { describe, expect, test } from 'vitest';
import type { SimulatedPanel } from '../support/simulated-panel.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

/** A feeder with everything wired around its dispenser. */
export async function wiredFeeder(
  buttonGrams = 5,
): Promise<{ feeder: VirtualFeeder; panel: SimulatedPanel }> {
  const feeder = await VirtualFeeder.start({ buttonGrams });
  if (feeder.panel === null) throw new TypeError('The panel is not wired.');
  return { feeder, panel: feeder.panel };
}

const feedings = async (feeder: VirtualFeeder) =>
  ((await feeder.ask('GET', '/feedings')).data as { items: Feeding[] }).items;

describe('the front button', () => {
  test('feeds the portion of the profile through the one feed service', async () => {
    const { feeder, panel } = await wiredFeeder(5);
    panel.button.press('press');
    await feeder.passUntilIdle();
    const [fed] = await feedings(feeder);
    expect(fed).toMatchObject({ cause: 'button', portionGrams: 5, result: 'served' });
    expect(fed?.requestId).toMatch(/^button:[0-9a-z]{26}$/);
    expect(feeder.landed()).toBeGreaterThan(3);
    // The next one comes too soon for the rule that every feeding by hand keeps.
    panel.button.press('press');
    await feeder.pass(100);
    expect(feeder.ledger('feeding.refused').at(-1)?.body).toMatchObject({
      cause: 'button',
      rule: 'min_gap',
    });
    expect(panel.sounder.playing).toBe('fault');
  });

  test('is refused in quiet hours, and by the caps', async () => {
    const { feeder, panel } = await wiredFeeder(5);
    await feeder.ask('PATCH', '/settings', { quietHours: { from: '00:00', to: '23:59' } });
    panel.button.press('press');
    await feeder.pass(60_000);
    expect(feeder.landed()).toBe(0);
    expect(feeder.ledger('feeding.refused').at(-1)?.body).toMatchObject({ rule: 'quiet_hours' });
    const opened = await feeder.ask('PATCH', '/settings', {
      quietHours: null,
      feedingGramsMax: 12,
      hourGramsMax: 12,
      dayGramsMax: 12,
    });
    expect(opened).toMatchObject({ status: 200 });
    for (let press = 0; press < 5; press++) {
      panel.button.press('press');
      await feeder.passUntilIdle();
      await feeder.pass(30_000);
    }
    expect(feeder.landed()).toBeLessThan(13);
    expect(feeder.ledger('feeding.refused').at(-1)?.body).toMatchObject({ rule: 'cap_hour' });
  });

  test('stops a feeding that runs by a long press, with what fell on record', async () => {
    const { feeder, panel } = await wiredFeeder(0);
    panel.button.press('press');
    await feeder.pass(1000);
    expect(await feedings(feeder)).toEqual([]);
    const { id } = await feeder.feed(40);
    await feeder.pass(8000);
    panel.button.press('long');
    await feeder.passUntilIdle();
    const stopped = await feeder.feeding(id);
    expect(stopped.result).toBe('cancelled');
    expect(stopped.dose?.highGrams).toBeGreaterThanOrEqual(feeder.landed() - 0.5);
    expect(feeder.landed()).toBeLessThan(39);
  });
});

describe('the lid', () => {
  test('open, refuses by its name, and a meal is served when it is closed in time', async () => {
    const { feeder, panel } = await wiredFeeder();
    panel.lid.move(false);
    const refused = await feeder.ask('POST', '/feedings', { requestId: 'a', portionGrams: 5 });
    expect(refused.error).toMatchObject({
      code: 'ERR_REFUSED',
      message: 'Refused because the lid of the hopper is open.',
    });
    expect(refused.error?.details).toContainEqual({ path: 'rule', message: 'lid_open' });
    await feeder.pass(7 * 60_000);
    expect((await feeder.status()).alerts).toContainEqual(
      expect.objectContaining({ alert: 'sensor', subject: 'lid_open' }),
    );
    panel.lid.move(true);
    expect((await feeder.status()).alerts).toEqual([]);
    expect((await feeder.feedToEnd(5)).result).toBe('served');
  });

  test('opened while food falls, ends the feeding with what fell, named', async () => {
    const { feeder, panel } = await wiredFeeder();
    const { id } = await feeder.feed(40);
    await feeder.pass(8000);
    expect(feeder.world.truth().isMotorOn).toBe(true);
    panel.lid.move(false);
    await feeder.pass(60);
    expect(feeder.world.truth().isMotorOn).toBe(false);
    await feeder.passUntilIdle();
    const ended = await feeder.feeding(id);
    expect(ended).toMatchObject({ result: 'short', fault: 'lid_open' });
    expect(ended.why).toContain('because the lid of the hopper was open');
    expect(ended.dose?.lowGrams).toBeLessThanOrEqual(feeder.landed());
    expect(ended.dose?.highGrams).toBeGreaterThanOrEqual(feeder.landed());
    panel.lid.move(true);
    await feeder.pass(60_000);
    expect((await feeder.feedToEnd(5)).result).toBe('served');
    expect((await feeder.status()).faults).toEqual([]);
  });

  test('whose switch babbles or is unplugged, speaks against nothing and is told', async () => {
    const { feeder, panel } = await wiredFeeder();
    panel.lid.move(false);
    panel.lid.become('babbling');
    expect((await feeder.feedToEnd(5)).result).toBe('served');
    expect((await feeder.status()).components).toContainEqual(
      expect.objectContaining({ name: 'front panel', state: 'degraded' }),
    );
  });
});

describe('the bowl’s switch', () => {
  test('FMEA-27 says that it is gone: refused as by the scale, and the motor stops', async () => {
    const { feeder, panel } = await wiredFeeder();
    const { id } = await feeder.feed(40);
    await feeder.pass(8000);
    panel.bowl.move(false);
    feeder.world.removeBowl();
    await feeder.passUntilIdle();
    const ended = await feeder.feeding(id);
    expect(ended.fault).toBe('bowl_missing');
    const { landedGrams, spilledGrams } = feeder.world.truth();
    expect(ended.dose?.highGrams).toBeGreaterThanOrEqual(landedGrams + spilledGrams);
    feeder.world.returnBowl();
    await feeder.pass(60_000);
    const refused = await feeder.ask('POST', '/feedings', { requestId: 'b', portionGrams: 5 });
    expect(refused.error?.message).toContain('the bowl was missing');
    panel.bowl.move(true);
    expect((await feeder.feedToEnd(5)).result).toBe('served');
  });
});

describe('the gauge in the hopper', () => {
  test('tells of little food once, and of none as the fault that there is for it', async () => {
    const { feeder, panel } = await wiredFeeder();
    panel.hopperGauge.level = { fraction: 0.15, confidence: 1, isLow: true, isEmpty: false };
    await feeder.pass(60 * 60_000);
    expect((await feeder.status()).alerts).toMatchObject([{ alert: 'hopper_low' }]);
    expect(feeder.ledger('alert.raised')).toHaveLength(1);
    panel.hopperGauge.level = { fraction: 0.01, confidence: 1, isLow: true, isEmpty: true };
    await feeder.pass(60 * 60_000);
    expect((await feeder.status()).faults).toMatchObject([{ fault: 'hopper_empty' }]);
    expect(feeder.ledger('fault.raised')).toHaveLength(1);
    panel.hopperGauge.level = { fraction: 0.9, confidence: 1, isLow: false, isEmpty: false };
    await feeder.pass(11 * 60_000);
    const { faults, alerts } = await feeder.status();
    expect([faults, alerts]).toEqual([[], []]);
  });

  test('takes back no fault that a feeding has found', async () => {
    const { feeder } = await wiredFeeder();
    feeder.world.emptyHopper();
    await feeder.feedToEnd(10);
    expect((await feeder.status()).faults).toMatchObject([{ fault: 'hopper_empty' }]);
    await feeder.pass(30 * 60_000);
    expect((await feeder.status()).faults).toMatchObject([{ fault: 'hopper_empty' }]);
  });
});

describe('the supply', () => {
  test('FMEA-04 fails: no new feeding, a running one ends, the database is put in order', async () => {
    const { feeder, panel } = await wiredFeeder();
    const { id } = await feeder.feed(40);
    await feeder.pass(8000);
    const { store } = feeder.device;
    let checkpoints = 0;
    const checkpoint = store.checkpoint.bind(store);
    Object.assign(store, {
      checkpoint: () => {
        checkpoints += 1;
        return checkpoint();
      },
    });
    panel.power.set({ isFailing: true, source: 'battery' });
    expect(checkpoints).toBe(1);
    await feeder.pass(60);
    expect(feeder.world.truth().isMotorOn).toBe(false);
    await feeder.passUntilIdle();
    expect(await feeder.feeding(id)).toMatchObject({ result: 'short', fault: 'power_failing' });
    const refused = await feeder.ask('POST', '/feedings', { requestId: 'c', portionGrams: 5 });
    expect(refused.error?.details).toContainEqual({ path: 'rule', message: 'power_failing' });
    panel.power.set({ isFailing: false, source: 'mains' });
    await feeder.pass(60_000);
    expect((await feeder.feedToEnd(5)).result).toBe('served');
  });

  test('FMEA-04 is weak: refused by its name, while a sag in a feeding only pauses it', async () => {
    const { feeder, panel } = await wiredFeeder();
    const { id } = await feeder.feed(20);
    await feeder.pass(8000);
    panel.power.set({ isUndervoltage: true, why: 'weak' });
    await feeder.pass(2000);
    panel.power.set({ isUndervoltage: false, why: '' });
    await feeder.passUntilIdle();
    expect((await feeder.feeding(id)).result).toBe('served');
    panel.power.set({ isUndervoltage: true, why: 'weak' });
    await feeder.pass(60_000);
    const refused = await feeder.ask('POST', '/feedings', { requestId: 'd', portionGrams: 5 });
    expect(refused.error?.message).toContain('the supply was too weak');
  });
});

describe('the pet reader', () => {
  const mia = { protocol: 'fdxb', id: '276098102345678', isAnimal: true } as const;

  test('A-69 shows who is at the bowl, and the ledger has the visit with what was eaten', async () => {
    const { feeder, panel } = await wiredFeeder();
    await feeder.feedToEnd(20);
    await feeder.pass(60_000);
    for (let half = 0; half < 20; half++) {
      panel.petReader.hold(mia);
      await feeder.pass(500);
    }
    expect((await feeder.status()).reader).toEqual({
      state: 'ok',
      why: '',
      tags: [mia.id],
      lastSeen: { tag: `…${mia.id.slice(-4)}`, atMs: expect.any(Number) },
    });
    const taken = feeder.world.takeFood(8);
    await feeder.pass(60_000);
    expect((await feeder.status()).reader?.tags).toEqual([]);
    const [visit] = feeder.ledger('visit.ended');
    expect(visit?.body).toMatchObject({ petId: null, confidence: 0 });
    expect(Math.abs(Number(visit?.body['eatenMg']) / 1000 - (taken ?? 8))).toBeLessThan(1);
  });

  test('that babbles, is unplugged or floods, never touches a feeding', async () => {
    const { feeder, panel } = await wiredFeeder();
    const { id } = await feeder.feed(20);
    for (let step = 0; feeder.device.feeding.isBusy() && step < 600; step++) {
      for (let tag = 0; tag < 50; tag++) panel.petReader.hold({ ...mia, id: `${tag}` });
      panel.petReader.disturb(4096);
      if (step % 7 === 0) panel.petReader.unplug();
      if (step % 7 === 3) panel.petReader.plugIn();
      await feeder.pass(250);
    }
    expect((await feeder.feeding(id)).result).toBe('served');
    panel.petReader.unplug();
    const { reader, components } = await feeder.status();
    expect(reader?.state).toBe('unplugged');
    expect(components).toContainEqual(
      expect.objectContaining({ name: 'pet reader', state: 'degraded' }),
    );
    await feeder.pass(60_000);
    expect((await feeder.feedToEnd(5)).result).toBe('served');
  });
});

describe('the board', () => {
  test('FMEA-63 that is too hot says so, and meals are still served', async () => {
    const { feeder, panel } = await wiredFeeder();
    panel.thermometer.celsius = 84;
    expect((await feeder.status()).components).toContainEqual({
      name: 'front panel',
      state: 'degraded',
      why: 'cpu-thermal is at 84 °C: give the board air.',
    });
    expect((await feeder.feedToEnd(5)).result).toBe('served');
  });
});
