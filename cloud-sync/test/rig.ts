import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startServers, stopServers } from './servers/own-servers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    readonly mariadbUrl: string;
    readonly redisUrl: string;
    readonly brokerUrl: string;
    readonly rgwUrl: string;
  }
}

/** Starts one set of real servers for all test files of this project, and ends it after them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'feeder-cloud-'));
  const servers = await startServers(folder, ['mariadb', 'redis', 'mosquitto', 'rgw']);
  project.provide('mariadbUrl', servers.mariadb.url);
  project.provide('redisUrl', servers.redis.url);
  project.provide('brokerUrl', servers.mosquitto.url);
  project.provide('rgwUrl', servers.rgw.url);
  return async () => {
    await stopServers(servers);
    rmSync(folder, { recursive: true, force: true });
  };
}
