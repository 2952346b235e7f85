import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { BoardIo } from '@cat-feeder/board-io';

/** A call of the addon that can be made to fail. */
export type FakeCall = 'open' | 'request' | 'set' | 'get' | 'read' | 'write' | 'i2c' | 'spi';

/** What a test does to the kernel below the addon. Chips, levels and lines are physical ones. */
export interface FakeKernel {
  /** Nothing is there any more. Close all handles before. */
  reset(): void;
  addChip(path: string, name: string, label: string, lines: number): void;
  /** From now on the clock only moves by `advance`. To be called before anything is opened. */
  freeze(): void;
  /** Moves the clock, and returns when every drive has done what was due. */
  advance(ms: number): void;
  /** Another program holds the line; an empty name lets it go. */
  hold(chip: string, line: number, consumer: string): void;
  /** The outside drives an input, or pulls a line that nobody drives. */
  put(chip: string, line: number, level: 0 | 1): void;
  line(
    chip: string,
    line: number,
  ): {
    readonly level: 0 | 1;
    readonly held: boolean;
    readonly flags: number;
    readonly debounceUs: number;
  };
  /** All levels that were on the wire, oldest first. */
  history(line: number): { readonly level: 0 | 1; readonly atMs: number }[];
  unplug(chip: string): void;
  plug(chip: string): void;
  fail(call: FakeCall, errno: number, times: number): void;
  /** From now on a released output stays as it was, as on a Raspberry Pi without strict_gpiod. */
  keepLevels(): void;
  /** 256 registers with a pointer that counts up. */
  i2cDevice(path: string, address: number, registers: Uint8Array): void;
  buses(isGone: boolean, delayMs: number): void;
  hx711Lines(chip: string, data: number, clock: number): void;
  hx711Spi(path: string): void;
  /** Queues conversions; each comes when the one before has been read. */
  hx711Convert(counts: number, times: number): void;
  /** This pulse (1 to 27) of the next reading stays high so much longer, by the clock of the fake. */
  hx711Stretch(pulse: number, us: number): void;
  /** DOUT stays as it is told; -1 lets it move again. */
  hx711Stick(level: -1 | 0 | 1): void;
  hx711Report(): {
    readonly gainPulses: number;
    readonly resets: number;
    readonly protocolErrors: number;
    readonly reads: number;
    readonly waiting: number;
    readonly isPoweredDown: boolean;
  };
}

/** The addon with a kernel made of nothing below it. */
export interface FakeBoard extends BoardIo {
  readonly fake: FakeKernel;
}

const folder = resolve(import.meta.dirname, '..');
/** Compiled files are kept by the hash of what they were made of. */
const cache = resolve(folder, '../../../var/fake-board');

function sourcesHash(): string {
  const hash = createHash('sha256').update(readFileSync(join(folder, 'compile')));
  for (const part of ['src', 'fake'])
    for (const name of readdirSync(join(folder, part)).toSorted())
      if (/\.[ch]$/.test(name)) hash.update(readFileSync(join(folder, part, name)));
  return hash.digest('hex');
}

/** The path of the test addon, compiled when it is not there yet. Needs gcc. */
export function buildFakeBoard(): string {
  const path = join(cache, `${process.arch}-${sourcesHash().slice(0, 16)}.node`);
  if (existsSync(path)) return path;
  try {
    execFileSync(join(folder, 'compile'), ['gcc', path, 'fake'], { encoding: 'utf8' });
  } catch (cause) {
    throw new Error(`The tests of the hardware addon need a C compiler (Debian: gcc). ${cause}`, {
      cause,
    });
  }
  return path;
}

/** The test addon; one kernel for the whole process. */
export function loadFakeBoard(): FakeBoard {
  return createRequire(import.meta.url)(buildFakeBoard()) as FakeBoard;
}
