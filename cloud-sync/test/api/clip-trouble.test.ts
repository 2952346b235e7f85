import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { OwnClip } from '../own-clip.ts';
import { ask, type OwnHome, ownBucket, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnFeeder } from '../own-feeder.ts';
import type { OwnServer } from '../servers/own-servers.ts';
import { startRgw } from '../servers/rgw.ts';
import { until } from '../story/own-daemon.ts';

/* This store is killed, and its days last two seconds: nobody else may use it. */
const folder = mkdtempSync(join(tmpdir(), 'feeder-clip-trouble-'));
let store: OwnServer;
let cloud: Cloud;
let home: OwnHome;
let feeder: OwnFeeder;

beforeAll(async () => {
  store = await startRgw(folder, 2);
  await store.kill();
  // The store is away when the service begins.
  const databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  cloud = await ownCloud(databaseUrl, { s3: ownBucket(store.url) });
  home = await ownHome(cloud);
  feeder = await OwnFeeder.claimed(cloud.url, home);
  await feeder.hello();
}, 60_000);
afterAll(async () => {
  await cloud?.stop();
  await store?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const ready = () => ask(cloud.adminUrl, '/health/ready');

describe('when the store of clips is away', () => {
  it('A-20 clips wait, everything else goes on, and the service says what is missing', async () => {
    const clip = new OwnClip(feeder);
    expect(await clip.announce()).toMatchObject({ status: 503, retryAfter: 60 });
    expect((await feeder.send([feeder.event(1)])).status).toBe(200);
    const components = { database: 'up', clips: 'down' };
    expect(await ready()).toMatchObject({
      status: 200,
      body: { ready: true, components, degraded: ['clips'] },
    });
  });

  it('they go on when it is back, also in a store that was never prepared', async () => {
    await store.start();
    await cloud.deps.clips?.objects.prepare();
    expect(await ready()).toMatchObject({ body: { components: { clips: 'up' }, degraded: [] } });
    expect((await new OwnClip(feeder).send()).body).toEqual({ state: 'stored' });
  });

  it('what was stored is there after its gateway was killed', async () => {
    const clip = new OwnClip(feeder, 9_000_000);
    const { parts } = await clip.announced();
    await Promise.all(parts.map((part) => clip.put(part)));
    await store.kill();
    expect((await clip.complete()).status).toBe(503);
    await store.start();
    expect((await clip.complete()).body).toEqual({ state: 'stored' });
  });
});

describe('an upload that nobody goes on with', () => {
  it('is ended by the store’s own rule, and begun anew by who comes back', async () => {
    const clip = new OwnClip(feeder, 9_000_000);
    const [first] = (await clip.announced()).parts;
    if (first === undefined) throw new TypeError('no part');
    expect(await clip.put(first)).toBe(200);
    expect((await clip.announced()).parts.map(({ n }) => n)).toEqual([2]);
    // Slower than what one feeder may ask for.
    const missing = async () => {
      await sleep(500);
      return (await clip.announced()).parts.map(({ n }) => n);
    };
    await until(missing, (parts) => parts.length === 2);
    expect((await clip.send()).body).toEqual({ state: 'stored' });
  });
});
