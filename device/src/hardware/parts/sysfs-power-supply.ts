import type { Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../../platform/clock.ts';
import {
  checkOf,
  healthy,
  type PartCheck,
  type PartHealth,
  reasonOf,
} from '../../platform/part.ts';
import type { PowerReading, PowerSupply } from '../../platform/power-supply.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import type { InputLine, LineSource } from '../io/lines.ts';
import { findMonitor } from './monitors.ts';

const SUPPLIES = 'sys/class/power_supply';
const LOOK_MS: Milliseconds = 2000;
/** What was seen is of now for so long, where nothing watches. */
const FRESH_MS: Milliseconds = 500;
const DEBOUNCE_MS: Milliseconds = 20;
/** Below this charge, and on battery, nothing is dispensed: what is left writes down and waits. */
export const BATTERY_FRACTION_MIN = 0.15;

const unknown: PowerReading = {
  source: 'unknown',
  chargeFraction: null,
  isUndervoltage: false,
  isFailing: false,
  why: '',
};

/**
 * Mains, battery and undervoltage, from three places, each of which may be absent: the firmware's
 * undervoltage alarm (raspberrypi-hwmon), the kernel's power supplies (a UPS board's fuel gauge),
 * and a power-fail line of a UPS.
 */
export class SysfsPowerSupply implements PowerSupply {
  readonly #tree: SysfsTree;
  readonly #clock: Clock;
  readonly #failLine: InputLine | null;
  #lineProblem: string | null = null;
  #reading: PowerReading = unknown;
  #health: PartHealth = healthy;
  #listener: (reading: PowerReading) => void = () => {};
  #cancel: Cancel = () => {};
  readonly #isWatched: boolean;
  #lookedAtMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /** Watches from now on, unless it is told not to. Throws what the source throws when the power-fail line cannot be had. */
  constructor(parts: {
    readonly tree: SysfsTree;
    readonly clock: Clock;
    /** False: nothing wakes it up, it looks when it is asked. */
    readonly isWatched?: boolean;
    /** The UPS's line that tells of failing mains, and the level at which it does. */
    readonly powerFail?: {
      readonly lines: LineSource;
      readonly pin: number;
      readonly level: 0 | 1;
    };
  }) {
    this.#tree = parts.tree;
    this.#clock = parts.clock;
    this.#failLine = parts.powerFail === undefined ? null : this.#openLine(parts.powerFail);
    this.#isWatched = parts.isWatched ?? true;
    this.#look();
    if (this.#isWatched) this.#await();
  }

  reading(): PowerReading {
    if (!this.#isWatched && this.#clock.monoMs() - this.#lookedAtMs > FRESH_MS) this.#look();
    return this.#reading;
  }

  onChange(listener: (reading: PowerReading) => void): void {
    this.#listener = listener;
  }

  selfTest(): Promise<PartCheck> {
    this.#look();
    const { source, chargeFraction, isUndervoltage, why } = this.#reading;
    const charge = chargeFraction === null ? '' : `, battery ${Math.round(chargeFraction * 100)} %`;
    const found = `${source === 'unknown' ? 'supply without a gauge' : source}${charge}`;
    if (isUndervoltage) {
      const fix =
        'Use the supply that came with the board, a short thick cable, or charge the UPS.';
      return Promise.resolve({ ok: false, found: why, fix });
    }
    return Promise.resolve(checkOf(this.health(), found, 'Check the UPS, its plug and its cable.'));
  }

  health(): PartHealth {
    if (this.#lineProblem === null) return this.#health;
    return { state: 'unplugged', why: this.#lineProblem };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancel();
    this.#failLine?.close();
  }

  #openLine(failing: { lines: LineSource; pin: number; level: 0 | 1 }): InputLine {
    const line = failing.lines.input({
      pin: failing.pin,
      activeLow: failing.level === 0,
      bias: failing.level === 0 ? 'up' : 'down',
      debounceMs: DEBOUNCE_MS,
    });
    line.onEdge(() => this.#look());
    line.onLost((cause) => {
      this.#lineProblem = `The power-fail line is lost: ${reasonOf(cause)}`;
    });
    return line;
  }

  #await(): void {
    this.#cancel = this.#clock.after('power supply', LOOK_MS, () => {
      this.#await();
      this.#look();
    });
  }

  #look(): void {
    if (this.#isClosed) return;
    this.#lookedAtMs = this.#clock.monoMs();
    this.#health = healthy;
    const battery = this.#battery();
    const isFailing = this.#lineProblem === null && this.#failLine?.level() === 1;
    const source = isFailing || battery.isDischarging ? 'battery' : this.#mains();
    const why = this.#whyTooWeak(source, battery.chargeFraction);
    const { chargeFraction } = battery;
    const next = { source, chargeFraction, isUndervoltage: why !== '', isFailing, why } as const;
    const before = this.#reading;
    this.#reading = next;
    const isChanged =
      before.source !== next.source ||
      before.isUndervoltage !== next.isUndervoltage ||
      before.isFailing !== next.isFailing;
    if (isChanged) this.#listener(next);
  }

  #whyTooWeak(source: PowerReading['source'], chargeFraction: number | null): string {
    const monitor = findMonitor(this.#tree, ['rpi_volt']);
    const alarm = monitor === null ? null : this.#tree.read(`${monitor}/in0_lcrit_alarm`);
    if (alarm === '1') return 'the supply gives less than 4.63 V to the board';
    if (source === 'battery' && chargeFraction !== null && chargeFraction < BATTERY_FRACTION_MIN) {
      return `the battery is down to ${Math.round(chargeFraction * 100)} %`;
    }
    return '';
  }

  #mains(): PowerReading['source'] {
    const mains = this.#supplies('Mains').concat(this.#supplies('USB'));
    const online = mains.map((folder) => this.#tree.read(`${folder}/online`));
    if (online.includes('1')) return 'mains';
    return online.includes('0') ? 'battery' : 'unknown';
  }

  #battery(): { readonly isDischarging: boolean; readonly chargeFraction: number | null } {
    const [folder] = this.#supplies('Battery');
    if (folder === undefined) return { isDischarging: false, chargeFraction: null };
    const percent = this.#tree.readNumber(`${folder}/capacity`);
    const isDischarging = this.#tree.read(`${folder}/status`) === 'Discharging';
    if (percent !== null && percent >= 0 && percent <= 100) {
      return { isDischarging, chargeFraction: percent / 100 };
    }
    const why =
      percent === null
        ? 'The battery gauge says no charge.'
        : `The battery gauge says ${percent} %.`;
    this.#health = { state: percent === null ? 'silent' : 'implausible', why };
    return { isDischarging, chargeFraction: null };
  }

  #supplies(type: string): string[] {
    return this.#tree
      .list(SUPPLIES)
      .map((name) => `${SUPPLIES}/${name}`)
      .filter((folder) => this.#tree.read(`${folder}/type`) === type);
  }
}
