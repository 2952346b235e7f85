import type { Feeding } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { HOUR_MS } from './practised-feeder.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

const MEAL_GRAMS = 20;

/** Lets time pass until a feeding is claimed, then takes the power away before food can fall. */
async function cutAtClaim(feeder: VirtualFeeder, withinMs: number): Promise<void> {
  for (let ms = 0; ms < withinMs && feeder.device.feeding.running() === null; ms += 1000) {
    await feeder.pass(1000);
  }
  expect(feeder.device.feeding.running()).not.toBeNull();
  feeder.cutPower();
  await feeder.pass(60_000);
}

async function doses(feeder: VirtualFeeder): Promise<Feeding[]> {
  return ((await feeder.ask('GET', '/feedings')).data as { items: Feeding[] }).items;
}

test('I10 feedings that may have brought nothing do not use up the food of a hungry cat', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', { time: '08:00', portionGrams: MEAL_GRAMS });
  await cutAtClaim(feeder, 3 * HOUR_MS);
  await feeder.powerUp();
  await cutAtClaim(feeder, HOUR_MS);
  await feeder.powerUp();
  await feeder.passUntilIdle();
  expect(feeder.landed()).toBeLessThan(1);
  expect((await doses(feeder)).map(({ dose }) => dose?.lowGrams)).toEqual([0, 0]);

  await feeder.pass(6 * HOUR_MS + 120_000);
  expect(feeder.landed()).toBeGreaterThan(MEAL_GRAMS - 1.5);
  expect(feeder.landed()).toBeLessThan(MEAL_GRAMS + 1.5);
});

test('I3, I10 the cap of the day holds for a hungry cat, too', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', { time: '08:00', portionGrams: MEAL_GRAMS });
  await feeder.ask('PATCH', '/settings', {
    feedingGramsMax: 40,
    hourGramsMax: 45,
    dayGramsMax: 45,
  });
  await cutAtClaim(feeder, 3 * HOUR_MS);
  await feeder.powerUp();
  await cutAtClaim(feeder, HOUR_MS);
  await feeder.powerUp();
  await feeder.pass(12 * HOUR_MS);
  const booked = (await doses(feeder)).reduce((sum, { dose }) => sum + (dose?.highGrams ?? 0), 0);
  expect(booked).toBeLessThanOrEqual(45);
  expect(feeder.landed()).toBeLessThan(5);
});
