import { Admission } from '../api/admission.ts';
import { createAdminApp, createApp } from '../api/app.ts';
import type { ApiDeps, CloudLog } from '../api/deps.ts';
import { CloudMetrics } from '../api/metrics.ts';
import { Places } from '../api/places.ts';
import { LocalRateLimiter } from '../api/rate-limiter.ts';
import { RefusalLines } from '../api/refusal-lines.ts';
import { AccessTokens } from '../identity/access-tokens.ts';
import type { ServiceKeys } from '../identity/service-keys.ts';
import { Viewers } from '../live/viewers.ts';
import { MqttDoorbell, noDoorbell } from '../mqtt/doorbell.ts';
import { noPresence } from '../mqtt/presence-hints.ts';
import type { System } from '../platform/system.ts';
import { Database, type StatementWatch } from '../storage/mysql/database.ts';
import { MysqlStore } from '../storage/mysql/device-store.ts';
import { MysqlEventReader } from '../storage/mysql/mysql-event-reader.ts';
import { MysqlIdentityStore } from '../storage/mysql/mysql-identity-store.ts';
import { connectRedis } from '../storage/redis/connect-redis.ts';
import { RedisPresence } from '../storage/redis/redis-presence.ts';
import { RedisRateLimiter } from '../storage/redis/redis-rate-limiter.ts';
import type { S3Options } from '../storage/s3/s3-object-store.ts';
import { composeClips } from './compose-clips.ts';
import { closeServer, type Listening, listen } from './listen.ts';

/** Requests under way get this long to end when the service is asked to stop. */
const GRACE_MS = 1_500;

export interface CloudOptions {
  readonly host: string;
  readonly port: number;
  readonly adminHost: string;
  readonly adminPort: number;
  readonly publicUrl: string;
  readonly keys: ServiceKeys;
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  /** Null: feeders ask, and nothing rings. */
  readonly broker: { readonly url: string; readonly publicUrl: string } | null;
  /** Members who watch at the same time. */
  readonly viewers: number;
  /** Null: clips stay on the feeders. */
  readonly s3: ClipStoreOptions | null;
  readonly connections: number;
  readonly inFlight: number;
  readonly hellosPerSecond: number;
  /** Proxies of one's own in front: they say who sends. */
  readonly proxies: number;
  readonly pollSeconds: number;
  /** The longest wait of a feeder between two tries. */
  readonly backoffCapSeconds: number;
  readonly system: System;
  readonly log: CloudLog;
  /** Sees every statement; for tests. */
  readonly watch?: StatementWatch;
}

/** Where clips go, and how much a feeder may put there. */
export type ClipStoreOptions = S3Options & { readonly deviceBytesMax: number };

/** The running service. */
export interface Cloud {
  readonly url: string;
  readonly adminUrl: string;
  readonly deps: ApiDeps;
  /** Ends within two seconds, whatever is under way. */
  stop(): Promise<void>;
}

/** Joins the service's parts and opens its ports. The database need not answer yet. */
export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { system, keys, publicUrl } = options;
  const watch = options.watch === undefined ? {} : { watch: options.watch };
  const { databaseUrl: url, connections } = options;
  const database = new Database({ url, connections, ...watch });
  const nowMs = () => system.monoMs();
  const redis = options.redisUrl === null ? null : connectRedis(options.redisUrl);
  const sharedLimiter = redis === null ? null : new RedisRateLimiter({ redis, nowMs });
  const ownLimiter = new LocalRateLimiter(nowMs);
  const { inFlight, hellosPerSecond } = options;
  const { random, sha256 } = system;
  const admission = new Admission({ nowMs, random, inFlight, hellosPerSecond });
  const presence = redis === null ? noPresence : new RedisPresence(redis);
  const { broker, log } = options;
  const bell =
    broker === null ? null : new MqttDoorbell({ ...broker, keys, system, log, presence });
  const doorbell = bell ?? noDoorbell;
  const viewers = new Viewers({ doorbell, system, max: options.viewers });
  const identities = new MysqlIdentityStore(database);
  const store = new MysqlStore(database);
  const clips = composeClips({ ...options, store });
  const deps: ApiDeps = {
    clips: clips?.context ?? null,
    cloud: { store, now: () => system.wallMs(), random, sha256 },
    events: new MysqlEventReader(database),
    enrolment: { store: identities, keys, system, audience: publicUrl },
    pollSeconds: options.pollSeconds,
    backoffCapSeconds: options.backoffCapSeconds,
    tokens: new AccessTokens({ keys, issuer: publicUrl }),
    admission,
    places: new Places(),
    proxies: options.proxies,
    refusals: new RefusalLines({ log, nowMs }),
    ...{ doorbell, presence, viewers },
    limiter: sharedLimiter ?? ownLimiter,
    ownLimiter,
    metrics: new CloudMetrics({
      inFlight: () => admission.inFlight,
      repeats: () => database.repeats,
      viewers: () => viewers.count,
      rings: () => ({ sent: bell?.connection.sent ?? 0, dropped: bell?.connection.dropped ?? 0 }),
    }),
    system,
    log,
    probes: {
      database: { isVital: true, probe: () => database.ping() },
      ...(sharedLimiter === null
        ? {}
        : { redis: { isVital: false, probe: () => sharedLimiter.ping() } }),
      ...(bell === null ? {} : { mqtt: { isVital: false, probe: () => bell.connection.ping() } }),
      clips: { isVital: false, probe: clips?.ping ?? null },
    },
  };
  const listening = await openPorts(deps, options);
  return {
    url: listening.api.url,
    adminUrl: listening.admin.url,
    deps,
    stop: async () => {
      admission.close();
      viewers.close();
      await endWithin(GRACE_MS, system, [listening.api, listening.admin]);
      bell?.close();
      redis?.disconnect();
      clips?.close();
      await database.close();
    },
  };
}

async function openPorts(deps: ApiDeps, options: CloudOptions) {
  const { host, port, adminHost, adminPort } = options;
  const api = await listen(createApp(deps), { host, port });
  try {
    const admin = await listen(createAdminApp(deps), { host: adminHost, port: adminPort });
    return { api, admin };
  } catch (error) {
    await closeServer(api);
    throw error;
  }
}

async function endWithin(graceMs: number, system: System, servers: readonly Listening[]) {
  const cut = () => {
    for (const { server } of servers) server.closeAllConnections();
  };
  const callOff = system.after(graceMs, cut);
  await Promise.all(servers.map(closeServer));
  callOff();
}
