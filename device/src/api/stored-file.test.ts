import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testDir } from '../../test/contracts/store-fixture.ts';
import { openStored } from './stored-file.ts';

describe('a file that is opened to be served', () => {
  it('is a plain one: its kind is looked at when it is open, not before', async () => {
    const dir = testDir();
    const at = (name: string) => join(dir, name);
    writeFileSync(at('plain'), 'abc');
    symlinkSync(at('plain'), at('link'));
    mkdirSync(at('folder'));
    // Nobody writes into it: a reader that waits would wait for ever.
    execFileSync('mkfifo', [at('pipe')]);
    const plain = await openStored(at('plain'));
    expect(plain?.sizeBytes).toBe(3);
    await plain?.handle.close();
    for (const name of ['link', 'folder', 'pipe', 'gone', 'plain/below']) {
      expect(await openStored(at(name)), name).toBeNull();
    }
    expect(await openStored(null)).toBeNull();
  });
});
