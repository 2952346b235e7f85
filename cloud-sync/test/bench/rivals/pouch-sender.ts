import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchBody } from '../bench-feeder.ts';
import type { SenderFigures, SendPlan } from './contender.ts';
import { factId, paced } from './facts.ts';
import { loadPouch } from './pouch.ts';

/* A device with PouchDB on LevelDB, and its live replication, which tries again by itself. */

interface Told extends SendPlan {
  readonly packages: string;
  readonly folder: string;
  readonly url: string;
}

/** As many as a batch of ours has. */
const BATCH = 200;
const LOOK_MS = 10;
const LIMIT_MS = 120_000;

setTimeout(() => {
  throw new Error('The facts were not taken in time.');
}, LIMIT_MS).unref();
const told = JSON.parse(process.argv[2] ?? '{}') as Told;
const Pouch = loadPouch(told.packages);
const database = new Pouch(join(told.folder, 'facts'));
const document = (n: number) => ({
  ...{ _id: factId(told.first + n), k: 'feeding.ended', t: Date.now() },
  b: benchBody(told.first + n),
});

if (told.perSecond === undefined) {
  for (let n = 0; n < told.events; n += BATCH) {
    const count = Math.min(BATCH, told.events - n);
    await database.bulkDocs(Array.from({ length: count }, (_, i) => document(n + i)));
  }
}
let replicated = 0;
const usage = process.cpuUsage();
const beganMs = Date.now();
const replication = database.replicate.to(told.url, { live: true, retry: true, batch_size: BATCH });
replication.on('checkpoint', ({ checkpoint }) => {
  replicated = Math.max(replicated, checkpoint ?? 0);
});
if (told.perSecond !== undefined) {
  const pace = { events: told.events, perSecond: told.perSecond };
  await paced(pace, (n) => database.put(document(n)));
}
const { update_seq: last } = await database.info();
while (replicated < last) await sleep(LOOK_MS);
const used = process.cpuUsage(usage);
const figures: SenderFigures = {
  ...{ beganMs, endedMs: Date.now(), cpuMs: (used.user + used.system) / 1000 },
};
replication.cancel();
console.log(JSON.stringify(figures));
process.exit(0);
