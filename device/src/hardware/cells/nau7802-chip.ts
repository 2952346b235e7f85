import type { RawCounts } from '@cat-feeder/shared';
import type { I2cBus } from '../io/i2c-bus.ts';

/** The chip's only address. */
export const NAU7802_ADDRESS = 0x2a;

/** Registers and bits by the Nuvoton datasheet, revision 1.7. */
export const nau = {
  PU_CTRL: 0x00,
  CTRL1: 0x01,
  CTRL2: 0x02,
  ADCO: 0x12,
  ADC: 0x15,
  PGA_PWR: 0x1c,
  REVISION: 0x1f,
  RR: 1 << 0,
  PUD: 1 << 1,
  PUA: 1 << 2,
  PUR: 1 << 3,
  CS: 1 << 4,
  CR: 1 << 5,
  AVDDS: 1 << 7,
  CALS: 1 << 2,
  CAL_ERR: 1 << 3,
  REVISION_VALUE: 0x0f,
} as const;

/** Gain 128, and 3.0 V from the chip's own regulator for the cell. */
const GAIN_128_LDO_3V = 0x07 | (0b101 << 3);
/** The chopper off, as the datasheet asks for gains above 1. */
const CHOPPER_OFF = 0x30;
/** The capacitor at the unused second input, as on all boards for load cells. */
const CAPACITOR_ON = 1 << 7;
const rates = { 10: 0b000, 80: 0b011 } as const;

/** One NAU7802 on its bus. Every call rejects with ERR_HARDWARE_FAULT when the chip does not answer. */
export class Nau7802Chip {
  readonly #bus: I2cBus;

  constructor(bus: I2cBus) {
    this.#bus = bus;
  }

  async read(register: number): Promise<number> {
    const [value = 0] = await this.#bus.transfer(NAU7802_ADDRESS, Uint8Array.of(register), 1);
    return value;
  }

  async write(register: number, value: number): Promise<void> {
    await this.#bus.transfer(NAU7802_ADDRESS, Uint8Array.of(register, value), 0);
  }

  /** Resets the chip and wakes it; it needs some 200 us before `isAwake`. */
  async reset(): Promise<void> {
    await this.write(nau.PU_CTRL, nau.RR);
    await this.write(nau.PU_CTRL, nau.PUD | nau.PUA);
  }

  async isAwake(): Promise<boolean> {
    return ((await this.read(nau.PU_CTRL)) & nau.PUR) !== 0;
  }

  async isNau7802(): Promise<boolean> {
    return ((await this.read(nau.REVISION)) & 0x0f) === nau.REVISION_VALUE;
  }

  /** Sets all that stays, switches the regulator on and starts converting. */
  async configure(): Promise<void> {
    await this.write(nau.CTRL1, GAIN_128_LDO_3V);
    await this.write(nau.ADC, CHOPPER_OFF);
    await this.write(nau.PGA_PWR, CAPACITOR_ON);
    await this.write(nau.PU_CTRL, nau.AVDDS | nau.CS | nau.PUA | nau.PUD);
  }

  /** Sets the rate and begins the offset calibration; the regulator must have come up before. */
  async calibrate(samplesPerSecond: 10 | 80): Promise<void> {
    await this.write(nau.CTRL2, (rates[samplesPerSecond] << 4) | nau.CALS);
  }

  async calibration(): Promise<'running' | 'done' | 'failed'> {
    const value = await this.read(nau.CTRL2);
    if (value & nau.CALS) return 'running';
    return value & nau.CAL_ERR ? 'failed' : 'done';
  }

  /**
   * The offset that was found stays. Finding it anew would cost some 350 ms without a conversion just
   * when the motor is about to turn, and each finding differs from the last by its own noise: no tare
   * would outlive a feeding. An offset that the other rate has of its own is left in the counts.
   */
  async setRate(samplesPerSecond: 10 | 80): Promise<void> {
    await this.write(nau.CTRL2, rates[samplesPerSecond] << 4);
  }

  /** `lost`: the chip has had a reset and knows nothing of its settings. */
  async conversion(): Promise<'ready' | 'none' | 'lost'> {
    const value = await this.read(nau.PU_CTRL);
    const awake = nau.CS | nau.PUA | nau.PUD;
    if ((value & awake) !== awake) return 'lost';
    return value & nau.CR ? 'ready' : 'none';
  }

  async counts(): Promise<RawCounts> {
    const [high = 0, middle = 0, low = 0] = await this.#bus.transfer(
      NAU7802_ADDRESS,
      Uint8Array.of(nau.ADCO),
      3,
    );
    const bits = (high << 16) | (middle << 8) | low;
    return bits & 0x80_0000 ? bits - 0x100_0000 : bits;
  }
}
