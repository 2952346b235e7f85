import { describe, expect, it } from 'vitest';
import { cellSourceContract } from '../../../test/contracts/cell-source.ts';
import { FakeNau7802 } from '../../../test/support/fake-nau7802.ts';
import { passSlowly } from '../../../test/support/hand-link.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import type { CellReading } from '../../weighing/cell-source.ts';
import { Nau7802Cell } from './nau7802-cell.ts';

/** Bounds every wait of a test, in virtual time. */
const LIMIT_MS = 100_000;

function open(change: (chip: FakeNau7802) => void = () => {}) {
  const clock = new VirtualClock();
  const chip = new FakeNau7802(clock);
  change(chip);
  const part = new Nau7802Cell({ name: 'bowl', bus: chip, clock, chance: () => 0 });
  const readings: CellReading[] = [];
  part.onReadings((batch) => readings.push(...batch));
  const pass = (ms: number) => passSlowly(clock, ms);
  const until = async (isSo: () => boolean) => {
    for (let ms = 0; !isSo(); ms += 10) {
      expect(ms, 'it never came to be').toBeLessThan(LIMIT_MS);
      await pass(10);
    }
  };
  return { clock, chip, part, readings, pass, until };
}

cellSourceContract('a NAU7802', () => {
  const { chip, part, pass, until } = open();
  let isEnded = false;
  // A self-test waits for a conversion: time passes by itself until the bench ends.
  const run = async () => {
    while (!isEnded && part.health().state === 'silent') await pass(1);
  };
  void run();
  return {
    part,
    pass,
    until,
    weigh: (counts) => {
      chip.counts = counts;
    },
    breakIt: () => {
      chip.isPlugged = false;
    },
    end: () => {
      isEnded = true;
      part.close();
    },
  };
});

describe('a NAU7802', () => {
  it('is set up for a load cell, and gives no conversion of the settling', async () => {
    const { chip, part, readings, until, clock } = open();
    part.setMode('dispense');
    await until(() => readings.length > 0);
    expect(part.health().state).toBe('ok');
    expect(chip.writes).toEqual(['0=1', '0=6', '1=2f', '15=30', '1c=80', '0=96', '2=34']);
    expect(clock.monoMs()).toBeGreaterThanOrEqual(250 + 350 + 4 * 12.5);
  });

  it('finds its zero only when the supply of the cell has come up', async () => {
    const { chip, part, readings, until } = open();
    chip.counts = 1234;
    part.setMode('dispense');
    await until(() => readings.length > 0);
    expect(readings[0]?.counts).toBe(1234);
    chip.reset();
    await until(() => part.health().state === 'unplugged');
    const before = readings.length;
    await until(() => part.health().state === 'ok');
    const after = readings.slice(before).filter(({ counts }) => counts !== null);
    expect(after.map(({ counts }) => counts)).toEqual([1234]);
  });

  it('writes nothing more when it is closed while it is set up', async () => {
    const { chip, part, pass } = open();
    await pass(100);
    part.close();
    const before = chip.writes.length;
    await pass(2000);
    expect(chip.writes.length).toBe(before);
  });

  it('gives every conversion at both rates, and keeps its zero when it changes them', async () => {
    const { chip, part, readings, pass, until } = open();
    await until(() => readings.length > 0);
    chip.writes.length = 0;
    part.setMode('dispense');
    await pass(300);
    readings.length = 0;
    await pass(1000);
    expect(readings.length).toBeGreaterThanOrEqual(78);
    expect(readings.length).toBeLessThanOrEqual(81);
    part.setMode('rest');
    await pass(1000);
    readings.length = 0;
    await pass(10_000);
    expect(readings.length).toBeGreaterThanOrEqual(90);
    // Rates only: a new calibration would move the zero.
    expect(chip.writes).toEqual(['2=30', '2=0']);
  });

  it.each([
    ['another chip', 'implausible', /another chip/, { revision: 0x0c }],
    ['no zero', 'implausible', /wires/, { failsCalibration: true }],
    ['no answer', 'unplugged', /Nothing answers/, { isPlugged: false }],
    ['no conversion', 'silent', /not convert/, { isFrozen: true }],
  ] as const)('names %s, and is well when it is mended', async (_, state, why, wrong) => {
    const { chip, part, readings, pass, until } = open((one) => Object.assign(one, wrong));
    await until(() => part.health().why.includes('away'));
    expect(part.health()).toMatchObject({ state, why: expect.stringMatching(why) });
    expect(readings.every(({ counts }) => counts === null)).toBe(true);
    chip.isPlugged = true;
    chip.isFrozen = false;
    chip.failsCalibration = false;
    chip.revision = 0x0f;
    await until(() => part.health().state === 'ok');
    await pass(1200);
    expect(readings.at(-1)?.counts).toBe(0);
  });

  it('is set up anew after its supply dipped', async () => {
    const { chip, part, readings, until } = open();
    await until(() => readings.length > 0);
    chip.reset();
    await until(() => part.health().state === 'unplugged');
    expect(part.health().why).toMatch(/lost its power/);
    await until(() => part.health().state === 'ok');
  });

  it('asks an absent chip less and less often', async () => {
    const { chip, part, readings, pass } = open((one) => {
      one.isPlugged = false;
    });
    await pass(300_000);
    // 1, 1, 2, 4, 8, 16 and then 30 s apart, by chance at its least.
    expect(readings.length).toBeGreaterThan(8);
    expect(readings.length).toBeLessThan(20);
    chip.isPlugged = true;
    part.close();
    await pass(100_000);
    expect(chip.writes).toEqual([]);
  });
});
