import type { Hx711Request, Hx711Result, NativeHx711 } from '@cat-feeder/board-io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFakeBoard } from './fake/fake-board.ts';
import { Gathered } from './fake/gather.ts';

const board = loadFakeBoard();
const { fake } = board;
const chip = '/dev/gpiochip0';
const DATA = 5;
const CLOCK = 6;
/** Conversions that are thrown away after the reset at the start. */
const SETTLING = 4;
const SILENT_MS = 60_000;
/** So many times a whole backlog is converted, until one entry of it is lost. */
const ROUNDS_MAX = 20;

const request: Hx711Request = {
  source: { kind: 'lines', chip, dataLine: DATA, clockLine: CLOCK, consumer: 'bowl cell' },
  gain: 128,
  samplesPerSecond: 80,
  notReadyMs: SILENT_MS,
};
const spi: Hx711Request['source'] = { kind: 'spi', path: '/dev/spidev0.0', speedHz: 1_000_000 };

let seen: Gathered<Hx711Result>;
let cell: NativeHx711;

function open(over: Partial<Hx711Request> = {}): NativeHx711 {
  cell = board.openHx711({ ...request, ...over }, seen.add);
  return cell;
}
const samples = () => seen.all.filter((result) => result.kind === 'sample');
const counts = () => samples().map((result) => result.counts);

/**
 * Feeds the same conversion until so many results of this kind came. A loaded test machine may
 * stretch pulses by itself, so no number of conversions is enough for certain.
 */
async function feed(value: number, wanted: () => boolean): Promise<void> {
  const timer = setInterval(() => fake.hx711Convert(value, 2), 2);
  try {
    await seen.until(wanted);
  } finally {
    clearInterval(timer);
  }
}
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

beforeEach(() => {
  fake.addChip(chip, 'gpiochip0', 'pinctrl-bcm2835', 54);
  seen = new Gathered();
});

afterEach(() => {
  cell.close();
  fake.reset();
});

describe.each(['lines', 'spi'] as const)('an HX711 by %s', (kind) => {
  const source = kind === 'lines' ? request.source : spi;

  beforeEach(() => {
    if (kind === 'lines') fake.hx711Lines(chip, DATA, CLOCK);
    else fake.hx711Spi('/dev/spidev0.0');
  });

  it.each([0, 1, -1, 0x2a5a5a, -0x2a5a5a, 8_388_607, -8_388_608])(
    'gives %i as it is, after the settling',
    async (value) => {
      open({ source });
      await feed(value, () => samples().length >= 3);
      expect(new Set(counts())).toEqual(new Set([value]));
      expect(cell.tally().settling).toBeGreaterThanOrEqual(SETTLING);
      expect(fake.hx711Report().protocolErrors).toBe(0);
    },
  );

  it('resets a chip that another program may have left in the middle of a word', async () => {
    open({ source });
    await until(() => fake.hx711Report().resets === 1);
    expect(cell.tally()).toMatchObject({ samples: 0, settling: 0 });
  });

  it.each([
    [128, 25],
    [32, 26],
    [64, 27],
  ] as const)('sets gain %i by %i pulses', async (gain, pulses) => {
    open({ source, gain });
    await feed(100, () => samples().length >= 1);
    expect(fake.hx711Report()).toMatchObject({ gainPulses: pulses, protocolErrors: 0 });
  });

  it('throws conversions away after a change of gain', async () => {
    open({ source });
    await feed(100, () => samples().length >= 1);
    const before = cell.tally().settling;
    cell.setGain(64);
    await feed(100, () => fake.hx711Report().gainPulses === 27 && samples().length >= 2);
    await until(() => cell.tally().settling >= before + SETTLING);
    expect(fake.hx711Report().protocolErrors).toBe(0);
  });

  it('gives no value that it did not see end, and starts anew', async () => {
    open({ source });
    await feed(100, () => samples().length >= 1);
    const { resets } = fake.hx711Report();
    fake.hx711Stick(0);
    await until(() => cell.tally().unended > 0);
    const given = samples().length;
    await until(() => cell.tally().unended > 2);
    expect(samples().length).toBe(given);
    fake.hx711Stick(-1);
    await feed(100, () => samples().length > given);
    expect(new Set(counts())).toEqual(new Set([100]));
    expect(fake.hx711Report().resets).toBeGreaterThan(resets);
  });

  it('tells again and again that nothing is ready', async () => {
    fake.hx711Stick(1);
    open({ source, notReadyMs: 20 });
    await seen.until((all) => all.length >= 3);
    expect(new Set(seen.all.map((result) => result.kind))).toEqual(new Set(['not-ready']));
    const stamps = seen.all.map((result) => result.atMs);
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
    expect(cell.tally().notReady).toBeGreaterThanOrEqual(3);
  });

  it('tells that a chip stuck low is not ready either', async () => {
    fake.hx711Stick(0);
    open({ source, notReadyMs: 20 });
    await seen.until((all) => all.length >= 2);
    expect(new Set(seen.all.map((result) => result.kind))).toEqual(new Set(['not-ready']));
    expect(cell.tally().unended).toBeGreaterThan(0);
  });

  it('stamps the end of the conversion', async () => {
    const before = board.monotonicMs();
    open({ source });
    await feed(7, () => samples().length >= 2);
    const stamps = [before, ...samples().map((result) => result.atMs), board.monotonicMs()];
    expect(stamps).toEqual(stamps.toSorted((a, b) => a - b));
  });

  it('tells once that it is lost', async () => {
    open({ source });
    await feed(7, () => samples().length >= 1);
    if (kind === 'lines') fake.unplug(chip);
    else fake.buses(true, 0);
    fake.hx711Convert(7, 1);
    await seen.until((all) => all.some((result) => result.kind === 'lost'));
    expect(seen.all.at(-1)).toMatchObject({ kind: 'lost', reason: 'ENODEV', counts: 0 });
    cell.setGain(64);
  });

  it('is silent after close', async () => {
    open({ source });
    await feed(7, () => samples().length >= 1);
    cell.close();
    cell.close();
    cell.powerUp();
    const given = seen.all.length;
    fake.hx711Convert(7, 10);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.all.length).toBe(given);
    expect(cell.tally().samples).toBeGreaterThan(0);
  });
});

describe('an HX711 by lines', () => {
  beforeEach(() => fake.hx711Lines(chip, DATA, CLOCK));

  it.each([1, 12, 24, 25])(
    'throws a reading away whose pulse %i was high too long, and resets the chip',
    async (pulse) => {
      open();
      await feed(0x155555, () => samples().length >= 1);
      const before = cell.tally();
      fake.hx711Stretch(pulse, 61);
      await feed(0x155555, () => cell.tally().stretched > before.stretched);
      const given = samples().length;
      await feed(0x155555, () => samples().length > given + 1);
      expect(new Set(counts())).toEqual(new Set([0x155555]));
      expect(cell.tally().settling).toBeGreaterThanOrEqual(before.settling + SETTLING);
      expect(cell.tally().worstHighUs).toBeGreaterThanOrEqual(61);
      expect(fake.hx711Report().protocolErrors).toBe(0);
    },
  );

  it('throws a reading away that was over 50 us without a reset', async () => {
    open();
    await feed(9, () => samples().length >= 1);
    // By the fake's clock 50 us and the time of the system calls: enough, and a reset at most.
    const before = cell.tally().stretched;
    fake.hx711Stretch(3, 50);
    await feed(9, () => cell.tally().stretched > before);
    expect(new Set(counts())).toEqual(new Set([9]));
  });

  it('powers the chip down and up again', async () => {
    open({ gain: 64 });
    await feed(9, () => samples().length >= 1);
    expect(cell.powerDown()).toBe(true);
    await until(() => fake.hx711Report().isPoweredDown);
    const given = samples().length;
    const { settling } = cell.tally();
    fake.hx711Convert(9, 3);
    cell.powerUp();
    await feed(9, () => samples().length > given);
    expect(cell.tally().settling).toBeGreaterThanOrEqual(settling + SETTLING);
    expect(fake.hx711Report()).toMatchObject({ gainPulses: 27, isPoweredDown: false });
  });

  it('closes while the chip is powered down', async () => {
    open().powerDown();
    await until(() => fake.hx711Report().isPoweredDown);
    cell.close();
    expect(fake.line(chip, CLOCK)).toMatchObject({ held: false, level: 0 });
  });

  it('gives samples together when it is told so, and what waits at the change', async () => {
    const sizes: number[] = [];
    cell = board.openHx711(request, (batch) => {
      sizes.push(batch.length);
      seen.add(batch);
    });
    cell.setBatch(10);
    cell.setRate(10);
    await feed(5, () => samples().length >= 30);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(10);
    const given = cell.tally().samples;
    await feed(5, () => cell.tally().samples > given);
    cell.setBatch(1);
    await until(() => samples().length >= given);
    for (const batch of [0, 513]) expect(() => cell.setBatch(batch)).toThrow(/1 to 512/);
    expect(() => cell.setRate(20 as 10)).toThrow(/10 or 80/);
    cell.close();
    cell.setBatch(2);
  });

  it('asks for a pull-up, so that a missing chip is never ready', () => {
    open();
    expect(fake.line(chip, DATA).flags & (1 << 8)).not.toBe(0);
  });

  it('gives up the data line when the clock line is taken', () => {
    fake.hold(chip, CLOCK, 'fan');
    cell = { close: () => undefined } as NativeHx711;
    expect(() => board.openHx711(request, seen.add)).toThrow(
      expect.objectContaining({ code: 'EBUSY', path: chip }),
    );
    expect(fake.line(chip, DATA).held).toBe(false);
  });

  it('counts the results that a busy event loop lost', async () => {
    open();
    await feed(9, () => samples().length >= 1);
    // The event loop does not turn in here, and leaves the processor and the fake's lock to the reader.
    // How many conversions are stretched, and thrown away, nobody can know.
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    for (let round = 0; round < ROUNDS_MAX && cell.tally().dropped === 0; round++) {
      fake.hx711Convert(9, board.BACKLOG_MAX);
      while (fake.hx711Report().waiting > 0) Atomics.wait(nothing, 0, 0, 1);
    }
    const { dropped, samples: all } = cell.tally();
    expect(dropped).toBeGreaterThan(0);
    await until(() => samples().length + dropped >= all);
    expect(samples().length + dropped).toBeLessThanOrEqual(cell.tally().samples);
  });
});

describe('an HX711 by SPI', () => {
  it('cannot be powered down', () => {
    fake.hx711Spi('/dev/spidev0.0');
    open({ source: spi });
    expect(cell.powerDown()).toBe(false);
  });

  it.each([20_000, 5_000_000])('works at %i Hz', async (speedHz) => {
    fake.hx711Spi('/dev/spidev0.0');
    open({ source: { ...spi, speedHz } });
    await feed(-77, () => samples().length >= 1);
    expect(counts()[0]).toBe(-77);
  });
});

describe('a request for an HX711', () => {
  it.each([
    { gain: 100 },
    { samplesPerSecond: 20 },
    { notReadyMs: 5 },
    { source: { kind: 'magic' } },
    { source: { ...spi, speedHz: 10_000 } },
    { source: { ...request.source, dataLine: 9999 } },
  ])('is refused with %j', (over) => {
    cell = { close: () => undefined } as NativeHx711;
    expect(() =>
      board.openHx711({ ...request, ...over } as unknown as Hx711Request, seen.add),
    ).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('is refused when the chip is not there', () => {
    cell = { close: () => undefined } as NativeHx711;
    fake.unplug(chip);
    expect(() => board.openHx711(request, seen.add)).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});
