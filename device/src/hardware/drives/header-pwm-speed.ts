import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import { exportHeaderPwm, periodWrites } from '../parts/header-pwm.ts';

/** Above what people and pets hear. */
const PERIOD_NS = 50_000;

/** The speed input of a motor driver on a pin of the header's PWM, found by its device path. */
export class HeaderPwmSpeed {
  readonly #tree: SysfsTree;
  readonly #pin: number;
  #folder: string | null = null;
  #dutyNs = -1;

  constructor(parts: { readonly tree: SysfsTree; readonly pin: number }) {
    this.#tree = parts.tree;
    this.#pin = parts.pin;
    // The rules for devices give a new channel's files to the service a moment after its export, and
    // not within the first slice. What is in the way of it is told when the motor is to turn.
    exportHeaderPwm(this.#tree, this.#pin);
  }

  /** Above 0 up to 1. Why it could not be set, as a sentence; null when it is set. */
  set(speed: number): string | null {
    const dutyNs = Math.round(PERIOD_NS * speed);
    if (this.#folder !== null && dutyNs === this.#dutyNs) return null;
    const why = this.#prepare() ?? this.#write('duty_cycle', String(dutyNs));
    if (why === null) this.#dutyNs = dutyNs;
    return why;
  }

  /** Switches the channel off. Never throws. */
  close(): void {
    // What refuses this is gone already.
    if (this.#folder !== null) this.#tree.write(`${this.#folder}/enable`, '0');
    this.#folder = null;
  }

  #prepare(): string | null {
    if (this.#folder !== null) return null;
    const found = exportHeaderPwm(this.#tree, this.#pin);
    if ('why' in found) return `The motor cannot be given its speed: ${found.why}.`;
    this.#folder = found.folder;
    for (const [file, value] of periodWrites(this.#tree, this.#folder, PERIOD_NS)) {
      const why = this.#write(file, value);
      if (why !== null) return why;
    }
    return this.#write('enable', '1');
  }

  #write(file: string, value: string): string | null {
    const problem = this.#tree.write(`${this.#folder}/${file}`, value);
    return problem === null ? null : this.#lose(file, problem);
  }

  #lose(file: string, problem: string): string {
    this.#folder = null;
    return `The PWM of the motor on BCM ${this.#pin} refuses ${file} (${problem}).`;
  }
}
