import { mkdirSync } from 'node:fs';
import { startMariadb } from './mariadb.ts';
import { startMosquitto } from './mosquitto.ts';
import { startRedis } from './redis.ts';
import { startRgw } from './rgw.ts';

/** A server of this rig: on a port of loopback of its own, with its data in the rig's folder. */
export interface OwnServer {
  readonly url: string;
  pid(): number;
  stop(): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data; nothing when it runs. */
  start(): Promise<void>;
}

const starters = {
  mariadb: startMariadb,
  redis: startRedis,
  mosquitto: startMosquitto,
  rgw: (folder: string) => startRgw(folder),
} as const;
export type ServerName = keyof typeof starters;
export type OwnServers<Name extends ServerName = ServerName> = Readonly<Record<Name, OwnServer>>;

/** Starts the servers that are asked for, all at once, below a folder. */
export async function startServers<Name extends ServerName>(
  folder: string,
  names: readonly Name[],
): Promise<OwnServers<Name>> {
  mkdirSync(folder, { recursive: true });
  const starting = names.map(async (name) => [name, await starters[name](folder)] as const);
  const settled = await Promise.allSettled(starting);
  const started = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed !== undefined) {
    await Promise.all(started.map(([, server]) => server.stop()));
    throw failed.reason;
  }
  return Object.fromEntries(started) as OwnServers<Name>;
}

/** Ends all of them. */
export async function stopServers(servers: Partial<OwnServers>): Promise<void> {
  await Promise.all(Object.values(servers).map((server) => server.stop()));
}
