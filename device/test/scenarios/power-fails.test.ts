import { describe, expect, test } from 'vitest';
import { PowerCut } from '../../src/storage/transactor.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

const breakfast = { name: 'Breakfast', time: '08:00', portionGrams: 15 };
const TWO_HOURS = 2 * 3_600_000;

/** A feeder with a plan, whose cat had something at six: it does not starve. */
async function fedFeeder(): Promise<VirtualFeeder> {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/meals', breakfast);
  await feeder.feedToEnd(12);
  return feeder;
}

describe('I1, I5 power fails in the middle of a meal', () => {
  test.each([0, 300, 1500, 3000, 5000, 8000])('FMEA-02 %i ms after it began', async (afterMs) => {
    const feeder = await fedFeeder();
    const before = feeder.landed();
    await feeder.pass(TWO_HOURS - 120_000);
    for (let i = 0; i < 20_000 && !feeder.device.feeding.isBusy(); i++) await feeder.pass(10);
    await feeder.pass(afterMs);
    const wasBusy = feeder.device.feeding.isBusy();
    feeder.cutPower();
    await feeder.pass(20_000);
    const landed = feeder.landed() - before;
    await feeder.powerUp();
    await feeder.passUntilIdle();
    await feeder.pass(TWO_HOURS);

    expect(feeder.landed() - before).toBeCloseTo(landed, 6);
    const [occurrence] = await feeder.occurrences();
    expect(occurrence?.state).toBe('closed');
    const feeding = await feeder.feeding(occurrence?.feedingId ?? '');
    expect(landed).toBeGreaterThanOrEqual((feeding.dose?.lowGrams ?? 99) - 0.3);
    expect(landed).toBeLessThanOrEqual((feeding.dose?.highGrams ?? 0) + 0.3);
    if (wasBusy) expect(feeding.why).toMatch(/interrupted/i);
    expect(feeder.ledger('feeding.claimed')).toHaveLength(2);
    expect(feeder.ledger('feeding.ended')).toHaveLength(2);
  });
});

test('FMEA-01 power fails before the claim is durable: nothing moved, and the meal is served after', async () => {
  const feeder = await fedFeeder();
  const before = feeder.landed();
  feeder.hooks.beforeCommit = (name) => {
    if (!name.includes('claim')) return;
    feeder.cutPower();
    throw new PowerCut();
  };
  await feeder.pass(TWO_HOURS + 60_000);
  expect(feeder.landed()).toBe(before);
  delete feeder.hooks.beforeCommit;
  await feeder.powerUp();
  await feeder.pass(120_000);
  expect(feeder.landed() - before).toBeGreaterThan(13);
  expect((await feeder.occurrences())[0]?.verdict).toMatch(/^fed/);
});

test('FMEA-03 power fails after the claim and before any motion: the meal is not repeated', async () => {
  const feeder = await fedFeeder();
  const before = feeder.landed();
  feeder.hooks.afterCommit = (name) => {
    if (!name.includes('claim')) return;
    feeder.cutPower();
    throw new PowerCut();
  };
  await feeder.pass(TWO_HOURS + 60_000);
  delete feeder.hooks.afterCommit;
  await feeder.powerUp();
  await feeder.pass(TWO_HOURS);
  expect(feeder.landed()).toBe(before);
  const [occurrence] = await feeder.occurrences();
  expect(['unknown_after_crash', 'short', 'failed']).toContain(occurrence?.verdict);
});

test('A-08 a wish while what a power cut left is weighed is told so, not that another feeding runs', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.feed(20, 'before');
  await feeder.pass(4000);
  feeder.cutPower();
  feeder.world.leanCat(400, 40_000);
  await feeder.powerUp();
  const asked = await feeder.ask('POST', '/feedings', { requestId: 'early', portionGrams: 5 });
  expect(asked.status).toBe(503);
  expect(asked.error?.code).toBe('ERR_UNAVAILABLE');
  expect(asked.error?.message).toMatch(/interrupted feeding .* still being weighed/);
  expect(asked.error?.details).toContainEqual({ path: 'rule', message: 'recovering' });
  const tared = await feeder.ask('POST', '/scale/tare', {});
  expect(tared.error?.code).toBe('ERR_UNAVAILABLE');
  await feeder.passUntilIdle();
  await feeder.ask('PATCH', '/settings', { manualGapSeconds: 0 });
  expect((await feeder.feed(5, 'later')).state).toBe('running');
});
