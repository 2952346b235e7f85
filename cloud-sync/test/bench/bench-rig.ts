import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownDatabaseUrl } from '../own-database.ts';
import { type OwnServers, startServers, stopServers } from '../servers/own-servers.ts';
import { BenchService } from './bench-service.ts';

/** Real servers for one run, and services as processes of their own on them. */
export class BenchRig {
  readonly folder: string;
  readonly servers: OwnServers<'mariadb' | 'redis' | 'mosquitto'>;
  readonly databaseUrl: string;
  readonly #services: BenchService[] = [];

  private constructor(parts: Pick<BenchRig, 'folder' | 'servers' | 'databaseUrl'>) {
    this.folder = parts.folder;
    this.servers = parts.servers;
    this.databaseUrl = parts.databaseUrl;
  }

  static async start(): Promise<BenchRig> {
    const folder = mkdtempSync(join(tmpdir(), 'feeder-bench-sync-'));
    const servers = await startServers(folder, ['mariadb', 'redis', 'mosquitto']);
    return new BenchRig({
      folder,
      servers,
      databaseUrl: await ownDatabaseUrl(servers.mariadb.url),
    });
  }

  /** One more service, with settings beside those that every one has. */
  async service(env: Readonly<Record<string, string>> = {}): Promise<BenchService> {
    const folder = join(this.folder, `service-${this.#services.length}`);
    mkdirSync(folder);
    const service = await BenchService.start({ folder, databaseUrl: this.databaseUrl, env });
    this.#services.push(service);
    return service;
  }

  /** Settings that join a service to Redis, and to the broker unless it is to do without. */
  withServers(hasBroker: boolean): Record<string, string> {
    const { redis, mosquitto } = this.servers;
    const shared = { CLOUD_REDIS_URL: redis.url };
    if (!hasBroker) return shared;
    const urlFile = join(this.folder, 'broker-url');
    writeFileSync(urlFile, mosquitto.url);
    const publicUrl = `mqtt://${new URL(mosquitto.url).host}`;
    return { ...shared, CLOUD_MQTT_URL_FILE: urlFile, CLOUD_MQTT_PUBLIC_URL: publicUrl };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.stop()));
    await stopServers(this.servers);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
