import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadBoardIo } from '@cat-feeder/board-io';
import { describe, expect, it } from 'vitest';

const folder = import.meta.dirname;

/** The same as in `compile`: the script itself, all .c files, all .h files, each by name. */
function sourceHash(): string {
  const hash = createHash('sha256').update(readFileSync(join(folder, 'compile')));
  const names = readdirSync(join(folder, 'src')).toSorted();
  for (const end of ['.c', '.h'])
    for (const name of names)
      if (name.endsWith(end)) hash.update(readFileSync(join(folder, 'src', name)));
  return hash.digest('hex');
}

/** ELF's field e_machine. */
const machines = { 'linux-x64': 0x3e, 'linux-arm64': 0xb7 };

describe.each(Object.entries(machines))('the prebuilt addon for %s', (name, machine) => {
  const binary = readFileSync(join(folder, 'prebuilds', `${name}.node`));

  it('was made from these sources (if not: scripts/build-native)', () => {
    expect(binary.includes(sourceHash())).toBe(true);
  });

  it('is for that machine and small', () => {
    expect(binary.readUInt32BE(0)).toBe(0x7f454c46);
    expect(binary.readUInt16LE(18)).toBe(machine);
    expect(binary.length).toBeLessThan(128 * 1024);
  });

  it('has no fake in it', () => {
    expect(binary.includes('hx711Convert')).toBe(false);
  });

  it('needs no newer C library than Debian 12 has', () => {
    const needed = [...binary.toString('latin1').matchAll(/GLIBC_2\.(\d+)/g)];
    expect(needed.length).toBeGreaterThan(0);
    expect(Math.max(...needed.map(([, minor]) => Number(minor)))).toBeLessThanOrEqual(36);
  });
});

describe('the addon of this machine', () => {
  it('loads and answers without any hardware', () => {
    const board = loadBoardIo();
    expect(loadBoardIo()).toBe(board);
    expect(board.sourceHash).toBe(sourceHash());
    expect(Array.isArray(board.listChips())).toBe(true);
    expect(() => board.lineInfo('/dev/gpiochip-none', 0)).toThrow(
      expect.objectContaining({ code: 'ENOENT', syscall: 'open' }),
    );
    expect(() => board.openI2c('/dev/i2c-none')).toThrow(
      expect.objectContaining({ code: 'ENOENT' }),
    );
  });
});
