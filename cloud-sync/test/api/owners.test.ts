import { docsDigest, type SyncDoc } from '@cat-feeder/shared';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { pollClaim } from '../../src/identity/enrolment.ts';
import type { IdentityStore } from '../../src/identity/identity-store.ts';
import { realSystem } from '../../src/platform/system.ts';
import { ask, newId, type OwnHome, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { docChanged, OwnFeeder } from '../own-feeder.ts';
import { watchShards } from '../shard-guard.ts';

let cloud: Cloud;
let first: OwnHome;
let second: OwnHome;

beforeAll(async () => {
  const databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  cloud = await ownCloud(databaseUrl, { watch: watchShards() });
  first = await ownHome(cloud, 'ada@example.org');
  second = await ownHome(cloud, 'bob@example.org');
});
afterAll(() => cloud.stop());

async function feederOfFirst(): Promise<OwnFeeder> {
  const feeder = await OwnFeeder.claimed(cloud.url, first);
  await feeder.hello();
  return feeder;
}

async function isListed(home: OwnHome, { deviceId }: OwnFeeder): Promise<boolean> {
  const token = await home.anotherToken();
  return JSON.stringify((await ask(cloud.url, '/v1/devices', { token })).body).includes(deviceId);
}

describe('a feeder that changes its owner', () => {
  it('hears nothing any more of what the former home wished and ordered', async () => {
    const feeder = await feederOfFirst();
    const at = `/v1/devices/${feeder.deviceId}`;
    const wish = { mid: newId(), op: 'create', groups: { label: { name: 'Snack' } } };
    const token = await first.anotherToken();
    const patch = { method: 'PATCH', token, body: wish };
    expect((await ask(cloud.url, `${at}/docs/meal/${newId()}`, patch)).status).toBe(200);
    const id = newId();
    const order = { id, order: { op: 'feed', mg: 20_000 } };
    expect((await ask(cloud.url, `${at}/commands`, { token, body: order })).status).toBe(200);
    await feeder.claim(second);

    const claim = { v: 1, session: feeder.session, nonce: feeder.boot };
    const granted = await feeder.post(`/v1/commands/${id}/claim`, claim);
    expect(granted).toMatchObject({ status: 410, body: { err: 'cancelled' } });
    feeder.beginEpoch();
    const { body } = await feeder.hello();
    expect(body['down']).toMatchObject({ items: [] });
    const view = await ask(cloud.url, at, { token: await second.anotherToken() });
    expect(view.body).toMatchObject({ pending: 0 });
  });

  it('keeps what is open when it is linked to the same home again', async () => {
    const feeder = await feederOfFirst();
    const at = `/v1/devices/${feeder.deviceId}`;
    const wish = { mid: newId(), op: 'create', groups: { label: { name: 'Snack' } } };
    const patch = { method: 'PATCH', token: await first.anotherToken(), body: wish };
    await ask(cloud.url, `${at}/docs/meal/${newId()}`, patch);
    await feeder.claim(first);
    expect((await feeder.hello()).body['down']).toMatchObject({ items: [{ ref: wish.mid }] });
  });

  const steps = ['leaveHome', 'linkDevice', 'joinHome', 'finishClaim'] as const;
  it.each(steps)('E2 is in one list only, though the service died after %s', async (step) => {
    const feeder = await feederOfFirst();
    const { body } = await feeder.startClaim();
    const { claim, code } = body as { claim: string; code: string };
    const token = await second.anotherToken();
    await ask(cloud.url, '/v1/claim/confirm', { token, body: { code } });
    const { enrolment } = cloud.deps;
    const dying = new Proxy(enrolment.store, {
      get:
        (store, name: keyof IdentityStore) =>
        async (...args: never[]) => {
          const said = await (store[name] as (...all: never[]) => unknown).apply(store, args);
          if (name === step) throw new Error('killed');
          return said;
        },
    });
    const proof = await feeder.proof({ purpose: 'claim' });
    const request = { claim, proof, agreed: true };
    await expect(pollClaim({ ...enrolment, store: dying }, request)).rejects.toThrow('killed');
    expect((await feeder.pollClaim(claim, false)).body).toMatchObject({ state: 'claimed' });
    expect(await isListed(first, feeder)).toBe(false);
    expect(await isListed(second, feeder)).toBe(true);
  });

  it('shows the new home the documents that it still has', async () => {
    const feeder = await feederOfFirst();
    const doc = docChanged() as SyncDoc;
    await feeder.send([feeder.event(doc, 'doc.changed')]);
    const digest = docsDigest(realSystem.sha256, [doc]);
    expect((await feeder.hello(digest)).body).toMatchObject({ need_docs: false });
    await feeder.claim(second);
    feeder.beginEpoch();
    expect((await feeder.hello(digest)).body).toMatchObject({ need_docs: true });
    await feeder.send([feeder.event({ n: 1, of: 1, doc }, 'doc.snapshot')]);
    expect((await feeder.hello(digest)).body).toMatchObject({ need_docs: false });
    const at = `/v1/devices/${feeder.deviceId}/docs`;
    const { body } = await ask(cloud.url, at, { token: await second.anotherToken() });
    expect(body).toEqual({ docs: [doc] });
  });
});
