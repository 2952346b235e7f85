import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAY_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { clipId } from '../../test/contracts/clip-catalogue.ts';
import { memoryStore, testDir } from '../../test/contracts/store-fixture.ts';
import { clipOf } from '../../test/support/clip-fixtures.ts';
import { type LiveEvent, LiveEvents } from '../platform/live-events.ts';
import { silentLogger } from '../platform/logger.ts';
import { ClipDirectory } from '../storage/clip-directory.ts';
import { clipChores } from './clip-chores.ts';
import { clipsPort } from './clips-port.ts';
import { watchLedger } from './watch-ledger.ts';

/** A store with two clips that have files, behind the port of the API. */
async function shelf() {
  const { store, clock } = memoryStore();
  const dir = testDir();
  const files = new ClipDirectory(dir);
  const live = new LiveEvents({ epoch: 'boot', logger: silentLogger });
  const told: LiveEvent[] = [];
  live.subscribe((event) => told.push(event));
  for (const n of [1, 2]) {
    const clip = clipOf({ id: clipId(n), bytes: 5, startedMs: clock.now().wallMs + n * DAY_MS });
    writeFileSync(files.work(clip.id).video, 'video');
    await files.publish(clip);
    store.clips.add(clip);
  }
  watchLedger(store, live);
  return { store, clock, dir, files, live, told, port: clipsPort({ store, files, live }) };
}

describe('clips behind the API', () => {
  it('are removed with their files, and watchers are told once', async () => {
    const { port, store, dir, told } = await shelf();
    await port.remove(clipId(1));
    expect(store.clips.get(clipId(1))).toBeUndefined();
    expect(readdirSync(dir)).toEqual([`${clipId(2)}.json`, `${clipId(2)}.mp4`]);
    expect(told).toMatchObject([{ name: 'changed', data: { what: 'clips', id: clipId(1) } }]);
    await expect(port.remove(clipId(1))).rejects.toMatchObject({ code: 'ERR_NOT_FOUND' });
    expect(port.path(clipId(1), 'video')).toBeNull();
  });

  it('are kept, and watchers see the clip as it is now', async () => {
    const { port, told } = await shelf();
    expect(port.setKeep(clipId(2), true).keep).toBe(true);
    expect(told).toMatchObject([{ name: 'clip', data: { id: clipId(2), keep: true } }]);
    expect(() => port.setKeep(clipId(9), true)).toThrow(
      expect.objectContaining({ code: 'ERR_NOT_FOUND' }),
    );
  });

  it('have no files on a feeder that has no place for them, and are left alone', async () => {
    const { store, live } = await shelf();
    const port = clipsPort({ store, files: null, live });
    expect(port.path(clipId(1), 'video')).toBeNull();
    await expect(port.remove(clipId(1))).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
    expect(store.clips.get(clipId(1))).toBeDefined();
  });
});

describe('clips of a camera that was taken away', () => {
  const retention = { quotaBytes: 1000, freeBytesMin: 0, daysMax: 30 };

  it('go when they are too old, by a clock that is believed', async () => {
    const { store, clock, dir, files } = await shelf();
    const parts = { store, time: clock, camera: null };
    const [chore] = clipChores({ files, retention }, parts);
    const left = async () => {
      await chore?.run();
      return readdirSync(dir).filter((name) => name.endsWith('.mp4'));
    };
    clock.ageMs += 31.5 * DAY_MS;
    clock.quality = 'unknown';
    expect(await left()).toHaveLength(2);
    clock.quality = 'synchronized';
    expect(await left()).toEqual([`${clipId(2)}.mp4`]);
    const { entries } = store.log.page({ afterSeq: 0, limit: 9, kinds: ['clip.dropped'] });
    expect(entries).toMatchObject([{ body: { clipId: clipId(1), reason: 'age' } }]);
  });

  it('stay when their directory is not there, and are missed when one among them is gone', async () => {
    const { store, clock, dir, files } = await shelf();
    const [chore] = clipChores({ files, retention }, { store, time: clock, camera: null });
    const moved = `${dir}-moved`;
    renameSync(dir, moved);
    await chore?.run();
    expect(store.clips.totals().count).toBe(2);
    rmSync(dir, { recursive: true });
    renameSync(moved, dir);
    rmSync(join(dir, `${clipId(2)}.mp4`));
    await chore?.run();
    expect(store.clips.list({ limit: 5 }).map(({ id }) => id)).toEqual([clipId(1)]);
    rmSync(moved, { recursive: true, force: true });
  });

  it('are the business of the camera as long as there is one', async () => {
    const { store, clock, files } = await shelf();
    expect(clipChores({ files, retention }, { store, time: clock, camera: {} })).toEqual([]);
    expect(clipChores(undefined, { store, time: clock, camera: null })).toEqual([]);
  });
});
