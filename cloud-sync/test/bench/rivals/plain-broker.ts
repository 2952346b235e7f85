import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ownServer } from '../../servers/mariadb.ts';
import { freePort, startProcess, untilReady } from '../../servers/own-process.ts';
import type { OwnServer } from '../../servers/own-servers.ts';
import { isListening } from '../../servers/redis.ts';

const READY_MS = 5_000;

/** Mosquitto with the persistence that Debian switches on, and these lines more. */
export async function startPlainBroker(
  folder: string,
  more: readonly string[],
): Promise<OwnServer> {
  mkdirSync(folder);
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  const lines = [
    ...[`listener ${port} 127.0.0.1`, 'allow_anonymous true', `user ${userInfo().username}`],
    ...['persistence true', `persistence_location ${folder}/`, ...more],
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const plan = { name: 'broker', logPath: join(folder, 'broker.log'), timeoutMs: READY_MS };
  return ownServer(`mqtt://127.0.0.1:${port}`, async () => {
    const process = startProcess({ ...plan, command: 'mosquitto', args: ['-c', config] });
    await untilReady(process, plan, () => isListening(port));
    return process;
  });
}
