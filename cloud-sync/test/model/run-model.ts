import fc from 'fast-check';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { emptyRedis, ownBucket, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnFeeder } from '../own-feeder.ts';
import { watchShards } from '../shard-guard.ts';
import { FEEDERS, HOMES, sequences } from './commands.ts';
import * as feeder from './feeder-commands.ts';
import * as member from './member-commands.ts';
import { newModelFeeder } from './model.ts';

export interface ModelServers {
  readonly mariadb: string;
  readonly redis: string;
  readonly rgw: string;
}

export interface ModelPlan {
  readonly runs: number;
  readonly commands: number;
  readonly seed: number;
  /** No more runs are begun after this. */
  readonly timeLimitMs: number;
}

/**
 * Runs sequences of commands against two nodes of the service on real servers, and holds every
 * answer against the model; at the end of each, everything that anybody can read. Throws with the
 * shortest failing sequence. Returns how many runs and commands there were.
 */
export async function runModel(
  servers: ModelServers,
  plan: ModelPlan,
): Promise<{ runs: number; commands: number }> {
  const databaseUrl = await ownDatabaseUrl(servers.mariadb);
  const redisUrl = await emptyRedis(servers.redis);
  const s3 = ownBucket(servers.rgw);
  const start = () => ownCloud(databaseUrl, { redisUrl, s3, watch: watchShards() });
  const clouds: Cloud[] = [await start(), await start()];
  const counted = { runs: 0, commands: 0 };
  try {
    const check = fc.asyncProperty(sequences(plan.commands), async (commands) => {
      const setup = await newWorld(clouds, redisUrl);
      await fc.asyncModelRun(() => setup, commands);
      await readEverything(setup);
      counted.runs += 1;
      counted.commands += [...commands].length;
    });
    const { runs: numRuns, seed, timeLimitMs } = plan;
    const limits = { interruptAfterTimeLimit: timeLimitMs, markInterruptAsFailure: false };
    await fc.assert(check, { numRuns, seed, ...limits });
  } finally {
    await Promise.all(clouds.map((cloud) => cloud.stop()));
  }
  return counted;
}

async function newWorld(clouds: readonly Cloud[], redisUrl: string) {
  const [cloud] = clouds;
  if (cloud === undefined) throw new RangeError('There is no node.');
  const urls = clouds.map(({ url }) => url);
  await emptyRedis(redisUrl);
  const each = <T>(count: number, make: () => Promise<T>) =>
    Promise.all(Array.from({ length: count }, make));
  const homes = await each(HOMES, () => ownHome(cloud));
  const feeders = await each(FEEDERS, () => OwnFeeder.make(cloud.url));
  const model = { feeders: feeders.map(newModelFeeder) };
  const forgetCache = async () => {
    await emptyRedis(redisUrl);
  };
  const real = { urls, homes, feeders, forgetCache };
  // Two of them are there from the beginning; the third comes when it is claimed.
  for (const [n, home] of homes.entries()) {
    const pair = { model: model.feeders[n] ?? newModelFeeder(), real: feeders[n] ?? fail() };
    await feeder.claim(pair, home, n);
    await feeder.hello(pair);
  }
  return { model, real };
}

function fail(): never {
  throw new RangeError('There are more feeders than homes.');
}

async function readEverything({ model, real }: Awaited<ReturnType<typeof newWorld>>) {
  for (const [n, one] of model.feeders.entries()) {
    const own = real.feeders[n];
    if (own === undefined || one.home === null) continue;
    for (const [number, home] of real.homes.entries()) {
      await member.readAll({ model: one, real: own, home, number });
    }
  }
}
