import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CONFIG = '/sys/kernel/config/gpio-sim';
/** As many lines as the header's chip of a Pi 4. */
const LINES = 58;

let made = 0;

/** A GPIO chip that the kernel plays; its lines' other ends are files. */
export class SimChip {
  readonly #folder: string;
  #lines: string;
  /** Such as /dev/gpiochip0. */
  path: string;

  constructor(label = 'pinctrl-bcm2711') {
    made += 1;
    this.#folder = join(CONFIG, `feeder-${process.pid}-${made}`);
    mkdirSync(join(this.#folder, 'bank0'), { recursive: true });
    writeFileSync(join(this.#folder, 'bank0/label'), label);
    writeFileSync(join(this.#folder, 'bank0/num_lines'), String(LINES));
    [this.path, this.#lines] = this.#plugIn();
  }

  /** Puts the chip back; its character device may have another name then. */
  plug(): void {
    [this.path, this.#lines] = this.#plugIn();
  }

  /** Takes the chip away from whoever holds its lines. */
  unplug(): void {
    if (this.#read('live') === '1') writeFileSync(join(this.#folder, 'live'), '0');
  }

  get isGone(): boolean {
    return this.#read('live') !== '1';
  }

  /** Pulls a line from outside. */
  put(line: number, level: 0 | 1): void {
    writeFileSync(this.fileOf(line, 'pull'), level === 1 ? 'pull-up' : 'pull-down');
  }

  /** What is on a line; 0 where there is no chip. */
  level(line: number): 0 | 1 {
    const file = this.fileOf(line, 'value');
    return existsSync(file) && readFileSync(file, 'utf8').trim() === '1' ? 1 : 0;
  }

  fileOf(line: number, name: 'pull' | 'value'): string {
    return join(this.#lines, `sim_gpio${line}`, name);
  }

  end(): void {
    if (!existsSync(this.#folder)) return;
    this.unplug();
    rmdirSync(join(this.#folder, 'bank0'));
    rmdirSync(this.#folder);
  }

  #plugIn(): [string, string] {
    writeFileSync(join(this.#folder, 'live'), '1');
    const chip = this.#read('bank0/chip_name');
    return [`/dev/${chip}`, join('/sys/devices/platform', this.#read('dev_name'), chip)];
  }

  #read(name: string): string {
    return readFileSync(join(this.#folder, name), 'utf8').trim();
  }
}
