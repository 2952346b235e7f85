import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programFlags } from '../../../device/src/platform/program-flags.ts';
import { startServers, stopServers } from '../servers/own-servers.ts';
import { runModel } from './run-model.ts';

/*
 * The long form of model.test.ts: `npm run test:sync-model -- --runs 500`. A failure prints the
 * shortest sequence and the seed that leads to it.
 */
const options = programFlags({
  json: { type: 'boolean' },
  runs: { type: 'number', default: 300 },
  commands: { type: 'number', default: 100 },
  seed: { type: 'number', default: Date.now() % 100_000, min: 0 },
  minutes: { type: 'number', default: 10 },
});
const folder = mkdtempSync(join(tmpdir(), 'feeder-models-'));
const servers = await startServers(folder, ['mariadb', 'redis', 'rgw']);
const beganMs = performance.now();
try {
  const { runs, commands, seed, minutes } = options;
  const urls = { mariadb: servers.mariadb.url, redis: servers.redis.url, rgw: servers.rgw.url };
  const plan = { runs, commands, seed, timeLimitMs: minutes * 60_000 };
  const done = await runModel(urls, plan);
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  console.log(JSON.stringify({ seed, ...done, seconds }));
} catch (error) {
  console.error(error instanceof Error ? `${error.message}\n${String(error.cause)}` : error);
  process.exitCode = 1;
} finally {
  await stopServers(servers);
  rmSync(folder, { recursive: true, force: true });
}
