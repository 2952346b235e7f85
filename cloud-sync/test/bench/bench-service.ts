import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AccessTokens } from '../../src/identity/access-tokens.ts';
import { newServiceKeys, readServiceKeys } from '../../src/identity/service-keys.ts';
import { realSystem } from '../../src/platform/system.ts';
import { Database } from '../../src/storage/mysql/database.ts';
import { MysqlIdentityStore } from '../../src/storage/mysql/mysql-identity-store.ts';
import { bytesToParty } from '../../src/storage/mysql/row-values.ts';
import { freePort, type OwnProcess, startProcess, untilReady } from '../servers/own-process.ts';

const main = resolve(import.meta.dirname, '../../src/main.ts');
const READY_MS = 20_000;
const TOKEN_S = 3600;
const SET_UP_CONNECTIONS = 8;

/** The service as a process of its own, and feeders that it knows without having been asked. */
export class BenchService {
  readonly url: string;
  readonly adminUrl: string;
  #process: OwnProcess;
  #isStopped = false;
  readonly #start: () => Promise<OwnProcess>;
  readonly #database: Database;
  readonly #tokens: AccessTokens;

  private constructor(parts: {
    url: string;
    adminUrl: string;
    process: OwnProcess;
    start: () => Promise<OwnProcess>;
    database: Database;
    tokens: AccessTokens;
  }) {
    this.#start = parts.start;
    this.url = parts.url;
    this.adminUrl = parts.adminUrl;
    this.#process = parts.process;
    this.#database = parts.database;
    this.#tokens = parts.tokens;
  }

  static async start(parts: {
    readonly folder: string;
    readonly databaseUrl: string;
    readonly env: Readonly<Record<string, string>>;
  }): Promise<BenchService> {
    const { folder, databaseUrl } = parts;
    const [port, adminPort] = [await freePort(), await freePort()];
    const url = `http://127.0.0.1:${port}`;
    const keysText = await newServiceKeys();
    writeFileSync(join(folder, 'keys.json'), keysText);
    writeFileSync(join(folder, 'database-url'), databaseUrl);
    const plan = { name: 'cloud', logPath: join(folder, 'cloud.log'), timeoutMs: READY_MS };
    const env = {
      CLOUD_PORT: String(port),
      CLOUD_ADMIN_PORT: String(adminPort),
      CLOUD_PUBLIC_URL: url,
      CLOUD_KEYS_FILE: join(folder, 'keys.json'),
      CLOUD_DATABASE_URL_FILE: join(folder, 'database-url'),
      CLOUD_LOG_LEVEL: 'warn',
      ...parts.env,
    };
    const start = async () => {
      const command = process.execPath;
      const started = startProcess({ ...plan, command, args: [main, 'run'], env });
      await untilReady(started, plan, async () => (await fetch(`${url}/v1/time`)).ok);
      return started;
    };
    return new BenchService({
      ...{ url, start, process: await start(), adminUrl: `http://127.0.0.1:${adminPort}` },
      database: new Database({ url: databaseUrl, connections: SET_UP_CONNECTIONS }),
      tokens: new AccessTokens({
        keys: await readServiceKeys(keysText),
        issuer: env.CLOUD_PUBLIC_URL,
      }),
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** SIGKILL, as an outage. */
  kill(): Promise<void> {
    return this.#process.kill();
  }

  async startAgain(): Promise<void> {
    this.#process = await this.#start();
  }

  /** A home, and the token of one of its members. */
  async home(account = 'ada@example.org'): Promise<{ homeId: string; token: string }> {
    const homeId = bytesToParty(randomBytes(16));
    const nowMs = realSystem.wallMs();
    await new MysqlIdentityStore(this.#database).addHome(homeId, 'Home', nowMs);
    const bearer = { kind: 'member', account, homeId } as const;
    return { homeId, token: await this.#tokens.sign(bearer, { nowMs, lifeS: TOKEN_S }) };
  }

  /** A feeder with its name, its home and its token; with this public key, or one that nobody has. */
  async feeder(
    publicX = randomBytes(32).toString('base64url'),
  ): Promise<{ deviceId: string; homeId: string; token: string }> {
    const deviceId = bytesToParty(randomBytes(16));
    const homeId = bytesToParty(randomBytes(16));
    const key = { kid: randomBytes(32), publicX };
    const board = { hw: randomBytes(8).toString('base64url'), model: 'bench' };
    const nowMs = realSystem.wallMs();
    const store = new MysqlIdentityStore(this.#database);
    await store.linkDevice({ deviceId, homeId, ...key, ...board }, nowMs);
    const bearer = { kind: 'device', deviceId } as const;
    return { deviceId, homeId, token: await this.#tokens.sign(bearer, { nowMs, lifeS: TOKEN_S }) };
  }

  /** Bytes of memory that the service holds now. */
  async residentBytes(): Promise<number> {
    const figures = await (await fetch(`${this.adminUrl}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(figures)?.[1] ?? Number.NaN);
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    await this.#database.close();
    await this.#process.stop();
  }
}
