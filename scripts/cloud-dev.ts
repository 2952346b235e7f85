import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudView } from '@cat-feeder/shared';
import {
  type OwnProcess,
  runToEnd,
  startProcess,
  untilReady,
} from '../cloud-sync/test/servers/own-process.ts';
import { startServers, stopServers } from '../cloud-sync/test/servers/own-servers.ts';
import { RGW_KEY } from '../cloud-sync/test/servers/rgw.ts';
import { Wire } from '../cloud-sync/test/story/wire.ts';

const root = resolve(import.meta.dirname, '..');
const folder = resolve(root, 'var/cloud-dev');
const cloudPort = process.env['CLOUD_PORT'] ?? '8490';
const feederPort = process.env['FEEDER_PORT'] ?? '8480';
const cloudUrl = `http://127.0.0.1:${cloudPort}`;
/** Where the feeder reaches the cloud: a wire that can be pulled out. */
const wirePort = Number(cloudPort) + 2;
const feederUrl = `http://127.0.0.1:${feederPort}`;
const READY_MS = 30_000;
const CLAIM_TRIES = 100;
const CLAIM_STEP_MS = 200;
const ACCOUNT = 'you@example.org';

const service = resolve(root, 'dist/cloud-sync/cloud-sync.mjs');
const daemon = resolve(root, 'dist/device/feeder.mjs');
const file = (name: string) => join(folder, name);

interface Urls {
  readonly redis: string;
  readonly broker: string;
  readonly s3: string;
}

function settings(urls: Urls): Record<string, string> {
  return {
    CLOUD_PORT: cloudPort,
    CLOUD_ADMIN_PORT: String(Number(cloudPort) + 1),
    CLOUD_PUBLIC_URL: `http://127.0.0.1:${wirePort}`,
    CLOUD_KEYS_FILE: file('keys.json'),
    CLOUD_DATABASE_URL_FILE: file('database-url'),
    CLOUD_REDIS_URL: urls.redis,
    CLOUD_MQTT_URL_FILE: file('broker-url'),
    CLOUD_MQTT_PUBLIC_URL: `mqtt://${new URL(urls.broker).host}`,
    CLOUD_S3_URL: urls.s3,
    CLOUD_S3_KEY_FILE: file('s3-key'),
  };
}

/** Runs one command of the service; returns what it printed. */
async function cloudCommand(env: Record<string, string>, ...args: string[]): Promise<string> {
  return (await runToEnd(process.execPath, [service, ...args], env)).trim();
}

async function startProgram(
  name: string,
  args: readonly string[],
  run: { readonly env: Record<string, string>; readonly readyUrl: string },
): Promise<OwnProcess> {
  const plan = { name, logPath: file(`${name}.log`), timeoutMs: READY_MS };
  const started = startProcess({ ...plan, command: process.execPath, args, env: run.env });
  await untilReady(started, plan, async () => (await fetch(run.readyUrl)).ok);
  return started;
}

async function ask<T>(url: string, body?: unknown, token?: string): Promise<T> {
  const answer = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said = (await answer.json()) as { data?: T } & T;
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${JSON.stringify(said)}`);
  return said.data ?? said;
}

/** What the owner does by hand: a code from the feeder's page, typed at the cloud, and a press. */
async function claimFeeder(token: string): Promise<CloudView> {
  const look = () => ask<CloudView>(`${feederUrl}/api/v1/cloud`);
  const known = await look();
  if (known.account !== null) return known;
  const { code } = await ask<{ code: string }>(`${feederUrl}/api/v1/cloud/claim`, {});
  await ask(`${cloudUrl}/v1/claim/confirm`, { code }, token);
  for (let tried = 0; tried < CLAIM_TRIES; tried++) {
    const view = await look();
    if (view.account !== null) return view;
    const account = view.claim?.account ?? null;
    if (account !== null) await ask(`${feederUrl}/api/v1/cloud/agree`, { account });
    await sleep(CLAIM_STEP_MS);
  }
  throw new Error('The feeder was not linked; see var/cloud-dev/feeder.log.');
}

async function homeAndToken(env: Record<string, string>): Promise<string> {
  if (!existsSync(file('home'))) {
    writeFileSync(file('home'), await cloudCommand(env, 'home', 'Home'));
  }
  return cloudCommand(env, 'token', readFileSync(file('home'), 'utf8'), ACCOUNT, '1');
}

/** Pulls the network out of the feeder, or puts it back. */
function turn(wires: readonly Wire[]): void {
  const isPulled = wires.some((wire) => wire.isPulled);
  for (const wire of wires) {
    if (isPulled) wire.putBack();
    else wire.pull();
  }
  console.log(isPulled ? 'The network is back.' : 'The network is pulled out of the feeder.');
}

mkdirSync(folder, { recursive: true });
const servers = await startServers(folder, ['mariadb', 'redis', 'mosquitto', 'rgw']);
const started: OwnProcess[] = [];
const wires = { cloud: await Wire.open(wirePort), broker: await Wire.open() };
wires.cloud.leadTo(cloudUrl);
wires.broker.leadTo(servers.mosquitto.url);
try {
  writeFileSync(file('database-url'), servers.mariadb.url, { mode: 0o600 });
  writeFileSync(file('broker-url'), servers.mosquitto.url, { mode: 0o600 });
  writeFileSync(file('s3-key'), Object.values(RGW_KEY).join(':'), { mode: 0o600 });
  const { redis, rgw } = servers;
  const { broker } = wires;
  const env = settings({ redis: redis.url, broker: broker.url, s3: rgw.url });
  if (!existsSync(env['CLOUD_KEYS_FILE'] ?? '')) await cloudCommand(env, 'keys', file('keys.json'));
  started.push(
    await startProgram('cloud', [service, 'run'], { env, readyUrl: `${cloudUrl}/v1/time` }),
  );
  const token = await homeAndToken(env);
  const args = ['run', '--hardware', 'simulated', '--trust-wall-clock', '--port', feederPort];
  started.push(
    await startProgram('feeder', [daemon, ...args, '--data-dir', file('feeder')], {
      env: { FEEDER_CLOUD_URL: wires.cloud.url },
      readyUrl: `${feederUrl}/api/v1/status`,
    }),
  );
  const { device } = await claimFeeder(token);
  console.log(`The feeder  ${feederUrl} (its page; linked to ${ACCOUNT})
The cloud   ${cloudUrl} (figures: http://127.0.0.1:${env['CLOUD_ADMIN_PORT']}/metrics)
For example, for a day:
  TOKEN=${token}
  curl -H "authorization: Bearer $TOKEN" ${cloudUrl}/v1/devices/${device}/docs
Enter (or kill -USR2 ${process.pid}) pulls the network out of the feeder, and puts it back.
Logs and data: ${folder}. Ctrl-C ends all of it.`);
  const all = Object.values(wires);
  process.stdin.on('data', () => turn(all));
  process.on('SIGUSR2', () => turn(all));
  await new Promise<void>((resolveStop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolveStop());
  });
} finally {
  await Promise.all(started.toReversed().map((one) => one.stop()));
  await stopServers(servers);
  await Promise.all(Object.values(wires).map((wire) => wire.close()));
  process.stdin.destroy();
}
