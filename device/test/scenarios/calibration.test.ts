import { expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

test('FMEA-29 food in the bowl is not taken for an empty one, unless a person insists', async () => {
  const feeder = await VirtualFeeder.start();
  expect((await feeder.ask('POST', '/scale/tare', {})).status).toBe(200);
  feeder.world.addFood(40);
  await feeder.pass(10_000);
  const refused = await feeder.ask('POST', '/scale/tare', {});
  expect(refused.error?.code).toBe('ERR_CALIBRATION_REFUSED');
  await feeder.pass(5000);
  expect((await feeder.status()).bowl.grams).toBeGreaterThan(35);
  expect((await feeder.ask('POST', '/scale/tare?confirm=true', {})).status).toBe(200);
  await feeder.pass(5000);
  expect(Math.abs((await feeder.status()).bowl.grams ?? 99)).toBeLessThan(2);
});

test('FMEA-18 a known mass that reads with the wrong sign or far off is refused', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/scale/tare', {});
  feeder.world.placeWeight(100);
  await feeder.pass(10_000);
  const wrong = await feeder.ask('POST', '/scale/calibrate', { knownGrams: 300 });
  expect(wrong.error?.code).toBe('ERR_CALIBRATION_REFUSED');
  const right = await feeder.ask('POST', '/scale/calibrate', { knownGrams: 100 });
  expect(right.status).toBe(200);
  expect(feeder.ledger('doc.changed').length).toBeGreaterThanOrEqual(2);
});
