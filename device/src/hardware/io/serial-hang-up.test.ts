import { execFileSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PtyCable, until } from '../../../test/support/pty-pair.ts';
import { endAtHangUp, type PortBinding } from './serial-hang-up.ts';
import { openSerialPort } from './serial-port.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'feeder-hang-up-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function pipe(name: string): string {
  const path = join(folder, name);
  execFileSync('mkfifo', [path]);
  return path;
}

describe('the reading of a port', () => {
  const endless = (): Promise<never> => Promise.reject(new Error('the reading was not replaced'));

  it('waits for bytes, gives them, and ends when the other end is gone for good', async () => {
    const path = pipe('wire');
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const other = openSync(path, 'w');
    const poller = new EventEmitter();
    const port: PortBinding = { fd, poller, read: endless };
    endAtHangUp(port);
    const buffer = Buffer.alloc(16);
    const reading = port.read(buffer, 2, 8);
    await until('it waits', () => poller.listenerCount('readable') === 1);
    writeSync(other, 'cat');
    poller.emit('readable', null);
    expect(await reading).toEqual({ buffer, bytesRead: 3 });
    expect(buffer.toString('latin1', 2, 5)).toBe('cat');
    closeSync(other);
    await expect(port.read(buffer, 0, 8)).rejects.toMatchObject({ code: 'EIO' });
    closeSync(fd);
  });

  it('ends with what the poller tells, and quietly when it was closed', async () => {
    const path = pipe('wire');
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    const poller = new EventEmitter();
    const port: { fd: number | null } & Omit<PortBinding, 'fd'> = { fd, poller, read: endless };
    endAtHangUp(port);
    const reading = port.read(Buffer.alloc(8), 0, 8);
    await until('it waits', () => poller.listenerCount('readable') === 1);
    poller.emit('readable', new Error('EBADF'));
    await expect(reading).rejects.toThrow('EBADF');
    const late = port.read(Buffer.alloc(8), 0, 8);
    port.fd = null;
    await expect(late).rejects.toMatchObject({ canceled: true });
    await expect(port.read(Buffer.alloc(8), 0, 8)).rejects.toMatchObject({ canceled: true });
    // The poller of a port that was closed meanwhile is gone, and must not be asked.
    expect(poller.listenerCount('readable')).toBe(0);
    closeSync(fd);
  });
});

describe('a terminal that is pulled while the program is busy', () => {
  /** As many as node's threads for files: each of them waits until its pipe is written to. */
  const BUSY = 4;

  it('is told as gone, although its hang-up came before the reading', async () => {
    const cable = new PtyCable();
    await cable.plugIn();
    const gone: string[] = [];
    const bytes: string[] = [];
    const listeners = {
      onBytes: (some: Uint8Array) => bytes.push(Buffer.from(some).toString()),
      onGone: (why: string) => gone.push(why),
    };
    const port = await openSerialPort({ path: cable.path, baudRate: 9600 }, listeners);
    cable.send(Buffer.from('a'));
    await until('a byte', () => bytes.length > 0);
    const pipes = Array.from({ length: BUSY }, (_, at) => pipe(`busy-${at}`));
    const waiting = pipes.map((path) => open(path, 'r'));
    cable.send(Buffer.from('b'));
    await cable.unplug();
    const others = pipes.map((path) => openSync(path, 'r+'));
    for (const file of await Promise.all(waiting)) await file.close();
    for (const other of others) closeSync(other);
    await until('it is told', () => gone.length > 0);
    expect(gone).toEqual([`${cable.path} is gone: the part was unplugged.`]);
    await port.close();
    await cable.end();
  });
});
