import type { Pet } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

test('A-06, A-71, B-44, B-71 the first day: a cat, a plan, a portion by hand, a meal on time, and why', async () => {
  const feeder = await VirtualFeeder.start();
  const pet = (await feeder.ask('POST', '/pets', { name: 'Mia', rationGrams: 60 })).data as Pet;
  const meal = { name: 'Breakfast', time: '08:00', portionGrams: 15, petId: pet.id };
  expect((await feeder.ask('POST', '/meals', meal)).status).toBe(201);

  const before = feeder.landed();
  const byHand = await feeder.feedToEnd(12);
  const truth = feeder.landed() - before;
  expect(byHand).toMatchObject({ state: 'done', result: 'served', cause: 'person' });
  expect(truth).toBeGreaterThanOrEqual(byHand.dose?.lowGrams ?? Number.NaN);
  expect(truth).toBeLessThanOrEqual(byHand.dose?.highGrams ?? Number.NaN);

  await feeder.pass(2 * 3_600_000);
  const [breakfast] = await feeder.occurrences();
  expect(breakfast).toMatchObject({ mealName: 'Breakfast', state: 'closed', verdict: 'fed' });
  expect(Math.abs((breakfast?.servedGrams ?? 0) - 15)).toBeLessThanOrEqual(1.5);
  expect(breakfast?.why).not.toBe('');

  const { today } = await feeder.status();
  expect(today.servedGrams).toBeGreaterThan(24);
  expect(today.plannedGrams).toBe(15);
  expect((await feeder.ask('POST', '/ledger/verify', {})).data).toMatchObject({ ok: true });
  expect(feeder.fatal).toEqual([]);
});

test('B-25 a first start has a ledger, no plan, and feeds nobody by itself', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.pass(30 * 3_600_000);
  expect(feeder.landed()).toBe(0);
  expect(feeder.ledger('daemon.started')).toHaveLength(1);
  expect(feeder.ledger('feeding.claimed')).toHaveLength(0);
});
