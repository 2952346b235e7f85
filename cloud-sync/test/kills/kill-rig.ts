import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { CloudView } from '@cat-feeder/shared';
import { ask } from '../own-cloud.ts';
import { ownServer } from '../servers/mariadb.ts';
import {
  freePort,
  type OwnProcess,
  runToEnd,
  startProcess,
  untilReady,
} from '../servers/own-process.ts';
import {
  type OwnServer,
  type OwnServers,
  startServers,
  stopServers,
} from '../servers/own-servers.ts';
import { until } from '../story/own-daemon.ts';
import { FaultWire } from './fault-wire.ts';

type RigServers = OwnServers<'mariadb' | 'redis' | 'mosquitto'>;

const root = resolve(import.meta.dirname, '../../..');
/** The programs as they are shipped, and as they are written. */
const programs = {
  bundle: { feeder: 'dist/device/feeder.mjs', cloud: 'dist/cloud-sync/cloud-sync.mjs' },
  source: { feeder: 'device/src/main.ts', cloud: 'cloud-sync/src/main.ts' },
} as const;
export type Entry = keyof typeof programs;

const READY_MS = 30_000;
const ACCOUNT = 'ada@example.org';
/** One account may ask four times a second; a feeder's home has so many of them. */
const ACCOUNTS = 4;
const SPEED = '20';
const POLL_SECONDS = '2';

/** Everything that can be killed, by what it is. */
export const partKinds = ['feeder', 'cloud', 'mariadb', 'redis', 'mosquitto'] as const;
export type PartKind = (typeof partKinds)[number];

/** A linked feeder of the rig. */
export interface RigFeeder {
  readonly server: OwnServer;
  readonly dataDir: string;
  readonly device: string;
  readonly tokens: readonly string[];
}

/** What every program of the rig needs to know of the others. */
interface Plan {
  readonly folder: string;
  readonly entry: Entry;
  readonly env: Readonly<Record<string, string>>;
}

/** Real programs on real servers with a bad wire between them, all of it in one folder. */
export class KillRig {
  readonly wire: FaultWire;
  readonly servers: RigServers;
  readonly nodes: readonly OwnServer[];
  readonly feeders: readonly RigFeeder[];

  private constructor(parts: Pick<KillRig, 'wire' | 'servers' | 'nodes' | 'feeders'>) {
    this.wire = parts.wire;
    this.servers = parts.servers;
    this.nodes = parts.nodes;
    this.feeders = parts.feeders;
  }

  /** Servers, two nodes of the service side by side, and feeders that are linked to them. */
  static async open(options: {
    readonly folder: string;
    readonly entry: Entry;
    readonly feeders: number;
  }): Promise<KillRig> {
    const { folder, entry } = options;
    mkdirSync(folder, { recursive: true });
    const wire = await FaultWire.open();
    const servers = await startServers(folder, ['mariadb', 'redis', 'mosquitto']);
    const started: OwnServer[] = [];
    try {
      const plan = { folder, entry, env: await settings(folder, wire, servers) };
      await cloudCommand(plan, 'keys', plan.env['CLOUD_KEYS_FILE'] ?? '');
      await cloudCommand(plan, 'migrate');
      const nodes = [await startNode(plan, 1), await startNode(plan, 2)];
      started.push(...nodes);
      wire.leadTo(nodes.map(({ url }) => Number(new URL(url).port)));
      const feeders: RigFeeder[] = [];
      for (let n = 1; n <= options.feeders; n++) {
        const feeder = await linkedFeeder(plan, { n, wire, node: nodes[0]?.url ?? '' });
        feeders.push(feeder);
        started.push(feeder.server);
      }
      return new KillRig({ wire, servers, nodes, feeders });
    } catch (error) {
      await Promise.all(started.map((one) => one.kill()));
      await stopServers(servers);
      await wire.close();
      throw error;
    }
  }

  /** All parts of one kind. */
  parts(kind: PartKind): readonly OwnServer[] {
    if (kind === 'feeder') return this.feeders.map(({ server }) => server);
    return kind === 'cloud' ? this.nodes : [this.servers[kind]];
  }

  async close(): Promise<void> {
    const programs = [...this.nodes, ...this.feeders.map(({ server }) => server)];
    await Promise.all(programs.map((one) => one.kill()));
    await stopServers(this.servers);
    await this.wire.close();
  }
}

async function settings(folder: string, wire: FaultWire, servers: RigServers) {
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const { mariadb, redis, mosquitto } = servers;
  const env = {
    CLOUD_PUBLIC_URL: wire.url,
    CLOUD_KEYS_FILE: join(folder, 'keys.json'),
    CLOUD_DATABASE_URL_FILE: file('database-url', mariadb.url),
    CLOUD_REDIS_URL: redis.url,
    CLOUD_MQTT_URL_FILE: file('broker-url', mosquitto.url),
    CLOUD_MQTT_PUBLIC_URL: `mqtt://${new URL(mosquitto.url).host}`,
    CLOUD_POLL_SECONDS: POLL_SECONDS,
    CLOUD_LOG_LEVEL: 'warn',
  };
  return env;
}

async function cloudCommand({ entry, env }: Plan, ...args: string[]): Promise<string> {
  const main = resolve(root, programs[entry].cloud);
  return (await runToEnd(process.execPath, [main, ...args], env)).trim();
}

async function startNode(plan: Plan, n: number): Promise<OwnServer> {
  const port = await freePort();
  const adminPort = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const name = `cloud-${n}`;
  return ownServer(url, async () => {
    const started = startProcess({
      ...{ name, logPath: join(plan.folder, `${name}.log`), command: process.execPath },
      args: [resolve(root, programs[plan.entry].cloud), 'run'],
      env: { ...plan.env, CLOUD_PORT: String(port), CLOUD_ADMIN_PORT: String(adminPort) },
    });
    const look = { name, logPath: join(plan.folder, `${name}.log`), timeoutMs: READY_MS };
    return readyOrGone(started, look, `${url}/v1/time`);
  });
}

async function startFeeder(plan: Plan, n: number, dataDir: string): Promise<OwnServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const name = `feeder-${n}`;
  const logPath = join(plan.folder, `${name}.log`);
  return ownServer(url, async () => {
    const started = startProcess({
      ...{ name, logPath, command: process.execPath },
      args: [
        ...[resolve(root, programs[plan.entry].feeder), 'run', '--hardware', 'simulated'],
        ...['--trust-wall-clock', '--camera-source', 'off', '--log-level', 'warn'],
        ...['--data-dir', dataDir, '--port', String(port)],
      ],
      env: {
        FEEDER_CLOUD_URL: plan.env['CLOUD_PUBLIC_URL'] ?? '',
        FEEDER_SIMULATION_SPEED: SPEED,
      },
    });
    const look = { name, logPath, timeoutMs: READY_MS };
    return readyOrGone(started, look, `${url}/api/v1/status`);
  });
}

/** Nothing is left behind of a program that does not come to answer. */
async function readyOrGone(
  started: OwnProcess,
  look: Parameters<typeof untilReady>[1],
  url: string,
): Promise<OwnProcess> {
  try {
    await untilReady(started, look, async () => (await fetch(url)).ok);
    return started;
  } catch (error) {
    await started.kill();
    throw error;
  }
}

/** A feeder in a home of its own, claimed as people do it. */
async function linkedFeeder(
  plan: Plan,
  { n, wire, node }: { readonly n: number; readonly wire: FaultWire; readonly node: string },
): Promise<RigFeeder> {
  const dataDir = join(plan.folder, `feeder-${n}`);
  const server = await startFeeder(plan, n, dataDir);
  const home = await cloudCommand(plan, 'home', `Home ${n}`);
  const accounts = [ACCOUNT, ...Array.from({ length: ACCOUNTS - 1 }, (_, i) => `member${i}@x.org`)];
  const tokens: string[] = [];
  for (const account of accounts)
    tokens.push(await cloudCommand(plan, 'token', home, account, '1'));
  const view = async () => (await feederAsks<CloudView>(server.url, '/cloud')).data;
  const claim = await feederAsks<{ code: string }>(server.url, '/cloud/claim', 'POST');
  await ask(node, '/v1/claim/confirm', {
    body: { code: claim.data?.code },
    ...(tokens[0] === undefined ? {} : { token: tokens[0] }),
  });
  await until(view, (seen) => seen?.claim?.account === ACCOUNT);
  await feederAsks(server.url, '/cloud/agree', 'POST', { account: ACCOUNT });
  const linked = await until(view, (seen) => seen?.state === 'online' && seen.waiting === 0);
  wire.become('pass');
  return { server, dataDir, device: linked?.device ?? '', tokens };
}

/** What a feeder answered; status 0: nothing came, and nobody knows whether it was done. */
export interface FeederAnswer<T> {
  readonly status: number;
  readonly data: T | undefined;
}

/** One request of a feeder's own API. A daemon that dies in the middle is an answer, too. */
export async function feederAsks<T>(
  url: string,
  path: string,
  method = 'GET',
  body?: unknown,
): Promise<FeederAnswer<T>> {
  try {
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { data } = (await answer.json()) as { data?: T };
    return { status: answer.status, data };
  } catch {
    return { status: 0, data: undefined };
  }
}
