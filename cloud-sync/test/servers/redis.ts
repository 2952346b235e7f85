import { mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { ownServer } from './mariadb.ts';
import { freePort, startProcess, untilReady } from './own-process.ts';
import type { OwnServer } from './own-servers.ts';

const READY_MS = 5_000;

/** Redis without any file: a cache may forget. */
export async function startRedis(folder: string): Promise<OwnServer> {
  const data = join(folder, 'redis');
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const plan = { name: 'redis', logPath: join(folder, 'redis.log'), timeoutMs: READY_MS };
  return ownServer(`redis://127.0.0.1:${port}`, async () => {
    const process = startProcess({
      ...plan,
      command: 'redis-server',
      args: [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', data],
        ...['--save', '', '--appendonly', 'no'],
      ],
    });
    await untilReady(process, plan, () => isListening(port));
    return process;
  });
}

/** Whether somebody takes connections at this port of loopback. */
export function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
