import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chainText } from '@cat-feeder/shared';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { realSystem } from '../../src/platform/system.ts';
import { hashText, partyToBytes } from '../../src/storage/mysql/row-values.ts';
import { ask, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnFeeder } from '../own-feeder.ts';
import { type OwnServers, startServers, stopServers } from '../servers/own-servers.ts';

/* These servers are killed, so nobody else may use them. */
const folder = mkdtempSync(join(tmpdir(), 'feeder-trouble-'));
let servers: OwnServers<'mariadb' | 'redis'>;
let databaseUrl: string;
const clouds: Cloud[] = [];

async function started(part: Parameters<typeof ownCloud>[1] = {}) {
  const cloud = await ownCloud(databaseUrl, { redisUrl: servers.redis.url, ...part });
  clouds.push(cloud);
  const home = await ownHome(cloud);
  return { cloud, home };
}

async function feederOf({ cloud, home }: { cloud: Cloud; home: OwnHome }): Promise<OwnFeeder> {
  const feeder = await OwnFeeder.claimed(cloud.url, home);
  await feeder.hello();
  return feeder;
}

beforeAll(async () => {
  servers = await startServers(folder, ['mariadb', 'redis']);
  databaseUrl = await ownDatabaseUrl(servers.mariadb.url);
});
afterEach(async () => {
  await Promise.all(clouds.splice(0).map((cloud) => cloud.stop()));
});
afterAll(async () => {
  await stopServers(servers);
  rmSync(folder, { recursive: true, force: true });
});

/** Sends entries one by one until told to stop; returns what was acknowledged, and all refusals. */
async function sendUntil(feeder: OwnFeeder, isOver: () => boolean) {
  const refusals: { status: number; err: unknown; retryAfter: number | null }[] = [];
  while (!isOver()) {
    const { body, take } = feeder.batch([feeder.event({ at: feeder.seq })]);
    const said = await feeder.post('/v1/sync/events', body);
    if (said.status === 200) {
      take();
      // Slower than what one feeder may ask for.
      await sleep(10);
      continue;
    }
    refusals.push({ status: said.status, err: said.body['err'], retryAfter: said.retryAfter });
    await sleep(20);
    const hello = await feeder.hello();
    const [seg] = (hello.body['segs'] ?? []) as { acked: number; hash: string }[];
    // The answer was lost, and the entry was not.
    if (seg?.acked === feeder.seq + 1) {
      feeder.seq = seg.acked;
      feeder.hash = seg.hash;
    }
  }
  return refusals;
}

/** Waits until each of them has got so many more entries acknowledged, however slow the machine is. */
async function allSent(feeders: readonly OwnFeeder[], more: number): Promise<void> {
  const wanted = feeders.map(({ seq }) => seq + more);
  while (feeders.some(({ seq }, i) => seq < (wanted[i] ?? 0))) await sleep(10);
}

/** The stored ledger of a device: numbers, and whether the chain follows from the genesis. */
async function ledgerOf(feeder: OwnFeeder): Promise<{ seqs: number[]; isChained: boolean }> {
  const connection = await createConnection(databaseUrl);
  const [rows] = await connection.execute<RowDataPacket[]>(
    'SELECT * FROM device_event WHERE device_id = ? ORDER BY epoch, seq',
    [partyToBytes(feeder.deviceId)],
  );
  await connection.end();
  let hash = feeder.genesis;
  let isChained = true;
  for (const { eid, kind, kver, boot, mono_ms, body, hash: stored } of rows) {
    const fields = { eid: hashText(eid), boot: hashText(boot), body: String(body) };
    hash = chainText(realSystem.sha256, hash, { ...fields, kind, kver, monoMs: mono_ms });
    isChained &&= hash === hashText(stored);
  }
  return { seqs: rows.map(({ seq }) => Number(seq)), isChained };
}

describe('when the database is killed', () => {
  it('U1, U5, U6 nothing that was acknowledged is missing, and all refusals say when to return', async () => {
    const rig = await started();
    const feeders = await Promise.all([feederOf(rig), feederOf(rig), feederOf(rig)]);
    let isOver = false;
    const sending = feeders.map((feeder) => sendUntil(feeder, () => isOver));
    for (let kill = 0; kill < 4; kill++) {
      await allSent(feeders, 5);
      await servers.mariadb.kill();
      await sleep(100);
      await servers.mariadb.start();
    }
    await allSent(feeders, 5);
    isOver = true;
    const refusals = (await Promise.all(sending)).flat();
    expect(refusals.length).toBeGreaterThan(3);
    for (const refusal of refusals) {
      if (refusal.status === 409) continue;
      expect(refusal).toMatchObject({ status: 503, err: 'overloaded', retryAfter: 5 });
    }
    for (const feeder of feeders) {
      expect(feeder.seq).toBeGreaterThan(20);
      const { seqs, isChained } = await ledgerOf(feeder);
      expect(seqs).toEqual(Array.from({ length: feeder.seq }, (_, i) => i + 1));
      expect(isChained).toBe(true);
    }
  });

  it('the service says that it is not ready, lives on, and is ready again', async () => {
    const { cloud } = await started();
    await servers.mariadb.kill();
    const ready = () => ask(cloud.adminUrl, '/health/ready');
    expect(await ready()).toMatchObject({
      status: 503,
      body: { ready: false, components: { database: 'down', redis: 'up' } },
    });
    expect((await ask(cloud.adminUrl, '/health/live')).status).toBe(200);
    await servers.mariadb.start();
    expect((await ready()).status).toBe(200);
  });
});

describe('when the database hangs', () => {
  it('requests are told to return, and the service can still be stopped', async () => {
    const rig = await started();
    const feeder = await feederOf(rig);
    const pid = servers.mariadb.pid();
    process.kill(pid, 'SIGSTOP');
    try {
      const { body } = feeder.batch([feeder.event(1)]);
      const posts = Array.from({ length: 12 }, () => feeder.post('/v1/sync/events', body));
      for (const said of await Promise.all(posts)) {
        expect(said).toMatchObject({ status: 503, retryAfter: 5 });
      }
      feeder.post('/v1/sync/events', body).catch(() => undefined);
      await sleep(100);
      clouds.splice(clouds.indexOf(rig.cloud), 1);
      const beganMs = performance.now();
      await rig.cloud.stop();
      // The grace is 1.8 s; the rest is for a busy machine.
      expect(performance.now() - beganMs).toBeLessThan(4000);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    expect((await feederOf(await started())).session).toBe(1);
  });
});

describe('when the cache is gone', () => {
  it('R3 everything goes on, and limits still limit', async () => {
    const rig = await started();
    const feeder = await feederOf(rig);
    await servers.redis.kill();
    expect((await feeder.send([feeder.event(1)])).status).toBe(200);
    const ready = await ask(rig.cloud.adminUrl, '/health/ready');
    expect(ready).toMatchObject({ status: 200, body: { components: { redis: 'down' } } });
    const statuses = [];
    for (let n = 0; n < 7; n++) {
      const body = { code: '22222222' };
      const said = await ask(rig.cloud.url, '/v1/claim/confirm', { token: rig.home.token, body });
      statuses.push(said.status);
    }
    expect(statuses).toEqual([404, 404, 404, 404, 404, 429, 429]);
    await servers.redis.start();
    expect((await feeder.send([feeder.event(2)])).status).toBe(200);
    expect((await ledgerOf(feeder)).seqs).toEqual([1, 2]);
  });
});

describe('when too many come at once', () => {
  it('A-11 those beyond the bound are told a time of their own, and the others are served', async () => {
    const rig = await started({ inFlight: 4 });
    const feeder = await feederOf(rig);
    const at = `/v1/sync/down?session=${feeder.session}&after=0`;
    const said = await Promise.all(
      Array.from({ length: 60 }, () => ask(rig.cloud.url, at, { token: feeder.token })),
    );
    const served = said.filter(({ status }) => status === 200);
    const refused = said.filter(({ status }) => status === 503);
    expect(served.length).toBeGreaterThanOrEqual(4);
    expect(served.length + refused.length).toBe(60);
    expect(refused.length).toBeGreaterThan(5);
    for (const { retryAfter, body } of refused) {
      expect(body).toEqual({ err: 'overloaded', retry_after_s: retryAfter });
      expect(retryAfter).toBeGreaterThanOrEqual(1);
      expect(retryAfter).toBeLessThanOrEqual(30);
    }
    expect(new Set(refused.map(({ retryAfter }) => retryAfter)).size).toBeGreaterThan(2);
  });

  it('sessions are opened as fast as the node may, and no faster', async () => {
    const rig = await started({ hellosPerSecond: 3 });
    const feeder = await feederOf(rig);
    const statuses: number[] = [];
    for (let n = 0; n < 8; n++) statuses.push((await feeder.hello()).status);
    expect(statuses.filter((status) => status === 503).length).toBeGreaterThan(2);
    // What has a session is not held up by those who want one.
    expect((await feeder.send([feeder.event(1)])).status).toBe(200);
  });
});

describe('when the service is asked to stop', () => {
  it('ends within two seconds although a request never ends, and takes no more', async () => {
    const rig = await started();
    const feeder = await feederOf(rig);
    const { port } = new URL(rig.cloud.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      `POST /v1/sync/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${feeder.token}\r\nContent-Length: 100\r\n\r\n{`,
    );
    await sleep(100);
    const beganMs = performance.now();
    clouds.splice(clouds.indexOf(rig.cloud), 1);
    await rig.cloud.stop();
    const tookMs = performance.now() - beganMs;
    socket.destroy();
    // The grace is 1.5 s; the rest is for a busy machine.
    expect(tookMs).toBeLessThan(4000);
    await expect(ask(rig.cloud.url, '/v1/time')).rejects.toThrow();
  });

  it('ends at once when nothing is under way', async () => {
    const rig = await started();
    await feederOf(rig);
    clouds.splice(clouds.indexOf(rig.cloud), 1);
    const beganMs = performance.now();
    await rig.cloud.stop();
    expect(performance.now() - beganMs).toBeLessThan(1000);
  });
});
