import type { Hx711Source } from 'hx711';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFakeBoard } from '../../../native/board-io/fake/fake-board.ts';
import { cellSourceContract } from '../../../test/contracts/cell-source.ts';
import { SystemClock } from '../../platform/system-clock.ts';
import type { CellReading } from '../../weighing/cell-source.ts';
import { NativeLines } from '../io/native-lines.ts';
import { Hx711Cell, type Hx711CellParts } from './hx711-cell.ts';

const board = loadFakeBoard();
const { fake } = board;
const chip = '/dev/gpiochip0';
const RATE = 13;
const lines: Hx711Source = { kind: 'lines', chip, dataLine: 5, clockLine: 6 };
const spi: Hx711Source = { kind: 'spi', path: '/dev/spidev0.0' };

/** Real time, but retries come when they are asked for. */
class ImpatientClock extends SystemClock {
  readonly waits: number[] = [];

  override after(name: string, delayMs: number, fire: () => void): () => void {
    if (name !== 'hx711 again') return super.after(name, delayMs, fire);
    this.waits.push(delayMs);
    return super.after(name, 1, fire);
  }
}

let pump: NodeJS.Timeout | undefined;
/** Conversions of this value from now on; none waits behind many of the value before. */
function weigh(counts: number): void {
  clearInterval(pump);
  const feed = () => {
    if (fake.hx711Report().waiting < 2) fake.hx711Convert(counts, 1);
  };
  feed();
  pump = setInterval(feed, 1);
}
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}
/** Lets so many conversions be made and read, or the time in which they could. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setTimeout(resolve, 1));
}

function open(over: Partial<Hx711CellParts> = {}) {
  const clock = new ImpatientClock();
  const part = new Hx711Cell({
    name: 'bowl',
    board,
    sources: [lines],
    gain: 128,
    rate: { kind: 'fixed', samplesPerSecond: 10 },
    clock,
    chance: () => 0,
    ...over,
  });
  const readings: CellReading[] = [];
  part.onReadings((batch) => readings.push(...batch));
  return { part, clock, readings };
}

beforeEach(() => fake.addChip(chip, 'gpiochip0', 'pinctrl-bcm2711', 58));
afterEach(() => {
  clearInterval(pump);
  fake.reset();
});

describe.each([
  ['lines', lines],
  ['SPI', spi],
] as const)('by %s', (name, source) => {
  cellSourceContract(`an HX711 by ${name}`, () => {
    if (source.kind === 'spi') fake.hx711Spi(source.path);
    else fake.hx711Lines(chip, 5, 6);
    weigh(100);
    const rate = { kind: 'fixed', samplesPerSecond: source.kind === 'spi' ? 80 : 10 } as const;
    const { part } = open({ sources: [source], rate });
    return {
      part,
      weigh,
      until,
      pass: async (ms) => {
        if (ms > 1000) await until(() => part.health().state !== 'ok');
        else await turns(ms / 10);
      },
      breakIt: () => (source.kind === 'spi' ? fake.buses(true, 0) : fake.unplug(chip)),
      end: () => part.close(),
    };
  });
});

describe('an HX711 in a feeder', () => {
  beforeEach(() => fake.hx711Lines(chip, 5, 6));

  it('is tried again and again when it is gone, with growing waits, and comes back', async () => {
    weigh(7);
    const { part, clock, readings } = open();
    await until(() => readings.length > 0);
    fake.unplug(chip);
    await until(() => clock.waits.length >= 8);
    expect(clock.waits.slice(0, 8)).toEqual([1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect(part.health()).toMatchObject({ state: 'unplugged' });
    expect(part.health().why).toMatch(/ENODEV|ENOENT|not there/);
    fake.plug(chip);
    const before = readings.length;
    await until(() => readings.length > before && part.health().state === 'ok');
    part.close();
  });

  it('says from the start what is wrong, and does not throw', async () => {
    fake.hold(chip, 6, 'fan control');
    const { part } = open({ board: null });
    expect(part.health()).toMatchObject({ state: 'unplugged' });
    expect(await part.selfTest()).toMatchObject({ ok: false });
    part.close();
    const taken = open();
    expect(taken.part.health().why).toMatch(/EBUSY/);
    taken.part.close();
  });

  it.each([
    [1, 'silent', /supply/],
    [0, 'stuck', /stays low/],
  ] as const)('FMEA-20 names a data line that stays at %i', async (level, state, why) => {
    fake.hx711Stick(level);
    const { part, readings } = open();
    part.setMode('dispense');
    await until(() => part.health().state === state && readings.length > 0);
    expect(part.health().why).toMatch(why);
    expect(readings.every(({ counts }) => counts === null)).toBe(true);
    fake.hx711Stick(-1);
    weigh(4);
    await until(() => part.health().state === 'ok');
    part.close();
  });

  it('makes one reading of eight conversions at rest when it is fixed at 80 a second', async () => {
    const { part, readings } = open({ rate: { kind: 'fixed', samplesPerSecond: 80 } });
    expect(part).toMatchObject({ restSamplesPerSecond: 10, dispenseSamplesPerSecond: 80 });
    let odd = false;
    pump = setInterval(() => {
      odd = !odd;
      fake.hx711Convert(odd ? 1000 : 1010, 1);
    }, 1);
    await until(() => readings.length >= 11);
    // A torn conversion may leave a group with five of one and three of the other.
    for (const { counts } of readings)
      expect(Math.abs((counts ?? 0) - 1005)).toBeLessThanOrEqual(2);
    part.setMode('dispense');
    await until(() => readings.at(-1)?.counts === 1010);
    part.close();
  });

  it('switches the rate by its line, and says nothing while the chip settles', async () => {
    const gpio = new NativeLines({ board, chip });
    const line = gpio.output({ pin: RATE, activeLow: false });
    weigh(3);
    const { part, readings } = open({ rate: { kind: 'switched', line } });
    expect(part).toMatchObject({ restSamplesPerSecond: 10, dispenseSamplesPerSecond: 80 });
    expect(fake.line(chip, RATE).level).toBe(0);
    await until(() => readings.length > 0);
    const before = readings.length;
    part.setMode('dispense');
    const switchedMs = board.monotonicMs();
    expect(fake.line(chip, RATE).level).toBe(1);
    await until(() => readings.some(({ atMs }) => atMs > switchedMs));
    const next = readings.slice(before).find(({ atMs }) => atMs > switchedMs);
    expect(next?.atMs).toBeGreaterThanOrEqual(switchedMs + 49);
    part.close();
    expect(fake.line(chip, RATE)).toMatchObject({ held: false, level: 0 });
    gpio.close();
  });

  it('is lost with its rate line', async () => {
    const gpio = new NativeLines({ board, chip });
    const line = gpio.output({ pin: RATE, activeLow: false });
    const { part } = open({ rate: { kind: 'switched', line } });
    fake.fail('set', 5, 1_000_000);
    part.setMode('dispense');
    expect(part.health()).toMatchObject({ state: 'unplugged' });
    fake.fail('set', 5, 0);
    weigh(3);
    await until(() => part.health().state === 'ok');
    part.close();
    gpio.close();
  });
});
