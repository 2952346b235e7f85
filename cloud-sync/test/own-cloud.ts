import { makeUlid } from '@cat-feeder/shared';
import { Redis } from 'ioredis';
import {
  type ClipStoreOptions,
  type Cloud,
  type CloudOptions,
  startCloud,
} from '../src/app/compose-cloud.ts';
import { newServiceKeys, readServiceKeys } from '../src/identity/service-keys.ts';
import { realSystem } from '../src/platform/system.ts';
import { bytesToParty } from '../src/storage/mysql/row-values.ts';
import { RGW_KEY } from './servers/rgw.ts';

/** A bucket of its own on a server, which the service makes. */
export function ownBucket(rgwUrl: string): ClipStoreOptions {
  const bucket = `t${newId()}`;
  const where = { url: rgwUrl, publicUrl: rgwUrl, bucket, region: 'us-east-1' };
  return { ...where, ...RGW_KEY, days: 365, deviceBytesMax: 200_000_000 };
}

/** The shared Redis with nothing in it: what other tests counted is gone. */
export async function emptyRedis(url: string): Promise<string> {
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
  return url;
}

/** The address that feeders of the tests believe to speak to, wherever the service listens. */
export const PUBLIC_URL = 'https://cloud.test';

const silent = { info() {}, warn() {}, error() {} };
const keysText = await newServiceKeys();

/** The service on free ports, with generous limits unless a test says otherwise. */
export async function ownCloud(
  databaseUrl: string,
  part: Partial<CloudOptions> = {},
): Promise<Cloud> {
  return startCloud({
    ...{ host: '127.0.0.1', port: 0, adminHost: '127.0.0.1', adminPort: 0 },
    ...{ publicUrl: PUBLIC_URL, keys: await readServiceKeys(keysText), databaseUrl },
    ...{
      redisUrl: null,
      broker: null,
      viewers: 20,
      s3: null,
      connections: 8,
      inFlight: 64,
      hellosPerSecond: 10_000,
      proxies: 0,
      pollSeconds: 60,
      backoffCapSeconds: 300,
    },
    ...{ system: realSystem, log: silent },
    ...part,
  });
}

export const newId = () => makeUlid(realSystem.wallMs(), realSystem.random);

/** A home with a member, and with more of them on demand: each has limits of their own. */
export interface OwnHome {
  readonly homeId: string;
  readonly account: string;
  readonly token: string;
  readonly anotherToken: () => Promise<string>;
}

/** Makes a home, and a token for its member as the operator would. */
export async function ownHome(cloud: Cloud, account = 'ada@example.org'): Promise<OwnHome> {
  const { enrolment, tokens, system } = cloud.deps;
  const homeId = bytesToParty(system.random(16));
  await enrolment.store.addHome(homeId, 'Home', system.wallMs());
  const life = { nowMs: system.wallMs(), lifeS: 3600 };
  const tokenOf = (name: string) => tokens.sign({ kind: 'member', account: name, homeId }, life);
  const anotherToken = () => tokenOf(`${newId()}@example.org`);
  return { homeId, account, token: await tokenOf(account), anotherToken };
}

/** What the service said: its status, its body, and its wait in seconds. */
export interface Said {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly retryAfter: number | null;
}

/** One request, as JSON unless the body is bytes. */
export async function ask(
  url: string,
  path: string,
  request: {
    readonly method?: string;
    readonly token?: string;
    readonly body?: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  } = {},
): Promise<Said> {
  const { token, body, headers } = request;
  const isRaw = body === undefined || body instanceof Uint8Array;
  const answer = await fetch(`${url}${path}`, {
    method: request.method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isRaw ? Buffer.from(body) : JSON.stringify(body) }),
  });
  const wait = answer.headers.get('retry-after');
  return {
    status: answer.status,
    body: (await answer.json()) as Record<string, unknown>,
    retryAfter: wait === null ? null : Number(wait),
  };
}
