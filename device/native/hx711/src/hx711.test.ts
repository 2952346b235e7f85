import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFakeBoard } from '../../board-io/fake/fake-board.ts';
import { Gathered } from '../../board-io/fake/gather.ts';
import {
  COUNTS_MAX,
  COUNTS_MIN,
  Hx711,
  type Hx711Clock,
  Hx711Error,
  type Hx711Options,
  type Hx711Reading,
  type Hx711Source,
  SimpleHx711,
} from './index.ts';

const board = loadFakeBoard();
const { fake } = board;
const chip = '/dev/gpiochip0';
const lines: Hx711Source = { kind: 'lines', chip, dataLine: 5, clockLine: 6 };
const spi: Hx711Source = { kind: 'spi', path: '/dev/spidev0.0' };

/** Timers that fire when they are told; the native side keeps its own time. */
class HandClock implements Hx711Clock {
  #waiting = new Map<number, () => void>();
  #count = 0;
  #now = 0;

  monoMs(): number {
    return this.#now;
  }

  after(_name: string, delayMs: number, fire: () => void): () => void {
    const id = ++this.#count;
    this.#waiting.set(id, () => {
      this.#now += delayMs;
      fire();
    });
    return () => this.#waiting.delete(id);
  }

  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  fire(): void {
    for (const [id, fire] of [...this.#waiting]) {
      this.#waiting.delete(id);
      fire();
    }
  }
}

let clock: HandClock;
let seen: Gathered<Hx711Reading>;
let cell: Hx711 | undefined;
let pump: NodeJS.Timeout | undefined;

function open(over: Partial<Hx711Options> = {}): Hx711 {
  const options = { gain: 128, samplesPerSecond: 80, silentMs: 60_000 } as const;
  cell = new Hx711({ board, sources: [lines], clock, ...options, ...over });
  cell.onReadings(seen.add);
  return cell;
}
/** Conversions of this value from now on. */
function weigh(counts: number): void {
  clearInterval(pump);
  pump = setInterval(() => fake.hx711Convert(counts, 1), 2);
}
const kinds = () => new Set(seen.all.map(({ kind }) => kind));

beforeEach(() => {
  clock = new HandClock();
  seen = new Gathered();
  fake.addChip(chip, 'gpiochip0', 'pinctrl-rp1', 54);
});
afterEach(() => {
  clearInterval(pump);
  cell?.close();
  cell = undefined;
  fake.reset();
});

describe('an HX711', () => {
  it('names the two ends of its range', async () => {
    fake.hx711Lines(chip, 5, 6);
    open();
    for (const end of [COUNTS_MAX, COUNTS_MIN]) {
      weigh(end);
      await seen.until((all) =>
        all.some(
          ({ kind, ...rest }) => 'counts' in rest && rest.counts === end && kind === 'saturated',
        ),
      );
    }
    weigh(COUNTS_MAX - 1);
    await seen.until((all) => all.at(-1)?.kind === 'sample');
  });

  it.each([
    [1, 'no-conversions'],
    [0, 'stuck-low'],
  ] as const)('tells why it is silent when DOUT stays at %i', async (level, cause) => {
    fake.hx711Lines(chip, 5, 6);
    fake.hx711Stick(level);
    open({ silentMs: 20 });
    await seen.until((all) => all.length >= 3);
    expect(seen.all.at(-1)).toMatchObject({ kind: 'silent', cause });
    expect(kinds()).toEqual(new Set(['silent']));
  });

  it('gives the same cause to silences that a busy program hears together', async () => {
    fake.hx711Lines(chip, 5, 6);
    fake.hx711Stick(0);
    open({ silentMs: 10 });
    // The native thread goes on meanwhile, and what it told waits.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    await seen.until((all) => all.length >= 4);
    expect(seen.all.slice(0, 4)).toMatchObject(Array(4).fill({ cause: 'stuck-low' }));
  });

  it('tells that it is lost', async () => {
    fake.hx711Lines(chip, 5, 6);
    open();
    fake.unplug(chip);
    await seen.until((all) => all.length > 0);
    expect(seen.all.at(-1)).toMatchObject({ kind: 'lost', code: 'ENODEV' });
  });

  it('takes the first source that can be opened', () => {
    fake.hx711Lines(chip, 5, 6);
    fake.buses(true, 0);
    expect(open({ sources: [spi, lines] }).source).toBe('lines');
  });

  it('goes on to the next source when one never gives a sample', async () => {
    // The bus is there, but the converter hangs on two lines.
    fake.hx711Lines(chip, 5, 6);
    open({ sources: [spi, lines], silentMs: 20 });
    expect(cell?.source).toBe('spi');
    weigh(321);
    await seen.until((all) => all.some(({ kind }) => kind === 'sample'));
    expect(cell?.source).toBe('lines');
    expect(seen.all.find(({ kind }) => kind === 'sample')).toMatchObject({ counts: 321 });
  });

  it('stays with a source that has worked, however silent it becomes', async () => {
    fake.hx711Lines(chip, 5, 6);
    open({ sources: [lines, spi], silentMs: 20 });
    weigh(1);
    await seen.until((all) => all.some(({ kind }) => kind === 'sample'));
    clearInterval(pump);
    fake.hx711Stick(1);
    const before = seen.all.length;
    await seen.until((all) => all.length >= before + 5);
    expect(cell?.source).toBe('lines');
  });

  it('says of every source why it cannot be opened', () => {
    fake.hold(chip, 6, 'fan');
    fake.fail('open', 13, 1);
    const iio: Hx711Source = { kind: 'iio', root: '/nowhere' };
    const work = () => open({ sources: [spi, lines, iio] });
    expect(work).toThrow(Hx711Error);
    fake.fail('open', 13, 1);
    expect(work).toThrow(/spi: EACCES.*lines: EBUSY.*iio: The kernel has no HX711/);
    expect(() => open({ sources: [] })).toThrow(/no source is named/);
    expect(() => open({ board: null })).toThrow(/addon is not loaded/);
  });

  it('passes gain, rate, batch and power on', async () => {
    fake.hx711Lines(chip, 5, 6);
    open();
    weigh(5);
    cell?.setRate(10);
    cell?.setBatch(3);
    await seen.until((all) => all.length >= 3);
    cell?.setGain(64);
    while (fake.hx711Report().gainPulses !== 27) await new Promise((done) => setImmediate(done));
    expect(cell?.powerDown()).toBe(true);
    while (!fake.hx711Report().isPoweredDown) await new Promise((done) => setImmediate(done));
    cell?.powerUp();
    const before = seen.all.length;
    await seen.until((all) => all.length > before);
    expect(cell?.figures().settling).toBeGreaterThanOrEqual(8);
  });
});

describe('an HX711 by the kernel’s files', () => {
  const device = 'sys/bus/iio/devices/iio:device1';
  let root: string;
  const put = (name: string, text: string) => writeFileSync(join(root, device, name), text);
  beforeEach(() => {
    isClosed = false;
    root = mkdtempSync(join(tmpdir(), 'iio-'));
    for (const name of ['iio:device0', 'iio:device1'])
      mkdirSync(join(root, 'sys/bus/iio/devices', name), { recursive: true });
    writeFileSync(join(root, 'sys/bus/iio/devices/iio:device0/name'), 'nau7802\n');
    put('name', 'hx711\n');
    put('in_voltage0_scale_available', '0.000038147 0.000076294\n');
    put('in_voltage0_raw', '8388608\n');
    put('in_voltage1_raw', '8388609\n');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const openFiles = (over: Partial<Hx711Options> = {}) =>
    open({ board: null, sources: [{ kind: 'iio', root }], samplesPerSecond: 10, ...over });
  const isOver = () => isClosed || seen.all.at(-1)?.kind === 'lost';
  let isClosed = false;
  /** Lets so many reads take place. */
  async function reads(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      clock.fire();
      // The next timer is set once the file was read; there is none after a loss or a close.
      while (!clock.isWaiting && !isOver()) await new Promise((done) => setImmediate(done));
    }
  }

  it('takes the offset off, after the settling', async () => {
    openFiles();
    await reads(5);
    expect(seen.all).toEqual([{ kind: 'sample', counts: 0, atMs: 500 }]);
    for (const [raw, kind, counts] of [
      ['0', 'saturated', COUNTS_MIN],
      ['16777215', 'saturated', COUNTS_MAX],
      ['8388607', 'sample', -1],
    ] as const) {
      put('in_voltage0_raw', raw);
      await reads(1);
      expect(seen.all.at(-1)).toMatchObject({ kind, counts });
    }
  });

  it('sets the gain by the scale, and channel B by its own file', async () => {
    const scale = () => readFileSync(join(root, device, 'in_voltage0_scale'), 'utf8');
    openFiles();
    expect(scale()).toBe('0.000038147');
    cell?.setGain(64);
    expect(scale()).toBe('0.000076294');
    cell?.setGain(32);
    await reads(5);
    expect(seen.all).toEqual([{ kind: 'sample', counts: 1, atMs: 500 }]);
    expect(cell?.powerDown()).toBe(false);
    cell?.powerUp();
  });

  it('does not write a gain that the kernel has already, as the service may not write there', () => {
    put('in_voltage0_scale', '0.0000381470\n');
    openFiles();
    cell?.setGain(128);
    expect(readFileSync(join(root, device, 'in_voltage0_scale'), 'utf8')).toBe('0.0000381470\n');
  });

  it('names silence, nonsense and loss', async () => {
    openFiles({ silentMs: 150 });
    put('in_voltage0_raw', 'what?');
    await reads(4);
    expect(seen.all).toHaveLength(2);
    expect(seen.all[0]).toMatchObject({ kind: 'silent', cause: 'no-conversions' });
    rmSync(join(root, device, 'in_voltage0_raw'));
    await reads(2);
    expect(seen.all.at(-1)).toMatchObject({ kind: 'lost', code: 'ENOENT' });
  });

  it('gives batches, and is silent after close', async () => {
    openFiles();
    cell?.setBatch(3);
    cell?.setRate(80);
    await reads(6);
    expect(seen.all).toEqual([]);
    await reads(1);
    expect(seen.all).toHaveLength(3);
    expect(cell?.figures()).toMatchObject({ samples: 3, settling: 4 });
    cell?.close();
    isClosed = true;
    await reads(5);
    expect(seen.all).toHaveLength(3);
  });
});

describe('the calls of older packages', () => {
  it('read, tare and weigh, one reading after the other', async () => {
    fake.hx711Lines(chip, 5, 6);
    const simple = new SimpleHx711(open());
    weigh(1_000);
    expect(await simple.read()).toBe(1_000);
    await simple.tare(2);
    simple.setScale(-20);
    weigh(600);
    // What was converted before the change may still come.
    while ((await simple.read()) !== 600);
    expect(await simple.getUnits(3)).toBe(20);
    expect(() => simple.setScale(0)).toThrow(RangeError);
    simple.setGain(64);
    expect(simple.powerDown()).toBe(true);
    simple.powerUp();
  });

  it('reject what is no weight', async () => {
    fake.hx711Lines(chip, 5, 6);
    const simple = new SimpleHx711(open({ silentMs: 20 }));
    await expect(simple.read()).rejects.toThrow('The converter is silent (no-conversions).');
    weigh(COUNTS_MAX);
    while ((await simple.read().catch((error) => error.reading.kind)) !== 'saturated');
    fake.unplug(chip);
    await expect(
      (async () => {
        for (;;)
          await simple
            .read()
            .catch((error) => (/gone/.test(error.message) ? Promise.reject(error) : 0));
      })(),
    ).rejects.toThrow('The converter is gone (ENODEV).');
  });
});
