import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clip, CloudView } from '@cat-feeder/shared';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openStore } from '../../../device/src/storage/store.ts';
import { factoryCalibration, HandClock } from '../../../device/test/contracts/store-fixture.ts';
import type { Cloud } from '../../src/app/compose-cloud.ts';
import { ask, newId, type OwnHome, ownBucket, ownCloud, ownHome } from '../own-cloud.ts';
import { ownDatabaseUrl } from '../own-database.ts';
import { OwnDaemon, until } from './own-daemon.ts';
import { Wire } from './wire.ts';

/* A feeder as a process of its own, whose clips were made by a camera that is gone. */
const folder = mkdtempSync(join(tmpdir(), 'feeder-clip-story-'));
const clips = [makeClip(200_000), makeClip(9_000_000)];
let wire: Wire;
let cloud: Cloud;
let home: OwnHome;
let feeder: OwnDaemon;
let at = '';

interface OwnClip {
  readonly clip: Clip;
  readonly bytes: Buffer;
}

/** What a camera leaves behind: the video, and what it is. */
function makeClip(length: number): OwnClip {
  const bytes = randomBytes(length);
  const shown = { feedingIds: [], visits: [], petIds: [], continues: null, pictures: [] };
  const picture = { codec: 'avc1.42C01F', width: 1280, height: 720, frames: 150, hasAudio: false };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const clip: Clip = {
    ...{ id: newId(), rank: 'visit', ...shown, ...picture, bytes: length, sha256 },
    ...{ startedMs: 1_795_000_000_000, durationMs: 10_000, gapMs: 0, keep: true, sentAtMs: null },
  };
  return { clip, bytes };
}

beforeAll(async () => {
  const data = join(folder, 'feeder/clips');
  mkdirSync(data, { recursive: true });
  for (const { clip, bytes } of clips) {
    writeFileSync(join(data, `${clip.id}.json`), JSON.stringify(clip));
    writeFileSync(join(data, `${clip.id}.mp4`), bytes);
  }
  const { now: time } = new HandClock();
  const at = join(folder, 'feeder');
  const store = openStore({ at, time, defaultCalibration: factoryCalibration });
  for (const { clip } of clips) store.clips.add(clip);
  store.close();
  wire = await Wire.open();
  const databaseUrl = await ownDatabaseUrl(inject('mariadbUrl'));
  const s3 = ownBucket(inject('rgwUrl'));
  cloud = await ownCloud(databaseUrl, { s3, publicUrl: wire.url, pollSeconds: 1 });
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
const own = async (): Promise<readonly Clip[]> =>
  (await feeder.get<{ items: Clip[] }>('/clips')).items;
/** Each look is of another account: members may ask only so often. */
const asMember = async (path: string) => ask(cloud.url, path, { token: await home.anotherToken() });
const stored = async () => (await asMember(`${at}/clips`)).body['clips'] as { clip: string }[];

describe('clips of a feeder', () => {
  it('stay with it although it is linked, until its owner wants them in the cloud', async () => {
    await until(own, (found) => found.length === 2);
    const { code } = await feeder.ask<{ code: string }>('POST', '/cloud/claim');
    await ask(cloud.url, '/v1/claim/confirm', { token: home.token, body: { code } });
    await until(link, ({ claim }) => claim?.account !== null);
    await feeder.ask('POST', '/cloud/agree', { account: home.account });
    const linked = await until(link, ({ state, waiting }) => state === 'online' && waiting === 0);
    expect(linked.clips).toEqual({ isOn: false, isSending: false, waiting: 0, why: '' });
    at = `/v1/devices/${linked.device}`;
    expect(await stored()).toEqual([]);
    expect((await own()).map(({ sentAtMs }) => sentAtMs)).toEqual([null, null]);
  });

  it('A-60, B1 go there, the newest first, and are the same there', async () => {
    await feeder.ask('PATCH', '/settings', { cloudClips: true });
    await until(link, ({ clips: view }) => view?.waiting === 0, 60_000);
    expect((await own()).every(({ sentAtMs }) => sentAtMs !== null)).toBe(true);
    for (const { clip } of clips) {
      const { body } = await asMember(`${at}/clips/${clip.id}`);
      const video = Buffer.from(await (await fetch(String(body['url']))).arrayBuffer());
      expect(createHash('sha256').update(video).digest('hex')).toBe(clip.sha256);
    }
  }, 70_000);

  it('B3 go from there when their owner deletes them here', async () => {
    const [first] = clips;
    await feeder.ask('DELETE', `/clips/${first?.clip.id}`);
    // It goes with the next batch, within a minute; an edit is sent at once.
    await feeder.ask('PATCH', '/settings', { name: 'Kitchen' });
    const left = await until(stored, (found) => found.length === 1);
    expect(left[0]?.clip).toBe(clips[1]?.clip.id);
  });
});
