import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TimeSource } from './clock.ts';

/** No real-time clock of a working feeder shows an earlier time: 2026-01-01. */
const RTC_PLAUSIBLE_FROM_S = 1_767_225_600;

/** Clocks that a virtual machine's wall clock is set from at its boot. */
const hostClocks = ['kvm-clock', 'hyperv_clocksource_tsc_page', 'xen'];

/**
 * What the kernel and the time service left behind as files: reading them starts no program and
 * asks no bus. Anything unreadable counts as no proof.
 */
export class SystemTimeSource implements TimeSource {
  readonly #root: string;
  readonly #isTrusted: boolean;

  /** `root` stands for `/` in tests; `isTrusted` is the owner's word that the clock is right. */
  constructor(options: { root?: string; isTrusted?: boolean } = {}) {
    this.#root = options.root ?? '/';
    this.#isTrusted = options.isTrusted ?? false;
  }

  /** The kernel's own name of its boot. */
  powerUp(): string | null {
    const bootId = this.#read('proc/sys/kernel/random/boot_id');
    return bootId === '' ? null : bootId;
  }

  origin(): 'synchronized' | 'rtc' | 'none' {
    // systemd-timesyncd touches this file when a server has answered in this boot.
    const isSynchronized = existsSync(join(this.#root, 'run/systemd/timesync/synchronized'));
    if (isSynchronized || this.#isTrusted) return 'synchronized';
    return this.#hasSetClock() || this.#hasHostClock() ? 'rtc' : 'none';
  }

  /** Whether the kernel took its time from a real-time clock at boot, and that clock was alive. */
  #hasSetClock(): boolean {
    return this.#list('sys/class/rtc').some(
      (name) =>
        this.#read(`sys/class/rtc/${name}/hctosys`) === '1' &&
        Number(this.#read(`sys/class/rtc/${name}/since_epoch`)) >= RTC_PLAUSIBLE_FROM_S,
    );
  }

  #hasHostClock(): boolean {
    const name = this.#read('sys/devices/system/clocksource/clocksource0/current_clocksource');
    return hostClocks.includes(name);
  }

  #list(path: string): readonly string[] {
    try {
      return readdirSync(join(this.#root, path));
    } catch {
      return [];
    }
  }

  #read(path: string): string {
    try {
      return readFileSync(join(this.#root, path), 'utf8').trim();
    } catch {
      return '';
    }
  }
}
