import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudView, Feeding, LedgerPage, Meal, SyncDoc } from '@cat-feeder/shared';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import {
  ask,
  emptyRedis,
  newId,
  type OwnHome,
  ownCloud,
  ownHome,
  type Said,
} from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnDaemon, until } from './own-daemon.ts';
import { Wire } from './wire.ts';

/*
 * One feeder as a process of its own, its service, and real servers between them. Each part of the
 * story goes on where the one before it ended.
 */
const folder = mkdtempSync(join(tmpdir(), 'feeder-story-'));
let wire: Wire;
let cloud: Cloud;
let home: OwnHome;
let feeder: OwnDaemon;
let at = '';
let meal: Meal;

const WAITS_MAX = 10;

beforeAll(async () => {
  wire = await Wire.open();
  const databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  const redisUrl = await emptyRedis(inject('redisUrl'));
  cloud = await ownCloud(databaseUrl, { redisUrl, publicUrl: wire.url, pollSeconds: 1 });
  wire.leadTo(cloud.url);
  home = await ownHome(cloud);
  feeder = await OwnDaemon.start({ folder: join(folder, 'feeder'), cloudUrl: wire.url });
});
afterAll(async () => {
  await feeder?.stop();
  await cloud?.stop();
  await wire?.close();
  rmSync(folder, { recursive: true, force: true });
});

const link = () => feeder.get<CloudView>('/cloud');
const isCaughtUp = ({ state, waiting }: CloudView) => state === 'online' && waiting === 0;

/** A request of the account; one that asks too often waits as long as it is told. */
async function asMember(path: string, request: Parameters<typeof ask>[2] = {}): Promise<Said> {
  const say = () => ask(cloud.url, path, { ...request, token: home.token });
  let said = await say();
  for (let waits = 0; said.status === 429 && waits < WAITS_MAX; waits++) {
    await sleep((said.retryAfter ?? 1) * 1000);
    said = await say();
  }
  return said;
}

async function cloudMeal(): Promise<SyncDoc | undefined> {
  const { body } = await asMember(`${at}/docs`);
  return (body['docs'] as SyncDoc[]).find(({ kind, id }) => kind === 'meal' && id === meal.id);
}

async function fed(requestId: string, portionGrams: number): Promise<Feeding> {
  const { id } = await feeder.ask<Feeding>('POST', '/feedings', { requestId, portionGrams });
  const look = () => feeder.get<Feeding>(`/feedings/${id}`);
  return until(look, ({ state }) => state !== 'running');
}

/** The ledger of one side as `number kind`, in its order. */
async function ownLedger(): Promise<string[]> {
  const lines: string[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: LedgerPage = await feeder.get(`/ledger?afterSeq=${after}&limit=100`);
    lines.push(...page.items.map(({ seq, kind }) => `${seq} ${kind}`));
    after = page.nextAfterSeq;
  }
  return lines;
}

async function cloudLedger(): Promise<{ seq: number; kind: number; eid: string }[]> {
  const { status, body } = await asMember(`${at}/events?limit=500`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body['events'] as { seq: number; kind: number; eid: string }[];
}

/** Both sides; an entry may be on its way at any moment. */
const ledgers = async () => ({ own: await ownLedger(), stored: await cloudLedger() });
type Ledgers = Awaited<ReturnType<typeof ledgers>>;
const isSame = ({ own, stored }: Ledgers) => own.length === stored.length && own.length > 0;

describe('a feeder and its cloud', () => {
  it('belong to nobody at first, and the feeder is whole without it', async () => {
    expect(await link()).toMatchObject({ state: 'unclaimed', account: null, claim: null });
    await feeder.ask('PATCH', '/settings', { manualGapSeconds: 0, name: 'Kitchen' });
    expect((await fed('before', 5)).result).toBe('served');
  });

  it('A-70 are linked by a code, the account that types it, and a press at the feeder', async () => {
    const { code } = await feeder.ask<{ code: string }>('POST', '/cloud/claim');
    await asMember('/v1/claim/confirm', { body: { code } });
    const asked = await until(link, ({ claim }) => claim?.account !== null);
    expect(asked.claim?.account).toBe(home.account);
    await feeder.ask('POST', '/cloud/agree', { account: home.account });
    const linked = await until(link, isCaughtUp);
    expect(linked).toMatchObject({ account: home.account, claim: null, why: '' });
    at = `/v1/devices/${linked.device}`;
  });

  it('have the same ledger, what was fed before the link included', async () => {
    meal = await feeder.ask<Meal>('POST', '/meals', { time: '07:00', portionGrams: 20 });
    expect((await fed('linked', 5)).result).toBe('served');
    const { own, stored } = await until(ledgers, isSame);
    expect(stored.map(({ seq }) => seq)).toEqual(own.map((_, i) => i + 1));
    expect(await cloudMeal()).toMatchObject({ rev: 1, groups: { portion: { portionGrams: 20 } } });
  });

  it('feed on command, once, and tell the truth about it', async () => {
    const id = newId();
    const body = { id, order: { op: 'feed', mg: 6_000 } };
    const issued = await asMember(`${at}/commands`, { body });
    expect(issued.body).toEqual({ state: 'queued' });
    const look = () => asMember(`${at}/commands/${id}`);
    const ended = await until(
      look,
      ({ body: { state } }) => state !== 'queued' && state !== 'claimed',
    );
    expect(ended.body).toEqual({ state: 'done', reason: '' });
    const { items } = await feeder.get<{ items: Feeding[] }>('/feedings?limit=10');
    const ofCloud = items.filter(({ cause }) => cause === 'cloud');
    expect(ofCloud).toMatchObject([{ requestId: id, portionGrams: 6, result: 'served' }]);
  });

  it('refuse what the feeder’s own rules refuse', async () => {
    const id = newId();
    const body = { id, order: { op: 'feed', mg: 150_000 } };
    await asMember(`${at}/commands`, { body });
    const look = () => asMember(`${at}/commands/${id}`);
    const ended = await until(look, ({ body: { state } }) => state === 'refused');
    expect(ended.body['reason']).not.toBe('');
    const caps = { op: 'patch', base: {}, groups: { caps: { dayGramsMax: 400 } } };
    const path = `${at}/docs/settings/${'0'.repeat(26)}`;
    const mid = newId();
    await asMember(path, { method: 'PATCH', body: { mid, ...caps } });
    const wish = () => asMember(`${at}/mutations/${mid}`);
    const told = await until(wish, ({ body: { outcomes } }) => outcomes !== null);
    expect(told.body).toEqual({
      outcomes: { caps: 'rejected' },
      reason: expect.stringContaining('caps'),
    });
  });

  it('B-71 go on apart when the wire is pulled, and agree when it is put back', async () => {
    wire.pull();
    expect((await fed('apart', 5)).result).toBe('served');
    await feeder.ask('PATCH', `/meals/${meal.id}`, { portionGrams: 25 });
    const known = await cloudMeal();
    const mid = newId();
    const timing = { time: '08:15', weekdays: [1, 2, 3, 4, 5, 6, 7] };
    const wish = { mid, op: 'patch', base: known?.grevs ?? {}, groups: { timing } };
    const path = `${at}/docs/meal/${meal.id}`;
    await asMember(path, { method: 'PATCH', body: wish });
    expect((await link()).waiting).toBeGreaterThan(0);

    wire.putBack();
    await until(link, isCaughtUp, 40_000);
    const look = () => asMember(`${at}/mutations/${mid}`);
    const told = await until(look, ({ body: { outcomes } }) => outcomes !== null);
    expect(told.body).toEqual({ outcomes: { timing: 'applied' }, reason: null });
    const mine = await feeder.get<Meal>(`/meals/${meal.id}`);
    expect(mine).toMatchObject({ time: '08:15', portionGrams: 25, rev: 3 });
    await until(link, isCaughtUp);
    expect(await cloudMeal()).toMatchObject({
      rev: mine.rev,
      groups: { timing: { time: '08:15' }, portion: { portionGrams: 25 } },
    });
  });

  it('lose nothing and double nothing when the feeder’s power fails', async () => {
    await fed('last', 5);
    await feeder.kill();
    await feeder.start();
    const { own, stored } = await until(ledgers, isSame, 40_000);
    expect(stored.map(({ seq }) => seq)).toEqual(own.map((_, i) => i + 1));
    expect(new Set(stored.map(({ eid }) => eid)).size).toBe(stored.length);
  });

  it('part by the feeder’s own hand, and it feeds on', async () => {
    await feeder.ask('DELETE', '/cloud');
    expect(await link()).toMatchObject({ state: 'unclaimed', account: null });
    expect((await fed('alone', 5)).result).toBe('served');
  });
});
