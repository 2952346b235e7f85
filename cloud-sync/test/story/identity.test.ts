import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudView, Feeding } from '@cat-feeder/shared';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { ask, newId, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnDaemon, until } from './own-daemon.ts';
import { Wire } from './wire.ts';

/* Who a feeder is to its cloud: another key, a copy of its card, no rights, another owner. */
const folder = mkdtempSync(join(tmpdir(), 'feeder-identity-'));
const place = join(folder, 'feeder');
let wire: Wire;
let cloud: Cloud;
let home: OwnHome;
let feeder: OwnDaemon;
let deviceId = '';

beforeAll(async () => {
  wire = await Wire.open();
  const databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  cloud = await ownCloud(databaseUrl, { publicUrl: wire.url, pollSeconds: 1 });
  wire.leadTo(cloud.url);
  home = await ownHome(cloud);
  feeder = await OwnDaemon.start({ folder: place, cloudUrl: wire.url });
  await feeder.ask('PATCH', '/settings', { manualGapSeconds: 0 });
});
afterAll(async () => {
  await feeder?.stop();
  await cloud?.stop();
  await wire?.close();
  rmSync(folder, { recursive: true, force: true });
});

const link = (one = feeder) => one.get<CloudView>('/cloud');
const isOnline = ({ state, waiting }: CloudView) => state === 'online' && waiting === 0;
const keyOf = () => JSON.parse(readFileSync(join(place, 'cloud-identity.json'), 'utf8')).key.x;

async function claimFor(owner: OwnHome): Promise<void> {
  const { code } = await feeder.ask<{ code: string }>('POST', '/cloud/claim');
  await ask(cloud.url, '/v1/claim/confirm', { token: owner.token, body: { code } });
  await until(link, ({ claim }) => claim?.account === owner.account);
  await feeder.ask('POST', '/cloud/agree', { account: owner.account });
  const linked = await until(link, (view) => view.account === owner.account && isOnline(view));
  deviceId = linked.device ?? '';
}

async function feeds(one = feeder): Promise<void> {
  const body = { requestId: newId(), portionGrams: 5 };
  const { id } = await one.ask<Feeding>('POST', '/feedings', body);
  const look = () => one.get<Feeding>(`/feedings/${id}`);
  expect((await until(look, ({ state }) => state !== 'running')).result).toBe('served');
}

const eventsFor = async (owner: OwnHome) => {
  const token = await owner.anotherToken();
  const said = await ask(cloud.url, `/v1/devices/${deviceId}/events?limit=500`, { token });
  const events = (said.body['events'] ?? []) as { epoch: number; seq: number }[];
  return { status: said.status, epochs: new Set(events.map(({ epoch }) => epoch)) };
};

describe('the identity of a feeder', () => {
  it('has no key that could be changed before a cloud knows it', async () => {
    await expect(feeder.ask('POST', '/cloud/key')).rejects.toThrow('409');
  });

  it('goes on with another key, and keeps the one it has while nobody answers', async () => {
    await claimFor(home);
    const first = keyOf();
    await feeder.ask('POST', '/cloud/key');
    const second = keyOf();
    expect(second).not.toBe(first);
    await feeder.kill();
    await feeder.start();
    await until(link, isOnline);
    wire.pull();
    await expect(feeder.ask('POST', '/cloud/key')).rejects.toThrow('503');
    expect(keyOf()).toBe(second);
    wire.putBack();
    await feeder.ask('POST', '/cloud/key');
    expect(keyOf()).not.toBe(second);
    await feeds();
    await until(link, isOnline);
  });

  it('is told apart from a copy, which is noticed, and both feed', async () => {
    await feeder.kill();
    cpSync(place, join(folder, 'copy'), { recursive: true });
    await feeder.start();
    const copy = await OwnDaemon.start({ folder: join(folder, 'copy'), cloudUrl: wire.url });
    try {
      const seen = async () => [(await link()).cloned, (await link(copy)).cloned];
      await until(seen, (cloned) => cloned.includes(true), 60_000);
      await feeds();
      await feeds(copy);
    } finally {
      await copy.stop();
    }
    const token = await home.anotherToken();
    const { body } = await ask(cloud.url, `/v1/devices/${deviceId}`, { token });
    expect(body['cloned_ms']).toBeGreaterThan(0);
  });

  it('loses its rights and feeds on', async () => {
    await until(link, isOnline, 60_000);
    const { token } = home;
    await ask(cloud.url, `/v1/devices/${deviceId}`, { method: 'DELETE', token });
    const { why } = await until(link, ({ state }) => state === 'local');
    expect(why).toContain('revoked');
    await feeds();
  });

  it('gets another owner, who sees nothing of the one before, nor the other way round', async () => {
    const former = deviceId;
    const before = await eventsFor(home);
    expect(before.epochs.size).toBeGreaterThan(0);
    const other = await ownHome(cloud, 'bob@example.org');
    await claimFor(other);
    expect([deviceId, (await link()).cloned]).toEqual([former, false]);
    await feeds();
    await until(link, isOnline);
    const after = await until(
      () => eventsFor(other),
      ({ epochs }) => epochs.size > 0,
    );
    expect([...after.epochs].filter((epoch) => before.epochs.has(epoch))).toEqual([]);
    expect((await eventsFor(home)).status).toBe(404);
  });
});
