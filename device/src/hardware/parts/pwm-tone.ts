import { FeederError } from '@cat-feeder/shared';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import { exportHeaderPwm, hasPeriod, periodWrites } from './header-pwm.ts';
import type { ToneOutput } from './tone-sounder.ts';

const NS_PER_S = 1_000_000_000;

/** A buzzer without an oscillator on a pin of the header's PWM. */
export class PwmTone implements ToneOutput {
  readonly #tree: SysfsTree;
  readonly #pin: number;
  #folder: string | null = null;

  constructor(parts: { readonly tree: SysfsTree; readonly pin: number }) {
    this.#tree = parts.tree;
    this.#pin = parts.pin;
  }

  tone(hz: number): void {
    this.#folder ??= this.#export();
    const folder = this.#folder;
    if (hz <= 0) {
      if (hasPeriod(this.#tree, folder)) this.#write('enable', '0');
      return;
    }
    const periodNs = Math.round(NS_PER_S / hz);
    for (const [file, value] of periodWrites(this.#tree, folder, periodNs)) {
      this.#write(file, value);
    }
    this.#write('duty_cycle', String(periodNs >> 1));
    this.#write('enable', '1');
  }

  close(): void {
    if (this.#folder === null) return;
    // What refuses this is gone already.
    this.#tree.write(`${this.#folder}/enable`, '0');
    this.#folder = null;
  }

  #export(): string {
    const found = exportHeaderPwm(this.#tree, this.#pin);
    if ('why' in found) throw lost(found.why);
    return found.folder;
  }

  #write(file: string, value: string): void {
    const problem = this.#tree.write(`${this.#folder}/${file}`, value);
    if (problem === null) return;
    this.#folder = null;
    throw lost(`the PWM of BCM ${this.#pin} refuses ${file} (${problem})`);
  }
}

function lost(what: string): FeederError {
  return new FeederError('ERR_HARDWARE_FAULT', { message: what });
}
