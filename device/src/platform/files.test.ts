import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replaceFile } from './files.ts';

describe('replaceFile', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'feeder-files-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('writes, replaces and leaves nothing else behind', () => {
    const path = join(folder, 'state.json');
    replaceFile(path, 'one');
    replaceFile(path, new Uint8Array([0x74, 0x77, 0x6f]));
    expect(readFileSync(path, 'utf8')).toBe('two');
    expect(readdirSync(folder)).toEqual(['state.json']);
  });

  it('lets only the owner read the file, unless told otherwise', () => {
    replaceFile(join(folder, 'state.json'), 'private');
    expect(statSync(join(folder, 'state.json')).mode & 0o777).toBe(0o600);
  });

  it('keeps what was there when it cannot replace it', () => {
    const taken = join(folder, 'taken');
    mkdirSync(join(taken, 'inside'), { recursive: true });
    expect(() => replaceFile(taken, 'three')).toThrow();
    expect(readdirSync(taken)).toEqual(['inside']);
    expect(readdirSync(folder)).not.toContain('taken.tmp');
  });
});
