import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import { type Clock, sleep } from '../../platform/clock.ts';
import type { I2cBus } from '../io/i2c-bus.ts';

/** One time-of-flight shot. */
export interface RangeShot {
  readonly millimetres: number;
  /** The chip itself believes it: echo, phase and spread were within its limits. */
  readonly isValid: boolean;
  /** Strength of the echo and of the light around, in million counts per second. */
  readonly signalMcps: number;
  readonly ambientMcps: number;
}

export const VL53L0X_ADDRESS = 0x29;

/** Registers, by the names of ST's UM2039 and of the kernel's driver. */
const SYSRANGE_START = 0x00;
const INTERRUPT_CLEAR = 0x0b;
const INTERRUPT_STATUS = 0x13;
const RANGE_STATUS = 0x14;
const PAD_SUPPLY = 0x89;
const MODEL_ID = 0xc0;

const MODEL_VL53L0X = 0xee;
const SINGLE_SHOT = 0x01;
/** Bus lines at 2.8 V instead of 1.8 V, as on every breakout board. */
const PAD_2V8 = 0x01;
/** The range is in the last two of these bytes, the status in the first. */
const RESULT_BYTES = 12;
const STATUS_VALID = 11;
/** A shot takes 33 ms; ten times that is an answer that does not come. */
const POLL_MS: Milliseconds = 6;
const POLLS_MAX = 55;

/**
 * ST's VL53L0X with the settings that it powers up with: single shots of 33 ms, which reach
 * further than any hopper is deep. As in the kernel's own driver, no tuning table is loaded.
 * Every method rejects with `ERR_HARDWARE_FAULT` when the chip does not answer as it should.
 */
export class Vl53l0x {
  readonly #bus: I2cBus;
  readonly #clock: Clock;
  readonly #address: number;

  constructor(parts: { readonly bus: I2cBus; readonly clock: Clock; readonly address?: number }) {
    this.#bus = parts.bus;
    this.#clock = parts.clock;
    this.#address = parts.address ?? VL53L0X_ADDRESS;
  }

  /** Makes sure that it is this chip, and sets its bus level. Needed once after power-up. */
  async begin(): Promise<void> {
    const model = await this.#read(MODEL_ID);
    if (model !== MODEL_VL53L0X) {
      throw fault(`says that it is 0x${model.toString(16)} and not a VL53L0X (0xee).`);
    }
    const pads = await this.#read(PAD_SUPPLY);
    await this.#write(PAD_SUPPLY, pads | PAD_2V8);
    await this.#write(INTERRUPT_CLEAR, 0x01);
  }

  /** One shot, at most a third of a second. */
  async shoot(): Promise<RangeShot> {
    await this.#write(SYSRANGE_START, SINGLE_SHOT);
    await this.#awaitResult();
    const result = await this.#bus.transfer(
      this.#address,
      Uint8Array.of(RANGE_STATUS),
      RESULT_BYTES,
    );
    await this.#write(INTERRUPT_CLEAR, 0x01);
    const view = new DataView(result.buffer, result.byteOffset, result.byteLength);
    return {
      millimetres: view.getUint16(10),
      isValid: ((view.getUint8(0) >> 3) & 0x0f) === STATUS_VALID,
      // Fixed point with seven binary places.
      signalMcps: view.getUint16(6) / 128,
      ambientMcps: view.getUint16(8) / 128,
    };
  }

  async #awaitResult(): Promise<void> {
    for (let polls = 0; polls < POLLS_MAX; polls++) {
      if (((await this.#read(INTERRUPT_STATUS)) & 0x07) !== 0) return;
      await sleep(this.#clock, 'range shot', POLL_MS);
    }
    throw fault(`has not finished a shot within ${POLLS_MAX * POLL_MS} ms.`);
  }

  async #read(register: number): Promise<number> {
    const [value] = await this.#bus.transfer(this.#address, Uint8Array.of(register), 1);
    if (value === undefined) throw fault('answered with nothing.');
    return value;
  }

  async #write(register: number, value: number): Promise<void> {
    await this.#bus.transfer(this.#address, Uint8Array.of(register, value), 0);
  }
}

function fault(what: string): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', { message: `The chip at the hopper ${what}` });
}
