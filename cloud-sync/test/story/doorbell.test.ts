import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudView, Feeding } from '@cat-feeder/shared';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { issueCommand } from '../../src/core/commands.ts';
import { realSystem } from '../../src/platform/system.ts';
import { ask, newId, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { startMosquitto } from '../servers/mosquitto.ts';
import type { OwnServer } from '../servers/own-servers.ts';
import { OwnDaemon, until } from './own-daemon.ts';
import { Wire } from './wire.ts';

/*
 * A feeder, its service and a broker between them. The feeder asks once in ten minutes, so what is
 * seen earlier came because something rang. The cloud's clock is more than a year ahead of the feeder's.
 */
const YEAR_AHEAD_MS = 400 * 86_400_000;
const folder = mkdtempSync(join(tmpdir(), 'feeder-bell-'));
const system = { ...realSystem, wallMs: () => realSystem.wallMs() + YEAR_AHEAD_MS };
let databaseUrl: string;
let broker: OwnServer;
let wire: Wire;
let cloud: Cloud;
let home: OwnHome;
let feeder: OwnDaemon;
let deviceId = '';

beforeAll(async () => {
  wire = await Wire.open();
  databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  broker = await startMosquitto(folder);
  const publicUrl = `mqtt://${new URL(broker.url).host}`;
  const options = { system, publicUrl: wire.url, pollSeconds: 600 };
  cloud = await ownCloud(databaseUrl, { ...options, broker: { url: broker.url, publicUrl } });
  wire.leadTo(cloud.url);
  home = await ownHome(cloud);
  feeder = await OwnDaemon.start({ folder: join(folder, 'feeder'), cloudUrl: wire.url });
  await feeder.ask('PATCH', '/settings', { manualGapSeconds: 0 });
});
afterAll(async () => {
  await feeder?.stop();
  await cloud?.stop();
  await wire?.close();
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const link = () => feeder.get<CloudView>('/cloud');
const isListening = ({ doorbell }: CloudView) => doorbell === 'listening';
const commands = () => `/v1/devices/${deviceId}/commands`;

async function claim(): Promise<void> {
  const { code } = await feeder.ask<{ code: string }>('POST', '/cloud/claim');
  await ask(cloud.url, '/v1/claim/confirm', { token: home.token, body: { code } });
  await until(link, ({ claim: asked }) => asked?.account !== null);
  await feeder.ask('POST', '/cloud/agree', { account: home.account });
  deviceId = (await until(link, ({ device }) => device !== null)).device ?? '';
}

async function order(ttlMs = 300_000): Promise<string> {
  const id = newId();
  const body = { id, order: { op: 'feed', mg: 6_000 }, ttl_ms: ttlMs };
  const { token } = home;
  expect(await ask(cloud.url, commands(), { token, body })).toMatchObject({ status: 200 });
  return id;
}

const stateOf = async (id: string) => {
  const said = await ask(cloud.url, `${commands()}/${id}`, { token: await home.anotherToken() });
  return said.body['state'];
};
const isDone = (state: unknown) => state === 'done';

async function fedFor(id: string): Promise<number> {
  const { items } = await feeder.get<{ items: Feeding[] }>('/feedings?limit=50');
  return items.filter(({ requestId }) => requestId === id).length;
}

describe('a feeder with a doorbell', () => {
  it('feeds when it rings', async () => {
    await claim();
    await until(link, isListening);
    const id = await order();
    await until(() => stateOf(id), isDone);
    expect(await fedFor(id)).toBe(1);
  });

  it('does not feed for a ring that comes twice, or too late', async () => {
    const late = newId();
    const order6 = { op: 'feed', mg: 6_000, pet: null } as const;
    // Stored by a node that has no broker: nothing rings, until the broker delivers it at last.
    const issued = await issueCommand(cloud.deps.cloud, deviceId, {
      ...{ commandId: late, order: order6, ttlMs: 200 },
    });
    if (!issued.ok || issued.body.item === undefined) throw new Error('It was not issued.');
    await sleep(400);
    for (let n = 0; n < 3; n++) cloud.deps.doorbell.ring(deviceId, issued.body.item);
    await until(
      () => stateOf(late),
      (state) => state === 'expired' || state === 'refused',
    );
    const next = await order();
    await until(() => stateOf(next), isDone);
    expect([await fedFor(late), await fedFor(next)]).toEqual([0, 1]);
  });

  it('feeds by its own hand while the broker is dead, and hears what it missed when it is back', async () => {
    await broker.kill();
    await until(link, (view) => !isListening(view));
    const { id: own } = await feeder.ask<Feeding>('POST', '/feedings', {
      ...{ requestId: newId(), portionGrams: 5 },
    });
    const look = () => feeder.get<Feeding>(`/feedings/${own}`);
    expect((await until(look, ({ state }) => state !== 'running')).result).toBe('served');
    // The answer to an entry tells of new commands, too: none is on its way any more.
    await until(link, ({ waiting }) => waiting === 0);
    const id = await order();
    await sleep(1_000);
    expect(await stateOf(id)).toBe('queued');
    await broker.start();
    await until(() => stateOf(id), isDone, 25_000);
    expect(await fedFor(id)).toBe(1);
  });

  it('needs none of it', async () => {
    await cloud.stop();
    cloud = await ownCloud(databaseUrl, { system, publicUrl: wire.url, pollSeconds: 1 });
    wire.leadTo(cloud.url);
    await feeder.kill();
    await feeder.start();
    await until(link, ({ state, waiting }) => state === 'online' && waiting === 0);
    expect((await link()).doorbell).toBe('off');
    const id = await order();
    await until(() => stateOf(id), isDone);
    expect(await fedFor(id)).toBe(1);
  });
});
