import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ScaleView } from '@cat-feeder/shared';
import { expect, test } from 'vitest';
import { VirtualFeeder } from './virtual-feeder.ts';

const DAY_MS = 86_400_000;
const profilePath = resolve(import.meta.dirname, '../../profiles/two-scales.json');
const twoScales = () => JSON.parse(readFileSync(profilePath, 'utf8')) as object;

const scaleOf = async (feeder: VirtualFeeder) =>
  (await feeder.ask('GET', '/scale')).data as ScaleView;
const metricsOf = async (feeder: VirtualFeeder) => (await feeder.fetch('GET', '/metrics')).text();

async function tareEmpty(feeder: VirtualFeeder): Promise<void> {
  feeder.world.emptyHopper();
  await feeder.pass(5000);
  expect((await feeder.ask('POST', '/scale/hopper/tare')).status).toBe(200);
}

test('B-74 an empty hopper and a known mass give the stock in grams, also after a power cut', async () => {
  const feeder = await VirtualFeeder.start({ profile: twoScales() });
  const { world } = feeder;
  expect(await feeder.status()).toMatchObject({
    hopperGrams: null,
    hopperState: 'not_calibrated',
    hopperDaysLeft: null,
  });
  expect((await scaleOf(feeder)).hopperCalibration).toBeNull();
  expect(await metricsOf(feeder)).not.toMatch(/^feeder_hopper_grams /m);
  await tareEmpty(feeder);
  world.refill(1000);
  await feeder.pass(5000);
  // By the datasheet alone it is right within the error of the parts.
  const byDatasheet = (await feeder.status()).hopperGrams ?? 0;
  expect(Math.abs(byDatasheet - 1000)).toBeLessThan(200);
  const spanned = await feeder.ask('POST', '/scale/hopper/calibrate', { knownGrams: 1000 });
  expect(spanned.status).toBe(200);
  const { hopperCalibration } = spanned.data as ScaleView;
  expect(Math.abs((hopperCalibration?.countsPerGram ?? 0) / 107 - 1)).toBeLessThan(0.005);
  world.refill(600);
  await feeder.pass(5000);
  const off = async () =>
    Math.abs(((await feeder.status()).hopperGrams ?? 0) - world.truth().hopperGrams);
  expect(await off()).toBeLessThan(3);
  await feeder.feedToEnd(20);
  await feeder.pass(5000);
  expect(await off()).toBeLessThan(3);
  expect(await metricsOf(feeder)).toMatch(/^feeder_hopper_grams 1[0-9]{3}/m);
  const documents = feeder
    .ledger('doc.changed')
    .filter(({ body }) => body['kind'] === 'hopper_calibration');
  expect(documents).toHaveLength(2);
  feeder.cutPower();
  await feeder.powerUp();
  await feeder.pass(5000);
  expect(await off()).toBeLessThan(3);
  expect((await feeder.ask('POST', '/ledger/verify')).data).toMatchObject({ ok: true });
});

test('B-74 watchers hear of the stock with every reading', async () => {
  const feeder = await VirtualFeeder.start({ profile: twoScales() });
  await tareEmpty(feeder);
  feeder.world.refill(500);
  await feeder.pass(5000);
  const stream = await feeder.fetch('GET', '/events');
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  await feeder.pass(5000);
  let heard = '';
  while (!/event: reading\n.*\n\n/.test(heard)) heard += (await reader?.read())?.value ?? '';
  await reader?.cancel();
  const reading = JSON.parse(/event: reading\ndata: (.*)\n/.exec(heard)?.[1] ?? '{}');
  expect(reading).toMatchObject({ hopperState: 'weighed' });
  expect(Math.abs(reading.hopperGrams - 500)).toBeLessThan(100);
});

test('B-74 a hopper that is not empty, moves or was never tared is refused, and nothing changes', async () => {
  const feeder = await VirtualFeeder.start({ profile: twoScales() });
  const early = await feeder.ask('POST', '/scale/hopper/calibrate', { knownGrams: 500 });
  expect(early.error?.code).toBe('ERR_CALIBRATION_REFUSED');
  await tareEmpty(feeder);
  feeder.world.refill(300);
  await feeder.pass(5000);
  const before = (await scaleOf(feeder)).hopperCalibration;
  const full = await feeder.ask('POST', '/scale/hopper/tare');
  expect(full.error).toMatchObject({
    code: 'ERR_CALIBRATION_REFUSED',
    details: [{ path: 'shiftGrams' }],
  });
  const wrong = await feeder.ask('POST', '/scale/hopper/calibrate', { knownGrams: 900 });
  expect(wrong.error?.details[0]?.path).toBe('countsPerGram');
  const small = await feeder.ask('POST', '/scale/hopper/calibrate', { knownGrams: 3 });
  expect(small.status).toBe(400);
  expect((await scaleOf(feeder)).hopperCalibration).toEqual(before);
  // Pouring while it is asked: no level stands still.
  let pours = 0;
  const pour = (): void => {
    feeder.world.refill(40);
    pours += 1;
    if (pours < 20) feeder.clock.after('pouring', 1000, pour);
  };
  pour();
  const poured = await feeder.ask('POST', '/scale/hopper/tare?confirm=true');
  expect(poured.error?.code).toBe('ERR_NOT_STABLE');
  expect((await scaleOf(feeder)).hopperCalibration).toEqual(before);
});

test('B-74 without a cell the feeder says so', async () => {
  const feeder = await VirtualFeeder.start();
  expect(await feeder.status()).toMatchObject({ hopperGrams: null, hopperState: 'not_fitted' });
  const refused = await feeder.ask('POST', '/scale/hopper/tare');
  expect([refused.status, refused.error?.code]).toEqual([422, 'ERR_BUSINESS_RULE']);
});

test('B-74 a silent hopper cell, or a zero taken from a full hopper, never touches feeding', async () => {
  const feeder = await VirtualFeeder.start({ profile: twoScales() });
  // A person insists that 1.8 kg of food are nothing.
  expect((await feeder.ask('POST', '/scale/hopper/tare?confirm=true')).status).toBe(200);
  feeder.world.emptyHopper(600);
  await feeder.pass(5000);
  expect(await feeder.status()).toMatchObject({ hopperGrams: null, hopperState: 'below_zero' });
  expect((await feeder.feedToEnd(12)).result).toBe('served');
  feeder.world.disconnectHopperCell();
  await feeder.pass(5000);
  expect(await feeder.status()).toMatchObject({
    hopperGrams: null,
    hopperState: 'silent',
    faults: [],
  });
  const refused = await feeder.ask('POST', '/scale/hopper/tare');
  expect(refused.error?.code).toBe('ERR_SCALE_SILENT');
  await feeder.pass(120_000);
  expect((await feeder.feedToEnd(12)).result).toBe('served');
});

test('B-74 the days left come from a whole week of feedings, and from nothing less', async () => {
  const feeder = await VirtualFeeder.start({ profile: twoScales() });
  await tareEmpty(feeder);
  feeder.world.refill(2000);
  await feeder.pass(5000);
  const daysLeft = async () => (await feeder.status()).hopperDaysLeft;
  await feeder.feedToEnd(20);
  expect(await daysLeft()).toBeNull();
  feeder.stepWall(8 * DAY_MS);
  await feeder.pass(60_000);
  await feeder.feedToEnd(35);
  const { hopperGrams } = await feeder.status();
  expect(await daysLeft()).toBeCloseTo((hopperGrams ?? 0) / 5, -1);
});
