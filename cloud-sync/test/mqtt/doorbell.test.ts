import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MqttOffer, topicsOf } from '@cat-feeder/shared';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { ask, emptyRedis, newId, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnFeeder } from '../own-feeder.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import type { OwnServer } from '../servers/own-servers.ts';
import { until } from '../story/own-daemon.ts';
import { OwnListener } from './own-listener.ts';

let cloud: Cloud;
let home: OwnHome;
let feeder: OwnFeeder;
let offer: MqttOffer;
const listeners: OwnListener[] = [];
const lines: string[] = [];
const note = (fields: object, sentence: string) => {
  lines.push(JSON.stringify(fields) + sentence);
};

/** The broker's own address without the service's name and secret. */
const publicUrl = (brokerUrl: string) => `mqtt://${new URL(brokerUrl).host}`;
const brokerAt = (url: string) => ({ broker: { url, publicUrl: publicUrl(url) } });
const mqttState = async ({ adminUrl }: Cloud) => {
  const ready = await fetch(`${adminUrl}/health/ready`);
  const { components } = (await ready.json()) as { components: Record<string, string> };
  return { status: ready.status, mqtt: components['mqtt'] };
};
const isUp = ({ mqtt }: { mqtt: string | undefined }) => mqtt === 'up';

function listen(place: MqttOffer | null): OwnListener {
  const listener =
    place === null ? new OwnListener(publicUrl(inject('brokerUrl'))) : OwnListener.of(place);
  listeners.push(listener);
  return listener;
}

/** A hello, and the place of the doorbell that it brings. */
async function greeted(one: OwnFeeder): Promise<MqttOffer> {
  const { body } = await one.hello();
  return body['mqtt'] as MqttOffer;
}

/** Connected as the feeder; the account may be a moment later than the answer to hello. */
async function inTouch(place: MqttOffer, deviceId: string): Promise<OwnListener> {
  return until(
    async () => {
      const listener = listen(place);
      await listener.isIn();
      return listener;
    },
    ({ client }) => client.connected,
  ).then(async (listener) => {
    expect(await listener.listenAs(deviceId)).toBe(true);
    return listener;
  });
}

const feed = (id = newId(), one = feeder) =>
  ask(cloud.url, `/v1/devices/${one.deviceId}/commands`, {
    token: home.token,
    body: { id, order: { op: 'feed', mg: 6_000 } },
  });

beforeAll(async () => {
  const redisUrl = await emptyRedis(inject('redisUrl'));
  cloud = await ownCloud(await ownDatabaseUrl(inject('mariadbUrl')), {
    ...{ redisUrl, log: { info: note, warn: note, error: note } },
    ...brokerAt(inject('brokerUrl')),
  });
  home = await ownHome(cloud);
  await until(() => mqttState(cloud), isUp);
});
beforeEach(async () => {
  await emptyRedis(inject('redisUrl'));
  feeder = await OwnFeeder.claimed(cloud.url, home);
  offer = await greeted(feeder);
});
afterEach(() => {
  for (const listener of listeners.splice(0)) listener.end();
});
afterAll(() => cloud.stop());

describe('the doorbell at the broker', () => {
  it('rings with the item once it is stored, and only then', async () => {
    const listener = await inTouch(offer, feeder.deviceId);
    const id = newId();
    expect((await feed(id)).body).toEqual({ state: 'queued' });
    const heard = await until(
      async () => listener.heard,
      ({ length }) => length > 0,
    );
    expect(heard).toMatchObject([
      { topic: topicsOf(feeder.deviceId).down, body: { d: 1, ref: id } },
    ]);
    // The same wish again was known: nothing rings for it.
    await feed(id);
    await feed();
    await until(
      async () => listener.heard,
      ({ length }) => length > 1,
    );
    expect(listener.heard.map(({ body }) => (body as { d: number }).d)).toEqual([1, 2]);
  });

  it('rings for edits, too', async () => {
    const listener = await inTouch(offer, feeder.deviceId);
    const mid = newId();
    await ask(cloud.url, `/v1/devices/${feeder.deviceId}/docs/meal/${newId()}`, {
      ...{ method: 'PATCH', token: home.token },
      body: { mid, op: 'create', groups: { label: { name: 'Late snack' } } },
    });
    const heard = await until(
      async () => listener.heard,
      ({ length }) => length > 0,
    );
    expect(heard).toMatchObject([{ body: { k: 'mut', ref: mid } }]);
  });

  it('keeps nothing for whoever comes later', async () => {
    await feed();
    const listener = await inTouch(offer, feeder.deviceId);
    await feed();
    await until(
      async () => listener.heard,
      ({ length }) => length > 0,
    );
    expect(listener.heard.map(({ body }) => (body as { d: number }).d)).toEqual([2]);
  });

  it('lets nobody in without the secret', async () => {
    const wrong = [null, { ...offer, token: 'x' }, { ...offer, user: 'a'.repeat(26) }];
    for (const place of wrong) expect(await listen(place).isIn()).toBe(false);
  });

  it('FMEA-86 lets a feeder hear and say its own alone', async () => {
    const other = await OwnFeeder.claimed(cloud.url, home);
    const theirs = topicsOf(other.deviceId);
    const own = topicsOf(feeder.deviceId);
    const listener = await inTouch(offer, feeder.deviceId);
    const foreign = [
      theirs.down,
      theirs.poke,
      theirs.live,
      'cf/1/#',
      '#',
      '$SYS/#',
      '$share/a/cf/#',
    ];
    const granted = await Promise.all(foreign.map((topic) => listener.listen(topic)));
    expect(granted).toEqual(foreign.map(() => false));
    const said = [theirs.down, theirs.presence, own.down, own.note, '$CONTROL/dynamic-security/v1'];
    const taken = await Promise.all(said.map((topic) => listener.say(topic, { on: 1 })));
    expect(taken).toEqual(said.map(() => false));
    expect(await listener.say(own.presence, { on: 1, session: 1 })).toBe(true);
  });

  it('ends the connection of a feeder whose rights are taken, and lets it in after a claim', async () => {
    const listener = await inTouch(offer, feeder.deviceId);
    const at = `/v1/devices/${feeder.deviceId}`;
    await ask(cloud.url, at, { method: 'DELETE', token: home.token });
    await until(
      async () => listener.isOver,
      (isOver) => isOver,
    );
    expect(await listen(offer).isIn()).toBe(false);
    expect((await feeder.hello()).body).toEqual({ err: 'revoked' });
    await feeder.claim(home);
    await feeder.login();
    await inTouch(await greeted(feeder), feeder.deviceId);
  });

  it('gives another secret to a feeder whose own was refused', async () => {
    await inTouch(offer, feeder.deviceId);
    const { doorbell } = cloud.deps;
    expect(doorbell.offer(feeder.deviceId, true)).toEqual(offer);
    // The broker ends connections under the secret before; the new one holds.
    await inTouch(offer, feeder.deviceId);
  });

  it('tells members who is there, and not for longer than that is known', async () => {
    const look = async () =>
      (await ask(cloud.url, `/v1/devices/${feeder.deviceId}`, { token: await home.anotherToken() }))
        .body['present'];
    expect(await look()).toBe(null);
    const listener = await inTouch(offer, feeder.deviceId);
    const { presence } = topicsOf(feeder.deviceId);
    await listener.say(presence, { on: 1, session: 7 });
    await until(look, (present) => present === true);
    await listener.say(presence, { on: 0, session: 6 });
    await listener.say(presence, { on: 'no', session: 8 });
    await listener.say(presence, { on: 0, session: 7 });
    await until(look, (present) => present === false);
    await listener.say(presence, { on: 1, session: 8 });
    await until(look, (present) => present === true);
    await emptyRedis(inject('redisUrl'));
    expect(await look()).toBe(null);
  });

  it('is a part that the service can do without', async () => {
    const before = lines.length;
    const folder = mkdtempSync(join(tmpdir(), 'feeder-broker-'));
    const broker: OwnServer = await startMosquitto(folder);
    const own = await ownCloud(await ownDatabaseUrl(inject('mariadbUrl')), {
      ...{ log: { info: note, warn: note, error: note } },
      ...brokerAt(broker.url),
    });
    try {
      await until(() => mqttState(own), isUp);
      await broker.kill();
      await until(
        () => mqttState(own),
        ({ mqtt }) => mqtt === 'down',
      );
      const ownersHome = await ownHome(own);
      const alone = await OwnFeeder.claimed(own.url, ownersHome);
      expect(await mqttState(own)).toEqual({ status: 200, mqtt: 'down' });
      expect((await alone.hello()).status).toBe(200);
      const issued = await ask(own.url, `/v1/devices/${alone.deviceId}/commands`, {
        ...{ token: ownersHome.token, body: { id: newId(), order: { op: 'stop' } } },
      });
      expect(issued).toMatchObject({ status: 200, body: { state: 'queued' } });
      await broker.start();
      await until(() => mqttState(own), isUp, 40_000);
      // The hello before this one was not heard by any broker: its account is made now.
      const place = await greeted(alone);
      await inTouch(place, alone.deviceId);
    } finally {
      await own.stop();
      await broker.stop();
      rmSync(folder, { recursive: true, force: true });
    }
    expect(lines.length).toBeGreaterThan(before);
    expect(lines.filter((line) => line.includes(offer.token))).toEqual([]);
  });
});
