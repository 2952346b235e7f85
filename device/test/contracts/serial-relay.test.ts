import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PtyCable, until } from '../support/pty-pair.ts';

/**
 * The main thread of a program of its own: tests run in threads or processes as it pleases their
 * runner, and this is about the main thread.
 */
describe('a serial port in another thread', () => {
  let cable: PtyCable;
  let told: string[];
  let program: ReturnType<typeof fork>;

  beforeEach(async () => {
    cable = new PtyCable();
    await cable.plugIn();
    told = [];
    program = fork(resolve(import.meta.dirname, '../support/relay-program.ts'), [cable.path]);
    program.on('message', (message) => told.push(String(message)));
    await until('the port is open', () => told.includes('open'));
  });
  afterEach(async () => {
    program.kill('SIGKILL');
    await cable.end();
  });

  it('hands bytes to and fro, unplugged in between, and the program lives', async () => {
    cable.send(Buffer.from('meow'));
    await until('an answer', () => cable.takeReceived().toString() === 'MEOW');
    await cable.unplug();
    await until('it is gone', () => told.at(-1)?.includes('gone') ?? false);
    await cable.plugIn();
    await until('it is back', () => told.at(-1) === 'open');
    cable.send(Buffer.from('purr'));
    await until('an answer', () => cable.takeReceived().toString() === 'PURR');
    expect(program.exitCode).toBeNull();
  });

  it('is given up in the main thread when the worker closes it, or ends', async () => {
    cable.send(Buffer.from('end'));
    await until('the main thread closed it', () => told.at(-1) === 'closed in the main thread');
    program.send('new worker');
    await until('the port is open again', () => told.at(-1) === 'open');
    program.send('kill worker');
    await until('the main thread closed it', () => told.at(-1) === 'closed in the main thread');
    expect(program.exitCode).toBeNull();
  });

  it('refuses to be opened by serialport in a worker, where it would abort the program', async () => {
    program.send('open in worker');
    await until('it is refused', () => told.some((one) => one.includes('main thread only')));
    expect(program.exitCode).toBeNull();
  });
});
