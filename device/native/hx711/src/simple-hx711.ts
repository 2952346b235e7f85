import type { Hx711 } from './hx711.ts';
import { type Hx711Gain, type Hx711Reading, Hx711ReadingError } from './readings.ts';

/** How many readings one call may take. */
const TIMES_MAX = 100;

/**
 * The calls that programs for older HX711 packages know, asynchronous: a reading is waited for, never
 * made in between. It takes over the driver's listener.
 */
export class SimpleHx711 {
  readonly #driver: Hx711;
  #offset = 0;
  #scale = 1;
  #waiting: ((reading: Hx711Reading) => void)[] = [];

  constructor(driver: Hx711) {
    this.#driver = driver;
    driver.onReadings((readings) => {
      for (const reading of readings) for (const take of this.#waiting.splice(0)) take(reading);
    });
  }

  /** The mean of the next readings in counts. Rejects when the converter is silent, saturated or lost. */
  async read(times = 1): Promise<number> {
    const wanted = Math.min(TIMES_MAX, Math.max(1, Math.floor(times)));
    let sum = 0;
    for (let i = 0; i < wanted; i++) sum += await this.#next();
    return sum / wanted;
  }

  /** Takes what lies on the cell for nothing. */
  async tare(times = 10): Promise<void> {
    this.#offset = await this.read(times);
  }

  /** Counts for one unit, not 0. */
  setScale(countsPerUnit: number): void {
    if (!Number.isFinite(countsPerUnit) || countsPerUnit === 0)
      throw new RangeError('A scale is a number other than 0.');
    this.#scale = countsPerUnit;
  }

  async getUnits(times = 1): Promise<number> {
    return ((await this.read(times)) - this.#offset) / this.#scale;
  }

  setGain(gain: Hx711Gain): void {
    this.#driver.setGain(gain);
  }

  powerDown(): boolean {
    return this.#driver.powerDown();
  }

  powerUp(): void {
    this.#driver.powerUp();
  }

  async #next(): Promise<number> {
    const reading = await new Promise<Hx711Reading>((resolve) => this.#waiting.push(resolve));
    if (reading.kind === 'sample') return reading.counts;
    throw new Hx711ReadingError(reading);
  }
}
