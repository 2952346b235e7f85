import { FeederError } from '@cat-feeder/shared';
import type { I2cBus } from '../../src/hardware/io/i2c-bus.ts';
import type { Clock } from '../../src/platform/clock.ts';

const ADDRESS = 0x2a;
const PU_CTRL = 0x00;
const CTRL2 = 0x02;
const ADCO = 0x12;
const REVISION = 0x1f;
const WAKE_MS = 0.2;
const CALIBRATION_MS = 350;
/** The regulator's voltage rises for so long; a zero that is found meanwhile is off by so much. */
const LDO_RISE_MS = 200;
const EARLY_ZERO_COUNTS = 40_000;
const periodsMs: Readonly<Record<number, number>> = { 0: 100, 1: 50, 2: 25, 3: 12.5, 7: 3.125 };

/** A NAU7802 as a map of registers, converting by a clock. */
export class FakeNau7802 implements I2cBus {
  readonly #clock: Clock;
  readonly registers = new Uint8Array(0x20);
  /** What the cell gives. */
  counts = 0;
  isPlugged = true;
  /** The analogue part stands still: no conversion becomes ready. */
  isFrozen = false;
  failsCalibration = false;
  revision = 0x0f;
  #awakeAtMs = Number.POSITIVE_INFINITY;
  #suppliedAtMs = Number.POSITIVE_INFINITY;
  #zeroCounts = 0;
  #calibratedAtMs = Number.NEGATIVE_INFINITY;
  #startedAtMs = 0;
  #taken = 0;
  /** Register writes so far, as `address=value`. */
  readonly writes: string[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  transfer(address: number, write: Uint8Array, readLength: number): Promise<Uint8Array> {
    if (!this.isPlugged || address !== ADDRESS) {
      const message = 'Nothing answers at this address of /dev/i2c-1.';
      return Promise.reject(new FeederError('ERR_HARDWARE_FAULT', { message }));
    }
    const [pointer = 0, ...values] = write;
    values.forEach((value, i) => {
      this.#write(pointer + i, value);
    });
    return Promise.resolve(
      Uint8Array.from({ length: readLength }, (_, i) => this.#read(pointer + i)),
    );
  }

  close(): void {
    this.isPlugged = false;
  }

  /** As after a dip of the supply. */
  reset(): void {
    this.registers.fill(0);
    this.#awakeAtMs = Number.POSITIVE_INFINITY;
    this.#suppliedAtMs = Number.POSITIVE_INFINITY;
  }

  #write(register: number, value: number): void {
    this.writes.push(`${register.toString(16)}=${value.toString(16)}`);
    const now = this.#clock.monoMs();
    if (register === PU_CTRL && value & 1) {
      this.reset();
      return;
    }
    if (register === PU_CTRL && value & 0b10 && !((this.registers[PU_CTRL] ?? 0) & 0b10))
      this.#awakeAtMs = now + WAKE_MS;
    const isSupplied = ((this.registers[PU_CTRL] ?? 0) & 0x80) !== 0;
    if (register === PU_CTRL && value & 0x80 && !isSupplied) this.#suppliedAtMs = now + LDO_RISE_MS;
    if (register === CTRL2 && value & 0b100) {
      this.#calibratedAtMs = now + CALIBRATION_MS;
      this.#zeroCounts = now < this.#suppliedAtMs ? EARLY_ZERO_COUNTS : 0;
    }
    if (register === CTRL2 || (register === PU_CTRL && value & 0x10)) {
      this.#startedAtMs = now;
      this.#taken = 0;
    }
    this.registers[register] = value;
  }

  #read(register: number): number {
    const value = this.registers[register] ?? 0;
    const now = this.#clock.monoMs();
    if (register === REVISION) return this.revision;
    if (register === PU_CTRL) {
      const isAwake = now >= this.#awakeAtMs;
      return (value & 0xd7) | (isAwake ? 0x08 : 0) | (this.#made() > this.#taken ? 0x20 : 0);
    }
    if (register === CTRL2) {
      if (now < this.#calibratedAtMs) return value;
      return (value & ~0b1100) | (this.failsCalibration ? 0b1000 : 0);
    }
    if (register < ADCO || register > ADCO + 2) return value;
    this.#taken = this.#made();
    return ((this.counts + this.#zeroCounts) >> (8 * (ADCO + 2 - register))) & 0xff;
  }

  /** Conversions since the start, or since the rate was set. */
  #made(): number {
    const isConverting = ((this.registers[PU_CTRL] ?? 0) & 0x16) === 0x16 && !this.isFrozen;
    if (!isConverting) return this.#taken;
    const periodMs = periodsMs[((this.registers[CTRL2] ?? 0) >> 4) & 0b111] ?? 100;
    return Math.floor((this.#clock.monoMs() - this.#startedAtMs) / periodMs);
  }
}
