import { topicsOf } from '@cat-feeder/shared';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { OwnListener } from '../mqtt/own-listener.ts';
import { emptyRedis, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnFeeder } from '../own-feeder.ts';
import { until } from '../story/own-daemon.ts';

let cloud: Cloud;
let second: Cloud;
let home: OwnHome;
let feeder: OwnFeeder;
const open: OwnStream[] = [];

/** One stream of server-sent events, read as it comes. */
class OwnStream {
  readonly events: { name: string; data: unknown }[] = [];
  isOver = false;
  readonly #abort = new AbortController();

  static async open(url: string, token: string, deviceId: string): Promise<OwnStream | number> {
    const stream = new OwnStream();
    const answer = await fetch(`${url}/v1/stream?device=${deviceId}`, {
      headers: { authorization: `Bearer ${token}` },
      signal: stream.#abort.signal,
    });
    if (answer.status !== 200 || answer.body === null) {
      await answer.text();
      return answer.status;
    }
    open.push(stream);
    void stream.#read(answer.body);
    return stream;
  }

  end(): void {
    this.#abort.abort();
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let text = '';
    try {
      for await (const chunk of body) {
        text += Buffer.from(chunk).toString();
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) this.#take(block);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    } finally {
      this.isOver = true;
    }
  }

  #take(block: string): void {
    const name = /^event: (.*)$/m.exec(block)?.[1];
    const data = /^data: (.*)$/m.exec(block)?.[1];
    if (name !== undefined) this.events.push({ name, data: JSON.parse(data ?? 'null') });
  }
}

async function watch(url = cloud.url, who?: string): Promise<OwnStream> {
  const stream = await OwnStream.open(url, who ?? (await home.anotherToken()), feeder.deviceId);
  if (typeof stream === 'number') throw new Error(`It was refused with ${stream}.`);
  return stream;
}

const brokerOf = async (adminUrl: string) => {
  const ready = await fetch(`${adminUrl}/health/ready`);
  return ((await ready.json()) as { components: { mqtt: string } }).components.mqtt;
};
const isUp = (state: string) => state === 'up';
const notes = ({ events }: OwnStream) => events.filter(({ name }) => name === 'note');

beforeAll(async () => {
  const brokerUrl = inject('brokerUrl');
  const broker = { url: brokerUrl, publicUrl: `mqtt://${new URL(brokerUrl).host}` };
  const options = { redisUrl: inject('redisUrl'), broker, viewers: 6 };
  const databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  cloud = await ownCloud(databaseUrl, options);
  second = await ownCloud(databaseUrl, options);
  home = await ownHome(cloud);
  for (const { adminUrl } of [cloud, second]) await until(() => brokerOf(adminUrl), isUp);
});
beforeEach(async () => {
  await emptyRedis(inject('redisUrl'));
  feeder = await OwnFeeder.claimed(cloud.url, home);
  await feeder.hello();
});
afterEach(async () => {
  for (const stream of open.splice(0)) stream.end();
  await until(
    async () => cloud.deps.viewers.count + second.deps.viewers.count,
    (n) => n === 0,
  );
});
afterAll(async () => {
  await cloud.stop();
  await second.stop();
});

describe('watching a feeder', () => {
  it('tells what is stored, at whichever node it came in', async () => {
    const [one, other] = [await watch(), await watch(second.url)];
    await until(
      async () => [notes(one).length, notes(other).length],
      ([a, b]) => a === 1 && b === 1,
    );
    await feeder.send([feeder.event(1), feeder.event(2)]);
    const seen = async () => [notes(one).at(-1)?.data, notes(other).at(-1)?.data];
    const want = { epoch: feeder.epoch, seq: 2 };
    // Long before the next look at the database.
    await until(seen, (data) => JSON.stringify(data) === JSON.stringify([want, want]), 5_000);
  });

  it('asks the feeder to show what happens, and passes it on', async () => {
    const offer = cloud.deps.doorbell.offer(feeder.deviceId, false);
    if (offer === undefined) throw new Error('There is no doorbell.');
    const topics = topicsOf(feeder.deviceId);
    const ear = await until(
      async () => {
        const listener = OwnListener.of(offer);
        await listener.isIn();
        return listener;
      },
      ({ client }) => client.connected,
    );
    expect(await ear.listen(topics.poke)).toBe(true);
    const stream = await watch();
    await until(
      async () => ear.heard,
      ({ length }) => length > 0,
    );
    expect(ear.heard).toEqual([{ topic: topics.poke, body: { down: 0, watch_s: 60 } }]);
    await ear.say(topics.live, { motor_on: true });
    await until(
      async () => stream.events,
      (events) => events.some(({ name }) => name === 'live'),
    );
    expect(stream.events).toContainEqual({ name: 'live', data: { motor_on: true } });
    ear.end();
  });

  it('is for the feeder’s own home', async () => {
    const stranger = await ownHome(cloud, 'eve@example.org');
    expect(await OwnStream.open(cloud.url, stranger.token, feeder.deviceId)).toBe(404);
    expect(await OwnStream.open(cloud.url, feeder.token, feeder.deviceId)).toBe(401);
    expect(await OwnStream.open(cloud.url, home.token, 'x')).toBe(404);
  });

  it('is bounded for an account and for a node', async () => {
    for (let n = 0; n < 4; n++) await watch(cloud.url, home.token);
    expect(await OwnStream.open(cloud.url, home.token, feeder.deviceId)).toBe(503);
    await watch();
    const last = await watch();
    const more = await home.anotherToken();
    expect(await OwnStream.open(cloud.url, more, feeder.deviceId)).toBe(503);
    last.end();
    await until(
      async () => cloud.deps.viewers.count,
      (count) => count === 5,
    );
    await watch();
  });

  it('ends with the service, in time', async () => {
    const own = await ownCloud(await ownDatabaseUrl(inject('mariadbUrl')));
    const ownersHome = await ownHome(own);
    feeder = await OwnFeeder.claimed(own.url, ownersHome);
    const stream = await watch(own.url, ownersHome.token);
    await own.stop();
    await until(
      async () => stream.isOver,
      (isOver) => isOver,
    );
  });
});
