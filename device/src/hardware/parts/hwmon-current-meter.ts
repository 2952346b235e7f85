import { readFile } from 'node:fs/promises';
import type { Milliseconds } from '@cat-feeder/shared';
import type { CurrentMeter } from '../../dispensing/shaft-sensors.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import {
  checkOf,
  healthy,
  type PartCheck,
  type PartHealth,
  reasonOf,
} from '../../platform/part.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import { findMonitor } from './monitors.ts';

/** Texas Instruments' current monitors that the kernel's ina2xx driver knows. */
export const CURRENT_MONITORS = ['ina219', 'ina220', 'ina226', 'ina230', 'ina231', 'ina260'];
/** More than this through a feeder's motor is a wrong shunt or a torn read. */
const MILLIAMPS_MAX = 20_000;
/** Failed reads in a row before the meter counts as gone. */
const FAILURES_MAX = 3;

const fix =
  'Check the INA219 or INA226 on the I2C bus and its overlay (dtoverlay=i2c-sensor,ina219,addr=0x40).';

/** The motor's current by the kernel's hwmon files. A read never overlaps the one before. */
export class HwmonCurrentMeter implements CurrentMeter {
  readonly #tree: SysfsTree;
  readonly #clock: Clock;
  readonly #names: readonly string[];
  readonly #readText: (path: string) => Promise<string>;
  #folder: string | null = null;
  #cancel: Cancel = () => {};
  #periodMs: Milliseconds = 0;
  #sum = 0;
  #count = 0;
  #failures = 0;
  #isReading = false;
  #isClosed = false;
  #health: PartHealth = healthy;

  constructor(parts: {
    readonly tree: SysfsTree;
    readonly clock: Clock;
    readonly names?: readonly string[];
    readonly readText?: (path: string) => Promise<string>;
  }) {
    this.#tree = parts.tree;
    this.#clock = parts.clock;
    this.#names = parts.names ?? CURRENT_MONITORS;
    this.#readText = parts.readText ?? ((path) => readFile(path, 'utf8'));
  }

  setPeriod(periodMs: Milliseconds): void {
    this.#cancel();
    this.#periodMs = periodMs;
    if (periodMs > 0 && !this.#isClosed) this.#await();
  }

  takeMilliamps(): number | null {
    if (this.#count === 0) return null;
    const mean = this.#sum / this.#count;
    this.#sum = 0;
    this.#count = 0;
    return mean;
  }

  async selfTest(): Promise<PartCheck> {
    const milliamps = await this.#measure();
    return checkOf(this.#health, `${milliamps ?? 0} mA through the motor's supply`, fix);
  }

  health(): PartHealth {
    return this.#health;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #await(): void {
    this.#cancel = this.#clock.after('motor current', this.#periodMs, () => {
      this.#await();
      // Awaited by nobody: it never rejects.
      void this.#measure();
    });
  }

  async #measure(): Promise<number | null> {
    if (this.#isReading || this.#isClosed) return null;
    this.#isReading = true;
    try {
      this.#folder ??= findMonitor(this.#tree, this.#names);
      if (this.#folder === null) {
        this.#lose('unplugged', `No current monitor (${this.#names.join(', ')}) is there.`);
        return null;
      }
      const text = await this.#readText(this.#tree.path(`${this.#folder}/curr1_input`));
      return this.#take(text.trim());
    } catch (error) {
      this.#failures += 1;
      const reason = reasonOf(error);
      if (this.#failures >= FAILURES_MAX) {
        this.#lose('silent', `The motor's current cannot be read: ${reason}`);
      }
      return null;
    } finally {
      this.#isReading = false;
    }
  }

  #take(text: string): number | null {
    const milliamps = /^-?\d+$/.test(text) ? Math.abs(Number(text)) : Number.NaN;
    if (!(milliamps <= MILLIAMPS_MAX)) {
      this.#lose('implausible', `The motor's current reads '${text.slice(0, 20)}' mA.`);
      return null;
    }
    this.#failures = 0;
    this.#health = healthy;
    this.#sum += milliamps;
    this.#count += 1;
    return milliamps;
  }

  /** Looked for anew at the next measurement: a monitor may be plugged in again under another number. */
  #lose(state: PartHealth['state'], why: string): void {
    this.#folder = null;
    this.#sum = 0;
    this.#count = 0;
    this.#health = { state, why };
  }
}
