/*
 * Tries out the addon on the machine (or under the emulator) it was built for:
 *   node smoke.mjs ADDON FAKE-ADDON
 * The first must load and answer; on the second, whose kernel is a fake, a motor runs and stops.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';

const require = createRequire(import.meta.url);
const [addonPath = '', fakePath = ''] = process.argv.slice(2);

const addon = require(addonPath);
assert.match(addon.sourceHash, /^[0-9a-f]{64}$/);
assert.ok(Array.isArray(addon.listChips()));
assert.throws(() => addon.lineInfo('/dev/gpiochip-none', 0), { code: 'ENOENT' });

const { fake, openDrive, openHx711 } = require(fakePath);
fake.addChip('/dev/gpiochip0', 'gpiochip0', 'pinctrl-bcm2711', 58);
const seen = [];
const drive = openDrive(
  {
    chip: '/dev/gpiochip0',
    consumer: 'smoke',
    lines: [{ line: 17, activeLow: false }],
    powerMask: 1,
    deadTimeUs: 0,
  },
  (events) => seen.push(...events),
);
fake.hx711Lines('/dev/gpiochip0', 5, 6);
fake.hx711Convert(-1234, 12);
const samples = [];
const cell = openHx711(
  {
    source: {
      kind: 'lines',
      chip: '/dev/gpiochip0',
      dataLine: 5,
      clockLine: 6,
      consumer: 'smoke',
    },
    gain: 128,
    samplesPerSecond: 80,
    notReadyMs: 5_000,
  },
  (results) => samples.push(...results.filter((result) => result.kind === 'sample')),
);

/** Bounds the whole of it: an emulator is slow, a hanging thread is slower. */
const LIMIT_MS = 20_000;
const beganMs = performance.now();
const isDone = () => seen.length >= 2 && samples.length >= 1;
// Long enough that a loaded machine gives the thread its turn before the deadline.
drive.run({ levels: 1, ms: 500 });
while (!isDone() && performance.now() - beganMs < LIMIT_MS) await delay(5);
assert.deepEqual(
  seen.map((event) => event.reason),
  [null, 'deadline'],
);
assert.deepEqual(
  fake.history(17).map((change) => change.level),
  [1, 0],
);
// An emulator may stretch so many pulses that the fake's conversions are used up by the settling.
if (samples.length > 0) assert.equal(samples[0].counts, -1234);
drive.close();
cell.close();
console.log(`${process.arch}: the addon works (Node ${process.version})`);
