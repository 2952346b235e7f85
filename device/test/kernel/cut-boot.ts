import { call } from '../crash/feeder-client.ts';
import { FeederWatch } from '../crash/feeder-watch.ts';

/*
 * Inside the machine, one boot of the power cuts: looks at what became of the wish before, then
 * makes a new one and waits for the power to fail. Prints one JSON object in each line.
 *   cut-boot.ts '{"prepare": boolean, "before": [id, grams] | null, "next": [id, grams] | null}'
 */

interface Orders {
  readonly prepare: boolean;
  readonly before: readonly [string, number] | null;
  readonly next: readonly [string, number] | null;
}

const READY_LIMIT_MS = 90_000;
const LOOK_EVERY_MS = 100;
const MOTOR_LIMIT_MS = 30_000;

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const feeder = new FeederWatch('/var/lib/cat-feeder/simulated-world.json');
feeder.url = 'http://127.0.0.1:8480';
const tell = (event: string, facts: object = {}) =>
  process.stdout.write(`${JSON.stringify({ event, ...facts })}\n`);

async function ready(): Promise<void> {
  const deadlineMs = performance.now() + READY_LIMIT_MS;
  while ((await call(feeder.url, 'GET', '/health/ready')).status !== 200) {
    if (performance.now() > deadlineMs) throw new Error('The feeder does not become ready.');
    await new Promise((done) => setTimeout(done, LOOK_EVERY_MS));
  }
}

async function lookBack([requestId, grams]: readonly [string, number]): Promise<void> {
  const recovered = await feeder.feedingOf(requestId);
  tell('recovered', { feeding: recovered, world: feeder.world() });
  const again = await feeder.feed(requestId, grams);
  const feeding = (await feeder.feedingOf(requestId)) ?? again.data;
  const holds = { ledger: await feeder.ledgerHolds(), limits: await feeder.limitsHold() };
  tell('again', { feeding, world: feeder.world(), holds });
}

async function wish([requestId, grams]: readonly [string, number]): Promise<void> {
  tell('wish', { world: feeder.world() });
  const answered = feeder.feed(requestId, grams);
  await feeder.motorStarted(MOTOR_LIMIT_MS);
  tell('motor');
  tell('answered', { feeding: (await answered).data });
  // Until the power fails.
  setInterval(() => {}, LOOK_EVERY_MS);
}

await ready();
tell('ready');
if (orders.prepare) await feeder.prepare();
if (orders.before !== null) await lookBack(orders.before);
if (orders.next !== null) await wish(orders.next);
