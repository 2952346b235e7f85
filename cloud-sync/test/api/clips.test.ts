import { createHash } from 'node:crypto';
import {
  type ClipUploadAnswer,
  DAY_MS,
  type EventBody,
  HOUR_MS,
  makeUlid,
} from '@cat-feeder/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import type { ClipContext } from '../../src/clips/clip-context.ts';
import { sweepClips } from '../../src/clips/clip-removal.ts';
import { readClip, readClips } from '../../src/clips/read-clips.ts';
import { realSystem } from '../../src/platform/system.ts';
import { OwnClip } from '../own-clip.ts';
import {
  ask,
  emptyRedis,
  newId,
  type OwnHome,
  ownBucket,
  ownCloud,
  ownHome,
} from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnFeeder } from '../own-feeder.ts';
import { watchShards } from '../shard-guard.ts';
import { until } from '../story/own-daemon.ts';

let cloud: Cloud;
let home: OwnHome;
let feeder: OwnFeeder;

beforeAll(async () => {
  const databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  const redisUrl = await emptyRedis(inject('redisUrl'));
  const s3 = ownBucket(inject('rgwUrl'));
  cloud = await ownCloud(databaseUrl, { redisUrl, s3, watch: watchShards() });
  home = await ownHome(cloud);
  const { objects } = cloud.deps.clips ?? {};
  await until(
    async () =>
      objects?.ping().then(
        () => true,
        () => false,
      ),
    (isThere) => isThere === true,
  );
});
beforeEach(async () => {
  await emptyRedis(inject('redisUrl'));
  feeder = await OwnFeeder.claimed(cloud.url, home);
  await feeder.hello();
});
afterAll(() => cloud.stop());

/** The rules as they are after a while. */
function rulesIn(ms: number): ClipContext {
  const rules = cloud.deps.clips;
  if (rules === null) throw new TypeError('no clips');
  return { ...rules, now: () => realSystem.wallMs() + ms };
}

const clips = () => `/v1/devices/${feeder.deviceId}/clips`;
const asMember = async (path: string, method = 'GET') =>
  ask(cloud.url, path, { token: await home.anotherToken(), method });
const listed = async () => (await asMember(clips())).body['clips'];

async function download(id: string): Promise<{ status: number; sha256: string }> {
  const { body } = await asMember(`${clips()}/${id}`);
  const answer = await fetch(String(body['url']));
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, sha256: createHash('sha256').update(bytes).digest('base64url') };
}

function dropped(clipId: string, reason: EventBody<'clip.dropped'>['reason']) {
  const none = { feedingIds: [], startedMs: 0, bytes: null, sha256: null };
  return feeder.event({ clipId, ...none, reason, why: '' }, 'clip.dropped');
}

describe('B1 a clip', () => {
  it('A-20 goes from the feeder to the store, and the service says it is there when it is', async () => {
    const clip = new OwnClip(feeder);
    expect((await clip.complete()).body).toEqual({ err: 'not_found' });
    const { parts, state } = await clip.announced();
    expect([state, parts.length]).toEqual(['open', 1]);
    expect((await clip.complete()).body).toEqual({ err: 'incomplete' });
    expect(await listed()).toEqual([]);
    const [part] = parts;
    if (part !== undefined) expect(await clip.put(part)).toBe(200);
    for (let asked = 0; asked < 2; asked++) {
      expect((await clip.complete()).body).toEqual({ state: 'stored' });
    }
    expect((await clip.announced()).state).toBe('stored');
    if (part !== undefined) expect(await clip.put(part)).toBe(412);
    const { id, sha256, bytes } = clip;
    expect(await listed()).toMatchObject([{ clip: id, sha256, bytes: bytes.length }]);
    expect(await download(id)).toEqual({ status: 200, sha256 });
  });

  it('goes in parts when it is large, and only what is missing is asked for', async () => {
    const clip = new OwnClip(feeder, 20_000_000);
    const { parts } = await clip.announced();
    expect(parts.map(({ n }) => n)).toEqual([1, 2, 3]);
    for (const part of parts.slice(1)) expect(await clip.put(part)).toBe(200);
    const again = (await clip.resume()).body as unknown as ClipUploadAnswer;
    expect(again.parts.map(({ n }) => n)).toEqual([1]);
    expect((await clip.complete()).body).toEqual({ err: 'incomplete' });
    // What cannot be put together is begun anew.
    expect((await clip.send()).body).toEqual({ state: 'stored' });
    expect(await download(clip.id)).toEqual({ status: 200, sha256: clip.sha256 });
  });

  it('need not be sent again after a lost answer', async () => {
    for (const length of [50_000, 9_000_000]) {
      const clip = new OwnClip(feeder, length);
      for (const part of (await clip.announced()).parts) await clip.put(part);
      expect((await clip.announced()).parts).toEqual([]);
      expect((await clip.complete()).body).toEqual({ state: 'stored' });
    }
  });

  const wrong: Readonly<Record<string, (clip: OwnClip) => Uint8Array>> = {
    'other bytes': (clip) => Buffer.alloc(clip.bytes.length, 7),
    'fewer bytes': (clip) => clip.bytes.subarray(1),
    'more bytes': (clip) => Buffer.concat([clip.bytes, Buffer.from('x')]),
  };
  it.each(Object.entries(wrong))('is not taken when %s come', async (_, bytesOf) => {
    const clip = new OwnClip(feeder);
    const [part] = (await clip.announced()).parts;
    if (part === undefined) throw new Error('no part');
    expect(await clip.put(part, bytesOf(clip))).toBeGreaterThanOrEqual(400);
    expect((await clip.complete()).body).toEqual({ err: 'incomplete' });
    expect(await listed()).toEqual([]);
  });

  it('is not taken when its bytes are not those that were announced, whatever their tag', async () => {
    const clip = new OwnClip(feeder);
    const [part] = (await clip.announced()).parts;
    if (part === undefined) throw new Error('no part');
    const other = Buffer.alloc(clip.bytes.length, 7);
    const answer = await fetch(part.url, { method: 'PUT', headers: part.headers, body: other });
    // A store that checks the SHA-256 refuses at once; this one looks at no checksum of that kind.
    expect(answer.status).toBe(200);
    expect((await clip.complete()).body).toEqual({ err: 'incomplete' });
    // What is wrong does not stay.
    expect((await clip.announced()).parts).toHaveLength(1);
    expect((await clip.send()).body).toEqual({ state: 'stored' });
  });

  it('is bound to what was announced', async () => {
    const clip = new OwnClip(feeder);
    await clip.announce();
    const other = new OwnClip(feeder);
    expect((await clip.announce({ sha256: other.sha256 })).body).toEqual({ err: 'reused' });
    expect((await clip.announce({ bytes: 1 })).body).toEqual({ err: 'reused' });
    const [part] = (await clip.announced()).parts;
    if (part === undefined) throw new Error('no part');
    const headers = { ...part.headers, 'x-amz-meta-sha256': other.sha256 };
    expect(await clip.put({ ...part, headers })).toBe(403);
    const elsewhere = part.url.replace(clip.id, newId());
    expect(await clip.put({ ...part, url: elsewhere })).toBe(403);
  });
});

describe('a clip that is deleted', () => {
  it('at the feeder is gone in the cloud, and does not come back', async () => {
    const clip = new OwnClip(feeder);
    const { parts } = await clip.announced();
    await clip.send();
    const { body } = await asMember(`${clips()}/${clip.id}`);
    await feeder.send([dropped(clip.id, 'person')]);
    expect(await listed()).toEqual([]);
    const gone = async () => (await fetch(String(body['url']))).status;
    await until(gone, (status) => status === 404);
    expect((await clip.announce()).body).toEqual({ err: 'cancelled' });
    expect((await clip.complete()).body).toEqual({ err: 'cancelled' });
    // An address that was given before still works: what it brings is removed, too.
    const [part] = parts;
    if (part !== undefined) await clip.put(part);
    expect(await gone()).toBe(200);
    await sweepClips(rulesIn(2 * HOUR_MS), feeder.deviceId);
    expect(await gone()).toBe(404);
    expect(await sweepClips(rulesIn(9 * HOUR_MS), feeder.deviceId)).toBe(0);
  });

  it('before anything of it came is not taken later', async () => {
    const clip = new OwnClip(feeder);
    await feeder.send([dropped(clip.id, 'person')]);
    expect((await clip.announce()).body).toEqual({ err: 'cancelled' });
  });

  it('for want of room stays in the cloud when it is there, and is not waited for when not', async () => {
    const [sent, open] = [new OwnClip(feeder), new OwnClip(feeder)];
    await sent.send();
    await open.announce();
    await feeder.send([dropped(sent.id, 'quota'), dropped(open.id, 'quota')]);
    expect(await listed()).toMatchObject([{ clip: sent.id }]);
    expect((await open.announce()).body).toEqual({ err: 'cancelled' });
  });

  it('by a member is gone for all members', async () => {
    const clip = new OwnClip(feeder);
    await clip.send();
    const at = `${clips()}/${clip.id}`;
    expect((await asMember(at, 'DELETE')).body).toEqual({ state: 'removed' });
    expect((await asMember(at, 'DELETE')).status).toBe(200);
    expect((await asMember(at)).status).toBe(404);
    expect(await listed()).toEqual([]);
  });
});

describe('clips', () => {
  it('S1 of another home are not there', async () => {
    const clip = new OwnClip(feeder);
    await clip.send();
    const stranger = await ownHome(cloud, `${newId()}@example.org`);
    for (const [method, path] of [
      ['GET', clips()],
      ['GET', `${clips()}/${clip.id}`],
      ['DELETE', `${clips()}/${clip.id}`],
    ] as const) {
      const said = await ask(cloud.url, path, { token: stranger.token, method });
      expect(said).toMatchObject({ status: 404, body: { err: 'not_found' } });
    }
    const other = await OwnFeeder.claimed(cloud.url, stranger);
    const asOther = await ask(cloud.url, `/v1/clips/${clip.id}/upload`, { token: other.token });
    expect(asOther.status).toBe(404);
    expect(await listed()).toHaveLength(1);
  });

  it('are not there any more when their days are over', async () => {
    const clip = new OwnClip(feeder);
    await clip.send();
    const [{ deviceId }, { homeId }] = [feeder, home];
    const read = async (days: number) => {
      const page = await readClips(rulesIn(days * DAY_MS), { deviceId, homeId }, null);
      const one = await readClip(rulesIn(days * DAY_MS), { deviceId, clipId: clip.id }, homeId);
      return [page.ok && page.body.clips.length, one.ok];
    };
    expect(await read(364)).toEqual([1, true]);
    expect(await read(366)).toEqual([0, false]);
  });

  it('of one feeder take no more room than it has', async () => {
    const clip = new OwnClip(feeder, 10);
    expect((await clip.announce({ bytes: 200_000_000 })).status).toBe(200);
    const said = await new OwnClip(feeder).announce();
    expect(said).toMatchObject({ status: 429, body: { err: 'rate_limited' }, retryAfter: 3600 });
  });

  it.each([
    ['no clip', { bytes: 0 }],
    ['more than any', { bytes: 2 ** 30 + 1 }],
    ['no checksum', { sha256: 'x' }],
  ])('that are %s are refused', async (_, part) => {
    expect((await new OwnClip(feeder).announce(part)).status).toBe(400);
  });

  it('come in pages, newest first', async () => {
    const at = realSystem.wallMs();
    const ids = [3, 2, 1].map((n) => makeUlid(at - 1000 + n, realSystem.random));
    const { store } = cloud.deps.cloud;
    await store.onDevice(feeder.deviceId, async (tx) => {
      for (const clipId of ids) {
        await tx.putClip({
          ...{ clipId, homeId: home.homeId, feedId: null, state: 'stored', bytes: 1, key: 'k' },
          ...{ sha256: 'A'.repeat(43), uploadId: null, createdMs: at, storedMs: at, dueMs: null },
        });
      }
    });
    const page = await asMember(`${clips()}?before=${ids[1]}`);
    expect(page.body['clips']).toMatchObject([{ clip: ids[2] }]);
    expect((await asMember(`${clips()}?before=x`)).status).toBe(400);
  });
});

describe('a service without a store', () => {
  it('has no clips, says so, and does everything else', async () => {
    const other = await ownCloud(await ownDatabaseUrl(inject('mariadbUrl')));
    const one = await OwnFeeder.claimed(other.url, await ownHome(other));
    expect((await new OwnClip(one).announce()).body).toEqual({ err: 'not_found' });
    const ready = await ask(other.adminUrl, '/health/ready');
    const components = { database: 'up', clips: 'off' };
    expect(ready).toMatchObject({ status: 200, body: { components, degraded: ['clips'] } });
    await other.stop();
  });
});
