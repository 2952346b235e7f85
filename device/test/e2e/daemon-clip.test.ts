import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CameraView, Clip, ClipsPage, Feeding, Settings } from '@cat-feeder/shared';
import { beforeEach, describe, expect, it } from 'vitest';
import { readZip } from '../support/zip-reader.ts';
import { DaemonStage } from './daemon-stage.ts';

/** The true daemon with its test picture: FFmpeg, a real feeding, its clip in a real browser. */
const look = { width: 1440, height: 900, scheme: 'light' } as const;
/** The encoder begins, a portion is served and weighed, and the seconds after it pass. */
const slow = { timeout: 80_000, interval: 300 };

const stage = DaemonStage.forThisFile({ hasCamera: true });
beforeEach(() => expect.poll(async () => (await camera()).state, slow).toBe('running'));

const camera = () => stage.daemon.ask<CameraView>('GET', '/camera');
const clips = async () => (await stage.daemon.ask<ClipsPage>('GET', '/clips')).items;
const bytesAt = async (path: string) =>
  Buffer.from(await (await fetch(`${stage.daemon.url}/api/v1${path}`)).arrayBuffer());

/** Feeds, and waits for the clip that shows it. */
async function clipOfMeal(): Promise<Clip> {
  const wish = { requestId: 'clip', portionGrams: 5, cause: 'person' };
  const { id } = await stage.daemon.ask<Feeding>('POST', '/feedings', wish);
  const shown = async () => (await clips()).find(({ feedingIds }) => feedingIds.includes(id));
  await expect.poll(shown, slow).toBeDefined();
  const clip = await shown();
  if (clip === undefined) throw new Error('The clip is gone again.');
  return clip;
}

describe('A-60 the clip of a real meal', () => {
  it('is whole, stands on the page and plays in a real browser', async () => {
    const page = await stage.open(look);
    const clip = await clipOfMeal();
    expect([...clip.pictures].sort()).toEqual(['after', 'before', 'thumbnail']);
    const video = await bytesAt(`/clips/${clip.id}/video`);
    expect(createHash('sha256').update(video).digest('hex')).toBe(clip.sha256);
    expect(framesOf(await saved(video))).toBe(clip.frames);
    await page.getByRole('button', { name: /^Play the clip of/ }).click();
    const played = () => page.evaluate("document.querySelector('video').currentTime");
    await expect.poll(played, slow).toBeGreaterThan(0.5);
    stage.house.expectClean();
  });

  it('can be exported, kept and removed, and the switch ends all seeing', async () => {
    const clip = await clipOfMeal();
    const { zone } = await stage.daemon.ask<Settings>('GET', '/settings');
    const date = new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(clip.startedMs);
    const files = readZip(await bytesAt(`/clips.zip?date=${date}`));
    expect([...files.keys()].filter((name) => name.endsWith(`${clip.id}.mp4`))).toHaveLength(1);
    expect((await bytesAt('/camera/snapshot')).subarray(0, 3).toString('hex')).toBe('ffd8ff');
    const kept = await stage.daemon.ask<Clip>('PATCH', `/clips/${clip.id}`, { keep: true });
    expect(kept.keep).toBe(true);
    const { status } = await fetch(`${stage.daemon.url}/api/v1/clips/${clip.id}`, {
      method: 'DELETE',
    });
    expect([status, await clips()]).toEqual([200, []]);
    expect(await readdir(join(stage.dataDir, 'clips'))).toEqual([]);
    await stage.daemon.ask('PATCH', '/settings', { cameraOn: false });
    await expect.poll(camera, slow).toMatchObject({ state: 'off', privacy: 'switch' });
    expect((await fetch(`${stage.daemon.url}/api/v1/camera/snapshot`)).status).toBe(503);
  });

  it('is watched live while it comes to be', async () => {
    const page = await stage.open(look);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Watch live' }).click();
    const played = () => page.evaluate("document.querySelector('video').currentTime");
    await expect.poll(played, slow).toBeGreaterThan(4);
    expect((await camera()).viewers).toBe(1);
    await page.getByRole('button', { name: 'Close' }).click();
    await expect.poll(async () => (await camera()).viewers, slow).toBe(0);
    stage.house.expectClean();
  });
});

async function saved(video: Buffer): Promise<string> {
  const path = join(stage.dataDir, 'played.mp4');
  await writeFile(path, video);
  return path;
}

/** Pictures that can be decoded, counted by FFmpeg. */
function framesOf(path: string): number {
  const count = ['-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0'];
  const report = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', ...count, path]);
  return Number.parseInt(report.toString(), 10);
}
