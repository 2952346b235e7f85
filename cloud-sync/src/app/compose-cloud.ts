import { Admission } from '../api/admission.ts';
import { createAdminApp, createApp } from '../api/app.ts';
import type { ApiDeps, CloudLog } from '../api/deps.ts';
import { CloudMetrics } from '../api/metrics.ts';
import { LocalRateLimiter } from '../api/rate-limiter.ts';
import { AccessTokens } from '../identity/access-tokens.ts';
import type { ServiceKeys } from '../identity/service-keys.ts';
import type { System } from '../platform/system.ts';
import { Database, type StatementWatch } from '../storage/mysql/database.ts';
import { MysqlStore } from '../storage/mysql/device-store.ts';
import { MysqlEventReader } from '../storage/mysql/mysql-event-reader.ts';
import { MysqlIdentityStore } from '../storage/mysql/mysql-identity-store.ts';
import { RedisRateLimiter } from '../storage/redis/redis-rate-limiter.ts';
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
  readonly connections: number;
  readonly inFlight: number;
  readonly hellosPerSecond: number;
  readonly pollSeconds: number;
  readonly system: System;
  readonly log: CloudLog;
  /** Sees every statement; for tests. */
  readonly watch?: StatementWatch;
}

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
  const redis =
    options.redisUrl === null ? null : new RedisRateLimiter({ url: options.redisUrl, nowMs });
  const ownLimiter = new LocalRateLimiter(nowMs);
  const { inFlight, hellosPerSecond } = options;
  const { random, sha256 } = system;
  const admission = new Admission({ nowMs, random, inFlight, hellosPerSecond });
  const identities = new MysqlIdentityStore(database);
  const deps: ApiDeps = {
    cloud: { store: new MysqlStore(database), now: () => system.wallMs(), random, sha256 },
    events: new MysqlEventReader(database),
    enrolment: { store: identities, keys, system, audience: publicUrl },
    pollSeconds: options.pollSeconds,
    tokens: new AccessTokens({ keys, issuer: publicUrl }),
    admission,
    limiter: redis ?? ownLimiter,
    ownLimiter,
    metrics: new CloudMetrics({
      inFlight: () => admission.inFlight,
      repeats: () => database.repeats,
    }),
    system,
    log: options.log,
    probes: {
      database: { isVital: true, probe: () => database.ping() },
      ...(redis === null ? {} : { redis: { isVital: false, probe: () => redis.ping() } }),
    },
  };
  const listening = await openPorts(deps, options);
  return {
    url: listening.api.url,
    adminUrl: listening.admin.url,
    deps,
    stop: async () => {
      admission.close();
      await endWithin(GRACE_MS, system, [listening.api, listening.admin]);
      redis?.close();
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
