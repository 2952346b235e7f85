import { existsSync } from 'node:fs';
import type { TimeSource } from './clock.ts';
import { lookAtRtc } from './real-time-clock.ts';
import { SysfsTree } from './sysfs-tree.ts';

/** Clocks that a virtual machine's wall clock is set from at its boot. */
const hostClocks = ['kvm-clock', 'hyperv_clocksource_tsc_page', 'xen'];

/**
 * What the kernel and the time service left behind as files: reading them starts no program and
 * asks no bus. Anything unreadable counts as no proof.
 */
export class SystemTimeSource implements TimeSource {
  readonly #tree: SysfsTree;
  readonly #isTrusted: boolean;

  /** `root` stands for `/` in tests; `isTrusted` is the owner's word that the clock is right. */
  constructor(options: { root?: string; isTrusted?: boolean } = {}) {
    this.#tree = new SysfsTree(options.root);
    this.#isTrusted = options.isTrusted ?? false;
  }

  /** The kernel's own name of its boot. */
  powerUp(): string | null {
    return this.#tree.read('proc/sys/kernel/random/boot_id') || null;
  }

  origin(): 'synchronized' | 'rtc' | 'none' {
    // systemd-timesyncd touches this file when a server has answered in this boot.
    const isSynchronized = existsSync(this.#tree.path('run/systemd/timesync/synchronized'));
    if (isSynchronized || this.#isTrusted) return 'synchronized';
    return this.#hasSetClock() || this.#hasHostClock() ? 'rtc' : 'none';
  }

  /** Whether the kernel took its time from a real-time clock at boot, and that clock is alive. */
  #hasSetClock(): boolean {
    return lookAtRtc(this.#tree).verdict === 'trusted';
  }

  #hasHostClock(): boolean {
    const path = 'sys/devices/system/clocksource/clocksource0/current_clocksource';
    return hostClocks.includes(this.#tree.read(path) ?? '');
  }
}
