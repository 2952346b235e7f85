import mqtt from 'mqtt';
import { benchBody } from '../bench-feeder.ts';
import type { SenderFigures, SendPlan } from './contender.ts';
import { paced } from './facts.ts';

/*
 * A device that says each fact by MQTT at QoS 1. It keeps what is not acknowledged in memory, which
 * costs less than the disk that a real one needs; here no device is killed.
 */

interface Told extends SendPlan {
  readonly url: string;
}

/** Messages under way at the same time. */
const WINDOW = 1_000;
const LIMIT_MS = 120_000;

setTimeout(() => {
  throw new Error('The facts were not taken in time.');
}, LIMIT_MS).unref();
const told = JSON.parse(process.argv[2] ?? '{}') as Told;
const client = await mqtt.connectAsync(told.url, { clientId: 'feeder-1', clean: false });
client.on('error', () => {
  // It connects again by itself.
});
const waiting = new Set<Promise<unknown>>();

/** Again when mqtt.js gives it up, as it does when a connection ends while an older one is resumed. */
async function untilTaken(fact: string): Promise<void> {
  for (;;) {
    try {
      await client.publishAsync('feeders/1/facts', fact, { qos: 1 });
      return;
    } catch (error) {
      if (!client.reconnecting && !client.connected) throw error;
    }
  }
}

async function say(n: number): Promise<void> {
  const fact = { k: 'feeding.ended', t: Date.now(), b: benchBody(told.first + n) };
  const done = untilTaken(JSON.stringify(fact)).finally(() => waiting.delete(done));
  waiting.add(done);
  if (told.perSecond === undefined && waiting.size >= WINDOW) await Promise.race(waiting);
}

const usage = process.cpuUsage();
const beganMs = Date.now();
if (told.perSecond === undefined) for (let n = 0; n < told.events; n++) await say(n);
else await paced({ events: told.events, perSecond: told.perSecond }, (n) => void say(n));
await Promise.all(waiting);
const used = process.cpuUsage(usage);
const figures: SenderFigures = {
  ...{ beganMs, endedMs: Date.now(), cpuMs: (used.user + used.system) / 1000 },
};
console.log(JSON.stringify(figures));
process.exit(0);
