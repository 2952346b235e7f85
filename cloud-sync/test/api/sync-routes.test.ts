import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { ask, emptyRedis, newId, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { docChanged, OwnFeeder } from '../own-feeder.ts';
import { watchShards } from '../shard-guard.ts';

let cloud: Cloud;
let other: Cloud;
let home: OwnHome;
const watch = watchShards();

beforeAll(async () => {
  const databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  const redisUrl = await emptyRedis(inject('redisUrl'));
  cloud = await ownCloud(databaseUrl, { redisUrl, watch });
  other = await ownCloud(databaseUrl, { redisUrl, watch: watchShards() });
  home = await ownHome(cloud);
});
afterAll(async () => {
  await cloud.stop();
  await other.stop();
});

const claimed = () => OwnFeeder.claimed(cloud.url, home);

describe('a feeder and the service', () => {
  it('A-01, A-13 become linked by a code, a press and a proof, and exchange entries', async () => {
    const feeder = await claimed();
    expect((await feeder.hello()).body).toMatchObject({ session: 1, max_epoch: 1 });
    const events = Array.from({ length: 500 }, (_, n) => feeder.event({ n }));
    const said = await feeder.send(events);
    expect(said.body).toMatchObject({ ack: { epoch: 1, seq: 500, hash: feeder.hash } });
    const page = await ask(cloud.url, `/v1/devices/${feeder.deviceId}/events?after=1.498`, {
      token: home.token,
    });
    expect(page.body['events']).toMatchObject([{ seq: 499 }, { seq: 500, body: { n: 499 } }]);
  });

  it('may pack their bodies', async () => {
    const feeder = await claimed();
    await feeder.hello();
    const { body, hash } = feeder.batch([feeder.event('ä'.repeat(1000))]);
    const said = await ask(cloud.url, '/v1/sync/events', {
      token: feeder.token,
      body: gzipSync(JSON.stringify(body)),
      headers: { 'content-encoding': 'gzip' },
    });
    expect(said.body).toMatchObject({ ack: { seq: 1, hash } });
  });

  it('may meet at any node: a session of one fences the other', async () => {
    const feeder = await claimed();
    await feeder.hello();
    const second = await ask(other.url, '/v1/sync/down?session=1&after=0', { token: feeder.token });
    expect(second.status).toBe(200);
    await feeder.hello();
    const fenced = await ask(other.url, '/v1/sync/down?session=1&after=0', { token: feeder.token });
    expect(fenced).toMatchObject({ status: 409, body: { err: 'fenced' } });
  });

  it('loses nothing when the same batch comes to both nodes at once, many times', async () => {
    const feeder = await claimed();
    await feeder.hello();
    const { body, hash } = feeder.batch([feeder.event(1), feeder.event(2)]);
    const urls = [cloud.url, other.url, cloud.url, other.url, cloud.url, other.url];
    const said = await Promise.all(
      urls.map((url) => ask(url, '/v1/sync/events', { token: feeder.token, body })),
    );
    for (const { body: answer } of said) expect(answer).toMatchObject({ ack: { seq: 2, hash } });
    const page = await ask(cloud.url, `/v1/devices/${feeder.deviceId}/events`, {
      token: home.token,
    });
    expect(page.body['events']).toHaveLength(2);
  });
});

describe('a member and the feeder', () => {
  it('see each other through documents, wishes and commands', async () => {
    const feeder = await claimed();
    await feeder.hello();
    const doc = docChanged() as { id: string };
    await feeder.send([feeder.event(doc, 'doc.changed')]);
    const at = `/v1/devices/${feeder.deviceId}`;
    const docs = await ask(cloud.url, `${at}/docs`, { token: home.token });
    expect(docs.body).toEqual({ docs: [doc] });

    const mid = newId();
    const wish = { mid, op: 'patch', base: { label: 1 }, groups: { label: { name: 'Lunch' } } };
    const patch = { method: 'PATCH', token: home.token, body: wish };
    expect((await ask(cloud.url, `${at}/docs/meal/${doc.id}`, patch)).body).toEqual({
      outcomes: null,
    });
    const id = newId();
    const order = { id, order: { op: 'feed', mg: 12_000 } };
    const issued = await ask(cloud.url, `${at}/commands`, { token: home.token, body: order });
    expect(issued.body).toEqual({ state: 'queued' });

    const down = await ask(cloud.url, `/v1/sync/down?session=${feeder.session}&after=0`, {
      token: feeder.token,
    });
    expect(down.body['items']).toMatchObject([
      { d: 1, k: 'mut', ref: mid, b: { doc: ['meal', doc.id], groups: wish.groups } },
      { d: 2, k: 'cmd', ref: id, b: { op: 'feed', mg: 12_000 } },
    ]);
    const claim = { v: 1, session: feeder.session, nonce: feeder.boot };
    const granted = await feeder.post(`/v1/commands/${id}/claim`, claim);
    expect(granted.body).toEqual({ ok: true, nonce: feeder.boot });
    const ended = { commandId: id, nonce: feeder.boot, state: 'done', reason: '', feedingId: null };
    const closed = { mid, target: ['meal', doc.id], outcomes: { label: 'applied' } };
    const rest = { reason: null, superseded: {}, doc: { ...doc, rev: 2, groups: wish.groups } };
    await feeder.send([
      feeder.event(ended, 'command.ended'),
      feeder.event({ ...closed, ...rest }, 'mutation.closed'),
    ]);

    const command = await ask(cloud.url, `${at}/commands/${id}`, { token: home.token });
    expect(command.body).toEqual({ state: 'done', reason: '' });
    const told = await ask(cloud.url, `${at}/mutations/${mid}`, { token: home.token });
    expect(told.body).toEqual({ outcomes: { label: 'applied' }, reason: null });
    const after = await ask(cloud.url, `${at}/docs`, { token: home.token });
    expect(after.body['docs']).toMatchObject([{ id: doc.id, rev: 2, groups: wish.groups }]);
    const view = await ask(cloud.url, at, { token: home.token });
    expect(view.body).toMatchObject({ live: true, pending: 0 });
  });

  it('get no feeding queued for a feeder that is not there', async () => {
    const feeder = await claimed();
    const body = { id: newId(), order: { op: 'feed', mg: 1000 } };
    const at = `/v1/devices/${feeder.deviceId}/commands`;
    expect(await ask(cloud.url, at, { token: home.token, body })).toMatchObject({
      status: 409,
      body: { err: 'offline' },
    });
  });

  it('part: the feeder hears that it is revoked, and a new claim gives it its rights back', async () => {
    const feeder = await claimed();
    await feeder.hello();
    const at = `/v1/devices/${feeder.deviceId}`;
    await ask(cloud.url, at, { method: 'DELETE', token: home.token });
    expect(await feeder.hello()).toMatchObject({ status: 403, body: { err: 'revoked' } });
    const before = feeder.deviceId;
    await feeder.claim(home);
    expect(feeder.deviceId).toBe(before);
    expect((await feeder.hello()).status).toBe(200);
  });

  it('S1 of a new home see nothing of what the feeder wrote for the old one', async () => {
    const feeder = await claimed();
    await feeder.hello();
    await feeder.send([feeder.event(docChanged(), 'doc.changed'), feeder.event('secret')]);
    const next = await ownHome(cloud, 'bob@example.org');
    await feeder.claim(next);
    const at = `/v1/devices/${feeder.deviceId}`;
    const events = await ask(cloud.url, `${at}/events`, { token: next.token });
    expect(events.body).toEqual({ events: [] });
    const docs = await ask(cloud.url, `${at}/docs`, { token: next.token });
    expect(docs.body).toEqual({ docs: [] });
    for (const path of ['', '/events', '/docs']) {
      const old = await ask(cloud.url, `${at}${path}`, { token: home.token });
      expect(old).toMatchObject({ status: 404, body: { err: 'not_found' } });
    }
    const { body } = await ask(cloud.url, '/v1/devices', { token: home.token });
    expect(JSON.stringify(body)).not.toContain(feeder.deviceId);
    // The active epoch belongs to the old home: the feeder has to open another one.
    const hello = await feeder.hello();
    expect(hello.body['segs']).toMatchObject([{ epoch: null }]);
  });
});

describe('the operator', () => {
  it('sees health and figures at a port of their own', async () => {
    const ready = await ask(cloud.adminUrl, '/health/ready');
    expect(ready).toMatchObject({
      status: 200,
      body: { ready: true, components: { database: 'up', redis: 'up' } },
    });
    expect((await ask(cloud.adminUrl, '/health/live')).body).toEqual({ live: true });
    const figures = await (await fetch(`${cloud.adminUrl}/metrics`)).text();
    expect(figures).toContain('cloud_requests_total{route="POST /v1/sync/hello",answer="ok"}');
    expect(figures).not.toContain(home.homeId);
    expect((await ask(cloud.url, '/metrics')).status).toBe(404);
  });

  it('S2 can trust that no transaction touched two shard keys', () => {
    expect(watch.seen()).toBeGreaterThan(200);
  });
});
