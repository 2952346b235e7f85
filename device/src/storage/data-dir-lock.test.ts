import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDirStore, testDir } from '../../test/contracts/store-fixture.ts';
import { lockDataDir } from './data-dir-lock.ts';

/** Another process that takes the lock, keeps it (an unused one is collected), says so and waits. */
async function holder(lockFile: string): Promise<ChildProcess> {
  const program = `
    import { lockDataDir } from ${JSON.stringify(join(import.meta.dirname, 'data-dir-lock.ts'))};
    try { globalThis.held = lockDataDir(${JSON.stringify(lockFile)}); console.log('held'); setInterval(() => {}, 1e6); }
    catch (error) { console.log(error.code); }`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(said.toString().trim()).toBe('held');
  return child;
}

describe('FMEA-09 two daemons at once', () => {
  it('refuses the second at once, in the same process', () => {
    const dir = testDir();
    const store = openDirStore(dir);
    expect(() => openDirStore(dir)).toThrow(
      expect.objectContaining({ code: 'ERR_ALREADY_RUNNING' }),
    );
    store.close();
    openDirStore(dir).close();
  });

  it('refuses while another process holds it, and not after that was killed', async () => {
    const lockFile = join(testDir(), 'lock.db');
    const child = await holder(lockFile);
    expect(() => lockDataDir(lockFile)).toThrow(
      expect.objectContaining({ code: 'ERR_ALREADY_RUNNING' }),
    );
    child.kill('SIGKILL');
    await once(child, 'exit');
    const release = lockDataDir(lockFile);
    release();
    release();
  });

  it('leaves nothing behind but its own file', () => {
    const dir = testDir();
    lockDataDir(join(dir, 'lock.db'))();
    expect(readdirSync(dir)).toEqual(['lock.db']);
  });

  it('says so when the directory cannot be locked at all', () => {
    expect(() => lockDataDir(join(testDir(), 'missing', 'lock.db'))).toThrow(
      expect.objectContaining({ code: 'ERR_DATA_DIR' }),
    );
  });
});
