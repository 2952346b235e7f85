import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { ownServer } from './mariadb.ts';
import { freePort, runToEnd, startProcess, untilReady } from './own-process.ts';
import type { OwnServer } from './own-servers.ts';
import { isListening } from './redis.ts';

const READY_MS = 5_000;
const PLUGIN = '/usr/lib/*/mosquitto_dynamic_security.so';
const SECRET = 'of this rig only';

/** Mosquitto as the distribution has it: nobody is anonymous, and the service gives the rights. */
export async function startMosquitto(folder: string): Promise<OwnServer> {
  const data = join(folder, 'mosquitto');
  mkdirSync(data, { recursive: true });
  const port = await freePort();
  const [plugin] = globSync(PLUGIN);
  if (plugin === undefined) throw new Error(`There is no ${PLUGIN}: install mosquitto.`);
  const rights = join(data, 'rights.json');
  if (!existsSync(rights)) {
    await runToEnd('mosquitto_ctrl', ['dynsec', 'init', rights, 'cloud', SECRET]);
  }
  const config = join(data, 'mosquitto.conf');
  const lines = [
    ...[`listener ${port} 127.0.0.1`, 'allow_anonymous false', `user ${userInfo().username}`],
    ...[`plugin ${plugin}`, `plugin_opt_config_file ${rights}`],
    ...['persistence false', 'max_packet_size 131072', 'max_queued_messages 1000'],
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const plan = { name: 'mosquitto', logPath: join(folder, 'mosquitto.log'), timeoutMs: READY_MS };
  return ownServer(`mqtt://cloud:${encodeURIComponent(SECRET)}@127.0.0.1:${port}`, async () => {
    const process = startProcess({ ...plan, command: 'mosquitto', args: ['-c', config] });
    await untilReady(process, plan, () => isListening(port));
    return process;
  });
}
