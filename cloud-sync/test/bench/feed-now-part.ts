import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudView, Feeding, Status } from '@cat-feeder/shared';
import { percentile } from '../../../device/test/bench/proc-figures.ts';
import { ask, emptyRedis, newId } from '../own-cloud.ts';
import { type OwnDaemon, until } from '../story/own-daemon.ts';
import type { BenchRig } from './bench-rig.ts';
import { delayedWire } from './delayed-wire.ts';
import { FeederEvents } from './feeder-events.ts';
import { linkedDaemon } from './linked-daemon.ts';

/*
 * From the member's request to the feeder: a real daemon in real time on the simulated board, the
 * service, MariaDB, Redis and Mosquitto, each a process of its own. Two instants are taken: the order
 * is with the dispenser (claimed, durable, handed over), and the motor turns, after the bowl was weighed.
 */

const BELL_FEEDS = 40;
const FAR_FEEDS = 20;
/** By polling alone each of them takes half of the interval. */
const POLLED_FEEDS = 8;
const POLL_S = 20;
const ROUND_TRIP_MS = 50;
const MG = 1_000;
const MOTOR_LIMIT_MS = 30_000;
/** Commands that may come one after the other before the service asks for patience. */
const PATIENCE = 8;

interface Latency {
  readonly orderMs: number;
  readonly motorMs: number;
}

/** The keys `feedNowMs` of this part; p50 and p99 are on loopback with the doorbell. */
export async function feedNowPart(rig: BenchRig): Promise<object> {
  const near = await feedings(rig, { hasBroker: true, roundTripMs: 0, count: BELL_FEEDS });
  const far = await feedings(rig, {
    ...{ hasBroker: true, roundTripMs: ROUND_TRIP_MS, count: FAR_FEEDS },
  });
  const polled = await feedings(rig, { hasBroker: false, roundTripMs: 0, count: POLLED_FEEDS });
  return {
    feedNowMs: {
      ...figures(near),
      rtt50: figures(far),
      polling: { everySeconds: POLL_S, ...figures(polled) },
    },
  };
}

function figures(latencies: readonly Latency[]) {
  const orders = latencies.map(({ orderMs }) => orderMs);
  const motors = latencies.map(({ motorMs }) => motorMs);
  const at = (values: readonly number[], share: number) => Math.round(percentile(values, share));
  return {
    ...{ feeds: latencies.length, p50: at(orders, 0.5), p99: at(orders, 0.99) },
    afterWeighing: { p50: at(motors, 0.5), p99: at(motors, 0.99) },
  };
}

interface Setting {
  readonly hasBroker: boolean;
  readonly roundTripMs: number;
  readonly count: number;
}

async function feedings(rig: BenchRig, setting: Setting): Promise<Latency[]> {
  const { hasBroker, roundTripMs, count } = setting;
  const redisUrl = await emptyRedis(rig.servers.redis.url);
  const shared = { ...rig.withServers(hasBroker), CLOUD_POLL_SECONDS: String(POLL_S) };
  const broker = await delayedWire(rig.servers.mosquitto.url, roundTripMs);
  const publicBroker = hasBroker
    ? { CLOUD_MQTT_PUBLIC_URL: `mqtt://${new URL(broker.url).host}` }
    : {};
  let serviceUrl = '';
  const line = await delayedWire(() => serviceUrl, roundTripMs);
  const service = await rig.service({ ...shared, ...publicBroker, CLOUD_PUBLIC_URL: line.url });
  serviceUrl = service.url;
  const home = await service.home();
  const folder = join(rig.folder, `feed-now-${hasBroker}-${roundTripMs}`);
  mkdirSync(folder);
  const { daemon, deviceId } = await linkedDaemon({
    ...{ folder, cloudUrl: line.url, memberToken: home.token },
  });
  const events = await FeederEvents.open(daemon.url);
  try {
    await daemon.ask('PATCH', '/settings', { manualGapSeconds: 0 });
    if (hasBroker) await until(() => daemon.get<CloudView>('/cloud'), isListening);
    const latencies: Latency[] = [];
    for (let n = 0; n < count; n++) {
      if (n % PATIENCE === 0) await emptyRedis(redisUrl);
      // Somewhere between two polls.
      await sleep(Math.random() * (hasBroker ? 500 : POLL_S * 1000));
      const command = {
        url: line.url,
        path: `/v1/devices/${deviceId}/commands`,
        token: home.token,
      };
      latencies.push(await feedOnce(daemon, events, command));
    }
    return latencies;
  } finally {
    events.close();
    await daemon.stop();
    await service.stop();
    broker.close();
    line.close();
  }
}

const isListening = ({ doorbell }: CloudView) => doorbell === 'listening';

async function feedOnce(
  daemon: OwnDaemon,
  events: FeederEvents,
  { url, path, token }: { url: string; path: string; token: string },
): Promise<Latency> {
  const id = newId();
  const ordered = events.first((name, data) => {
    const { requestId, state } = data as Feeding;
    return name === 'feeding' && requestId === id && state === 'running';
  }, MOTOR_LIMIT_MS);
  const moved = ordered.then(({ data }) => {
    const { id: feedingId } = data as Feeding;
    return events.first((name, told) => {
      const progress = told as { feedingId: string; stage: string };
      const isOwn = name === 'progress' && progress.feedingId === feedingId;
      return isOwn && progress.stage === 'coarse';
    }, MOTOR_LIMIT_MS);
  });
  const beganMs = performance.now();
  const body = { id, order: { op: 'feed', mg: MG } };
  const said = await ask(url, path, { token, body });
  if (said.status !== 200) throw new Error(JSON.stringify(said));
  const latency = {
    orderMs: (await ordered).atMs - beganMs,
    motorMs: (await moved).atMs - beganMs,
  };
  await daemon.ask('POST', '/stop', {});
  await until(
    () => daemon.get<Status>('/status'),
    ({ running }) => running === null,
  );
  return latency;
}
