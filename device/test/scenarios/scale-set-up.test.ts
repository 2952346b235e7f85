import type { ScaleView } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

const KNOWN_GRAMS = 200;

test('B-10, B-25, B-74 an empty bowl and a known mass give zero, noise and span, in grams', async () => {
  const feeder = await VirtualFeeder.start();
  const scale = async () => (await feeder.ask('GET', '/scale')).data as ScaleView;
  const tared = (await feeder.ask('POST', '/scale/tare')).data as ScaleView;
  const truth = feeder.world.trueCalibration();
  expect(tared.calibration.zeroCounts / truth.countsPerGram).toBeCloseTo(
    truth.zeroCounts / truth.countsPerGram,
    0,
  );
  expect(tared.calibration.noiseGrams).toBeGreaterThan(0);
  expect(tared.calibration.noiseGrams).toBeLessThan(0.5);
  expect(tared.calibration.taredAtMs).not.toBeNull();
  feeder.world.placeWeight(KNOWN_GRAMS);
  await feeder.pass(5000);
  const spanned = await feeder.ask('POST', '/scale/calibrate', { knownGrams: KNOWN_GRAMS });
  const { countsPerGram } = (spanned.data as ScaleView).calibration;
  expect(Math.abs(countsPerGram / truth.countsPerGram - 1)).toBeLessThan(0.005);
  await feeder.pass(5000);
  expect((await scale()).bowl).toMatchObject({ state: 'stable' });
  expect(Math.abs(((await scale()).bowl.grams ?? 0) - KNOWN_GRAMS)).toBeLessThan(1);
  feeder.world.placeWeight(0);
  await feeder.pass(5000);
  expect(Math.abs((await scale()).bowl.grams ?? 99)).toBeLessThan(1);
});

test('B-10 a span that changes much is refused without a confirmation', async () => {
  const feeder = await VirtualFeeder.start();
  await feeder.ask('POST', '/scale/tare');
  const before = (await feeder.ask('GET', '/scale')).data as ScaleView;
  feeder.world.placeWeight(KNOWN_GRAMS);
  await feeder.pass(5000);
  const refused = await feeder.ask('POST', '/scale/calibrate', { knownGrams: 2 * KNOWN_GRAMS });
  expect(refused.error?.code).toBe('ERR_CALIBRATION_REFUSED');
  const after = (await feeder.ask('GET', '/scale')).data as ScaleView;
  expect(after.calibration).toEqual(before.calibration);
});
