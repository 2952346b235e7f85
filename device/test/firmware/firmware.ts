import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const sketch = resolve(
  import.meta.dirname,
  '../../../docs/coprocessor/feeder-firmware/feeder-firmware.ino',
);

/** The cores that the sketch knows, and the pins that it uses there. */
export const cores = {
  // Its core counts the room in a buffer of 64 bytes.
  atmega: { defines: [], in1: 5, in2: 6, fault: 7, wire: 'wire 63 64' },
  // Its core knows of its UART's 32 bytes only whether there is room at all: 1 or 0.
  rp2040: { defines: ['-DARDUINO_ARCH_RP2040'], in1: 16, in2: 17, fault: 18, wire: 'wire 1 32' },
} as const;
export type Core = keyof typeof cores;

/** The reference firmware as a program of this machine; every warning is an error. Needs g++. */
export class Firmware {
  readonly #folder = mkdtempSync(join(tmpdir(), 'feeder-firmware-'));
  readonly #program = join(this.#folder, 'firmware');

  constructor(core: Core) {
    execFileSync('g++', [
      ...['-std=c++11', '-O1', '-Wall', '-Wextra', '-Werror', '-fsanitize=undefined'],
      ...['-fno-sanitize-recover', `-DSKETCH="${sketch}"`, ...cores[core].defines],
      ...['-I', join(import.meta.dirname, 'shim'), '-o', this.#program],
      join(import.meta.dirname, 'harness.cpp'),
    ]);
  }

  /** Runs a script (its words stand in harness.cpp); resolves with the lines that it printed. */
  run(script: readonly string[]): string[] {
    const input = `${script.join('\n')}\n`;
    const ran = spawnSync(this.#program, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
    if (ran.status !== 0) throw new Error(`The firmware ended with ${ran.status}: ${ran.stderr}`);
    return ran.stdout.trim().split('\n');
  }

  end(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
