import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Converter, ConverterRequest, RawResult } from './converter.ts';
import type { Hx711Clock, Hx711Figures, Hx711Gain, Hx711Rate, Hx711Source } from './readings.ts';

const FOLDER = 'sys/bus/iio/devices';
const SETTLE_CONVERSIONS = 4;
/** The kernel gives offset-binary: zero volts are the middle of the range. */
const OFFSET = 0x80_0000;
const RAW_MAX = 0xff_ffff;
/** The kernel's words for a converter that is not ready, or was interrupted. */
const notReadyCodes = ['EIO', 'EAGAIN', 'ETIMEDOUT'];

type IioSource = Extract<Hx711Source, { kind: 'iio' }>;

/** The folder of the kernel's HX711; throws ENOENT when there is none. */
function findDevice(source: IioSource): string {
  const folder = join(source.root ?? '/', FOLDER);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const found = names
    .toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((name) => join(folder, name))
    .filter((path) => textOf(join(path, 'name')) === 'hx711');
  const device = found[source.order ?? 0];
  if (device !== undefined) return device;
  const message = `The kernel has no HX711 below ${folder}: its driver or overlay is not loaded.`;
  throw Object.assign(new Error(message), { code: 'ENOENT' });
}

function textOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
}

/** The converter by the files of the kernel's driver. One read at a time, away from the event loop. */
export class IioConverter implements Converter {
  readonly #device: string;
  readonly #clock: Hx711Clock;
  readonly #request: ConverterRequest;
  readonly #waiting: RawResult[] = [];
  #gain: Hx711Gain;
  #periodMs: number;
  #batch = 1;
  #settling = SETTLE_CONVERSIONS;
  #goodMs: number;
  #isClosed = false;
  #cancel: () => void = () => {};
  #samples = 0;
  #settled = 0;

  constructor(source: IioSource, clock: Hx711Clock, request: ConverterRequest) {
    this.#device = findDevice(source);
    this.#clock = clock;
    this.#request = request;
    this.#gain = request.gain;
    this.#periodMs = 1000 / request.samplesPerSecond;
    this.#goodMs = clock.monoMs();
    this.setGain(request.gain);
    this.#next();
  }

  /** The kernel gives the scales of channel A; the finest is the greatest gain. */
  setGain(gain: Hx711Gain): void {
    this.#gain = gain;
    this.#settling = SETTLE_CONVERSIONS;
    const scales = textOf(join(this.#device, 'in_voltage0_scale_available')) ?? '';
    const sorted = scales.split(/\s+/).toSorted((a, b) => Number(a) - Number(b));
    const scale = gain === 128 ? sorted[0] : sorted.at(-1);
    // Channel B has one gain only.
    if (gain === 32 || scale === undefined || scale === '') return;
    // The kernel begins with the finest, and a service has no right to write there.
    const path = join(this.#device, 'in_voltage0_scale');
    if (Number(textOf(path) ?? '') !== Number(scale)) writeFileSync(path, scale);
  }

  setRate(samplesPerSecond: Hx711Rate): void {
    this.#periodMs = 1000 / samplesPerSecond;
  }

  setBatch(samples: number): void {
    this.#batch = samples;
    this.#flush();
  }

  powerDown(): boolean {
    return false;
  }

  powerUp(): void {
    // The kernel's driver keeps the chip awake.
  }

  figures(): Hx711Figures {
    const unknown = { stretched: 0, unended: 0, worstHighUs: 0, meanReadUs: 0 };
    return { samples: this.#samples, settling: this.#settled, ...unknown };
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #next(): void {
    this.#cancel = this.#clock.after('hx711 file', this.#periodMs, () => {
      // Awaited by nobody: it never rejects.
      void this.#read().then(() => {
        if (!this.#isClosed) this.#next();
      });
    });
  }

  async #read(): Promise<void> {
    const file = this.#gain === 32 ? 'in_voltage1_raw' : 'in_voltage0_raw';
    try {
      const text = (await readFile(join(this.#device, file), 'utf8')).trim();
      if (this.#isClosed) return;
      const raw = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (raw <= RAW_MAX) this.#take(raw - OFFSET);
      else this.#miss();
    } catch (error) {
      if (this.#isClosed) return;
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'EUNKNOWN';
      if (notReadyCodes.includes(code)) this.#miss();
      else this.#lose(code);
    }
  }

  #take(counts: number): void {
    const atMs = this.#clock.monoMs();
    this.#goodMs = atMs;
    if (this.#settling > 0) {
      this.#settling -= 1;
      this.#settled += 1;
      return;
    }
    this.#samples += 1;
    this.#waiting.push({ kind: 'sample', counts, atMs, reason: null });
    if (this.#waiting.length >= this.#batch) this.#flush();
  }

  #miss(): void {
    const atMs = this.#clock.monoMs();
    if (atMs - this.#goodMs < this.#request.silentMs) return;
    this.#goodMs = atMs;
    this.#waiting.push({ kind: 'not-ready', counts: 0, atMs, reason: null });
    this.#flush();
  }

  #lose(code: string): void {
    this.close();
    this.#waiting.push({ kind: 'lost', counts: 0, atMs: this.#clock.monoMs(), reason: code });
    this.#flush();
  }

  #flush(): void {
    if (this.#waiting.length > 0) this.#request.onResults(this.#waiting.splice(0));
  }
}
