import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CameraView, Clip, ClipsPage, Feeding, Settings } from '@cat-feeder/shared';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readZip } from '../support/zip-reader.ts';
import { openPage, startBrowser, type WatchedPage } from './browser.ts';
import { buildPage } from './built-page.ts';
import { RealDaemon } from './real-daemon.ts';

/** The true daemon with its test picture: FFmpeg, a real feeding, its clip in a real browser. */
const look = { width: 1440, height: 900, scheme: 'light' } as const;
/** The encoder begins, a portion is served and weighed, and the seconds after it pass. */
const slow = { timeout: 80_000, interval: 300 };

let browser: Browser;
let uiDir: string;
let dataDir: string;
let daemon: RealDaemon;
let watched: WatchedPage | undefined;

beforeAll(async () => {
  [uiDir, browser] = await Promise.all([buildPage(), startBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await rm(uiDir, { recursive: true });
});

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'feeder-clip-'));
  daemon = await RealDaemon.start({ dataDir, uiDir, hasCamera: true });
  await expect.poll(async () => (await camera()).state, slow).toBe('running');
});

afterEach(async () => {
  await watched?.context.close();
  watched = undefined;
  await daemon?.kill('SIGTERM');
  await rm(dataDir, { recursive: true });
});

const camera = () => daemon.ask<CameraView>('GET', '/camera');
const clips = async () => (await daemon.ask<ClipsPage>('GET', '/clips')).items;
const bytesAt = async (path: string) =>
  Buffer.from(await (await fetch(`${daemon.url}/api/v1${path}`)).arrayBuffer());

/** Feeds, and waits for the clip that shows it. */
async function clipOfMeal(): Promise<Clip> {
  const wish = { requestId: 'clip', portionGrams: 5, cause: 'person' };
  const { id } = await daemon.ask<Feeding>('POST', '/feedings', wish);
  const shown = async () => (await clips()).find(({ feedingIds }) => feedingIds.includes(id));
  await expect.poll(shown, slow).toBeDefined();
  const clip = await shown();
  if (clip === undefined) throw new Error('The clip is gone again.');
  return clip;
}

describe('A-60 the clip of a real meal', () => {
  it('is whole, stands on the page and plays in a real browser', async () => {
    watched = await openPage(browser, daemon.url, look);
    const { page } = watched;
    const clip = await clipOfMeal();
    expect([...clip.pictures].sort()).toEqual(['after', 'before', 'thumbnail']);
    const video = await bytesAt(`/clips/${clip.id}/video`);
    expect(createHash('sha256').update(video).digest('hex')).toBe(clip.sha256);
    expect(framesOf(await saved(video))).toBe(clip.frames);
    await page.getByRole('button', { name: /^Play the clip of/ }).click();
    const played = () => page.evaluate("document.querySelector('video').currentTime");
    await expect.poll(played, slow).toBeGreaterThan(0.5);
    expect(watched.complaints).toEqual([]);
  });

  it('can be exported, kept and removed, and the switch ends all seeing', async () => {
    const clip = await clipOfMeal();
    const { zone } = await daemon.ask<Settings>('GET', '/settings');
    const date = new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(clip.startedMs);
    const files = readZip(await bytesAt(`/clips.zip?date=${date}`));
    expect([...files.keys()].filter((name) => name.endsWith(`${clip.id}.mp4`))).toHaveLength(1);
    expect((await bytesAt('/camera/snapshot')).subarray(0, 3).toString('hex')).toBe('ffd8ff');
    const kept = await daemon.ask<Clip>('PATCH', `/clips/${clip.id}`, { keep: true });
    expect(kept.keep).toBe(true);
    const { status } = await fetch(`${daemon.url}/api/v1/clips/${clip.id}`, { method: 'DELETE' });
    expect([status, await clips()]).toEqual([200, []]);
    expect(await readdir(join(dataDir, 'clips'))).toEqual([]);
    await daemon.ask('PATCH', '/settings', { cameraOn: false });
    await expect.poll(camera, slow).toMatchObject({ state: 'off', privacy: 'switch' });
    expect((await fetch(`${daemon.url}/api/v1/camera/snapshot`)).status).toBe(503);
  });

  it('is watched live while it comes to be', async () => {
    watched = await openPage(browser, daemon.url, look);
    const { page } = watched;
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Watch live' }).click();
    const played = () => page.evaluate("document.querySelector('video').currentTime");
    await expect.poll(played, slow).toBeGreaterThan(4);
    expect((await camera()).viewers).toBe(1);
    await page.getByRole('button', { name: 'Close' }).click();
    await expect.poll(async () => (await camera()).viewers, slow).toBe(0);
    expect(watched.complaints).toEqual([]);
  });
});

async function saved(video: Buffer): Promise<string> {
  const path = join(dataDir, 'played.mp4');
  await writeFile(path, video);
  return path;
}

/** Pictures that can be decoded, counted by FFmpeg. */
function framesOf(path: string): number {
  const count = ['-count_frames', '-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0'];
  const report = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', ...count, path]);
  return Number.parseInt(report.toString(), 10);
}
