import type { BoardIo } from '@cat-feeder/board-io';
import type { Milliseconds } from '@cat-feeder/shared';
import { Hx711, type Hx711Gain, type Hx711Reading, type Hx711Source } from 'hx711';
import { backOffMs, type Chance } from '../../platform/back-off.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { checkOf, type PartCheck, type PartHealth, reasonOf } from '../../platform/part.ts';
import type { CellReading, CellSource } from '../../weighing/cell-source.ts';
import type { OutputLine } from '../io/lines.ts';
import { CellOutlet } from './cell-outlet.ts';
import { EndOfRange } from './end-of-range.ts';

/** How the RATE pin is wired. */
export type Hx711RateWiring =
  | { readonly kind: 'fixed'; readonly samplesPerSecond: 10 | 80 }
  /** High: 80 a second. */
  | { readonly kind: 'switched'; readonly line: OutputLine };

export interface Hx711CellParts {
  /** For people: `bowl` or `hopper`. */
  readonly name: string;
  readonly board: BoardIo | null;
  /** Best first. */
  readonly sources: readonly Hx711Source[];
  readonly gain: Hx711Gain;
  readonly rate: Hx711RateWiring;
  readonly clock: Clock;
  readonly chance: Chance;
}

const REST_RATE = 10;
/** At rest the mean of so many conversions of a chip that is fixed at 80 a second is one reading. */
const CONVERSIONS_A_READING = 8;
/** Longer than the chip needs after power-up at 10 a second, with its four thrown-away conversions. */
const SILENT_MS: Milliseconds = 1200;
/** Readings in one batch at rest: about 1.1 s. */
const REST_BATCH = 11;
/** A changed rate needs so many periods. */
const SETTLE_PERIODS = 4;
const SELF_TEST_MS: Milliseconds = 1900;

/** A load cell with an HX711. What is lost is opened again with a growing wait. */
export class Hx711Cell implements CellSource {
  readonly restSamplesPerSecond = REST_RATE;
  readonly dispenseSamplesPerSecond: number;
  readonly #parts: Hx711CellParts;
  readonly #outlet: CellOutlet;
  readonly #endOfRange: EndOfRange;
  #driver: Hx711 | null = null;
  #health: PartHealth;
  #failures = 0;
  #settledAtMs: Milliseconds = Number.NEGATIVE_INFINITY;
  /** Conversions that wait to become one reading. */
  #group: number[] = [];
  #isClosed = false;
  #cancelRetry: Cancel = () => {};

  /** Never throws: a converter that cannot be reached is a state, and is tried again. */
  constructor(parts: Hx711CellParts) {
    this.#parts = parts;
    const { rate } = parts;
    this.dispenseSamplesPerSecond = rate.kind === 'fixed' ? rate.samplesPerSecond : 80;
    this.#outlet = new CellOutlet(parts.clock);
    this.#endOfRange = new EndOfRange(parts.name);
    this.#health = { state: 'silent', why: `The HX711 of the ${parts.name} is being set up.` };
    this.#open();
  }

  setMode(mode: 'rest' | 'dispense'): void {
    if (this.#isClosed || mode === this.#outlet.mode) return;
    this.#group = [];
    this.#outlet.setMode(mode);
    this.#driver?.setBatch(this.#batch());
    if (this.#parts.rate.kind === 'switched') this.#switchRate();
  }

  onReadings(listener: (batch: readonly CellReading[]) => void): void {
    this.#outlet.onReadings(listener);
  }

  health(): PartHealth {
    return this.#health;
  }

  async selfTest(): Promise<PartCheck> {
    const comes = this.#driver !== null && (await this.#outlet.comes(SELF_TEST_MS));
    const figures = this.#driver?.figures();
    const how = this.#driver === null ? '' : ` by ${this.#driver.source}`;
    const found = `the HX711 converts${how}; ${figures?.stretched ?? 0} of ${figures?.samples ?? 0} readings torn`;
    const fix = 'Check the 3.3 V supply and the wires DOUT and PD_SCK (SCK) of the HX711.';
    if (comes || this.#health.state !== 'ok') return checkOf(this.#health, found, fix);
    return { ok: false, found: 'silent: no conversion came within two seconds.', fix };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelRetry();
    this.#outlet.close();
    this.#driver?.close();
    const { rate } = this.#parts;
    if (rate.kind === 'switched') rate.line.close();
  }

  #rate(): 10 | 80 {
    const { rate } = this.#parts;
    if (rate.kind === 'fixed') return rate.samplesPerSecond;
    return this.#outlet.mode === 'rest' ? 10 : 80;
  }

  /** Conversions that make one reading in the present mode. */
  #perReading(): number {
    return this.#rate() === 80 && this.#outlet.mode === 'rest' ? CONVERSIONS_A_READING : 1;
  }

  #batch(): number {
    return this.#outlet.mode === 'rest' ? REST_BATCH * this.#perReading() : 1;
  }

  #open(): void {
    const { board, sources, gain, clock, name } = this.#parts;
    try {
      const rate = this.#rate();
      const driver = new Hx711({
        board,
        sources,
        gain,
        clock,
        samplesPerSecond: rate,
        silentMs: SILENT_MS,
      });
      driver.setBatch(this.#batch());
      driver.onReadings((readings) => {
        if (driver === this.#driver) this.#take(readings);
      });
      this.#driver = driver;
      if (this.#parts.rate.kind === 'switched') this.#switchRate();
    } catch (error) {
      this.#lose(`The HX711 of the ${name} cannot be used: ${reasonOf(error)}`);
    }
  }

  #switchRate(): void {
    const { rate, clock, name } = this.#parts;
    if (rate.kind === 'fixed') return;
    const wanted = this.#rate();
    try {
      rate.line.set(wanted === 80 ? 1 : 0);
    } catch (error) {
      this.#lose(`The RATE line of the ${name}'s HX711 is lost: ${reasonOf(error)}`);
      return;
    }
    this.#driver?.setRate(wanted);
    this.#settledAtMs = clock.monoMs() + (SETTLE_PERIODS * 1000) / wanted;
  }

  #take(readings: readonly Hx711Reading[]): void {
    for (const reading of readings) {
      if (reading.kind === 'lost') {
        this.#lose(`The HX711 of the ${this.#parts.name} is gone (${reading.code}).`);
        return;
      }
      if (reading.kind === 'silent') this.#takeSilence(reading);
      else this.#takeCounts(reading);
    }
    // The native thread makes the batches: at rest it wakes this program once for each.
    this.#outlet.flush();
  }

  #takeSilence({ cause, atMs }: Extract<Hx711Reading, { kind: 'silent' }>): void {
    this.#group = [];
    this.#health = silences[cause](this.#parts.name);
    this.#outlet.give([{ atMs, counts: null }]);
  }

  #takeCounts({ kind, counts, atMs }: Extract<Hx711Reading, { counts: number }>): void {
    if (atMs < this.#settledAtMs) return;
    this.#failures = 0;
    this.#health = this.#endOfRange.take(kind === 'saturated');
    // A mean over an end of the range would hide it.
    if (kind === 'saturated') {
      this.#group = [];
      this.#outlet.give([{ atMs, counts }]);
      return;
    }
    this.#group.push(counts);
    if (this.#group.length < this.#perReading()) return;
    const mean = this.#group.reduce((sum, one) => sum + one, 0) / this.#group.length;
    this.#group = [];
    this.#outlet.give([{ atMs, counts: Math.round(mean) }]);
  }

  #lose(why: string): void {
    this.#driver?.close();
    this.#driver = null;
    this.#health = { state: 'unplugged', why };
    if (this.#isClosed) return;
    this.#failures += 1;
    const { clock, chance } = this.#parts;
    this.#cancelRetry();
    this.#cancelRetry = clock.after('hx711 again', backOffMs(this.#failures, chance), () =>
      this.#open(),
    );
  }
}

const silences = {
  'no-conversions': (name: string): PartHealth => ({
    state: 'silent',
    why: `The HX711 of the ${name} gives no conversions: check its supply and its cable.`,
  }),
  'stuck-low': (name: string): PartHealth => ({
    state: 'stuck',
    why: `The data line of the ${name}'s HX711 stays low: check PD_SCK, and the line for a short.`,
  }),
  torn: (name: string): PartHealth => ({
    state: 'implausible',
    why: `All readings of the ${name}'s HX711 are torn, because this machine is too busy: wire it to SPI.`,
  }),
} as const;
