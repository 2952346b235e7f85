import { readFileSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Clip } from '@cat-feeder/shared';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testDir } from '../contracts/store-fixture.ts';
import { makePicture, makeSegments, makeVideo } from '../support/segment-maker.ts';
import { type Look, openPage, startBrowser, type WatchedPage } from './browser.ts';
import { buildPage } from './built-page.ts';
import { stageOrdinaryDay } from './stage-scene.ts';
import { StagedFeeder } from './staged-feeder.ts';

const VIDEO_SECONDS = 12;
/** A decoder on a busy machine takes its time. */
const patient = { timeout: 15_000 };
const phone: Look = { width: 360, height: 740, scheme: 'light' };
const desk: Look = { width: 1440, height: 900, scheme: 'dark' };

let browser: Browser;
let uiDir: string;
let feeder: StagedFeeder;
let url: string;
let watched: WatchedPage;
let clip: Clip;

beforeAll(async () => {
  [uiDir, browser] = await Promise.all([buildPage(), startBrowser()]);
});

afterAll(async () => {
  await browser.close();
  await rm(uiDir, { recursive: true });
});

beforeEach(async () => {
  feeder = new StagedFeeder();
  stageOrdinaryDay(feeder);
  clip = putClip();
  url = await feeder.open(uiDir);
});

afterEach(async () => {
  await watched.context.close();
  await feeder.close();
});

/** A real clip of the newest feeding, with its three pictures. */
function putClip(): Clip {
  const [feeding] = feeder.feedings;
  const file = join(feeder.clipDir, 'made.mp4');
  makeVideo(file, VIDEO_SECONDS);
  const put = feeder.clips.put(readFileSync(file), {
    rank: 'feeding',
    feedingIds: [feeding?.id ?? ''],
    startedMs: feeding?.startedAtMs ?? 0,
    durationMs: VIDEO_SECONDS * 1000,
    width: 320,
    height: 240,
    pictures: ['thumbnail', 'before', 'after'],
  });
  for (const picture of put.pictures) {
    makePicture(file, join(feeder.clipDir, `${put.id}.${picture}.jpg`));
  }
  rmSync(file);
  return put;
}

async function open(look: Look): Promise<Page> {
  watched = await openPage(browser, url, look);
  await watched.page.getByText('at rest').first().waitFor();
  return watched.page;
}

const openClip = (page: Page) => page.getByRole('button', { name: /^Play the clip of/ });

/** What the browser says of the only video on the page. */
function videoOf(page: Page) {
  const read = `(() => {
    const { currentTime, duration, videoWidth, ended, error } = document.querySelector('video');
    return { currentTime, duration, videoWidth, ended, error: error && error.message };
  })()`;
  return page.evaluate(read) as Promise<{
    currentTime: number;
    duration: number;
    videoWidth: number;
    ended: boolean;
    error: string | null;
  }>;
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
}

describe('A-60 the clip of a feeding', () => {
  it.each([phone, desk])(
    'stands on its feeding and plays when it is asked for (%o)',
    async (look) => {
      const page = await open(look);
      const videos: string[] = [];
      page.on('request', (request) => {
        if (request.url().endsWith('/video')) videos.push(request.url());
      });
      const thumbnail = openClip(page).locator('img');
      await thumbnail.scrollIntoViewIfNeeded();
      const width = () => thumbnail.evaluate((image) => Reflect.get(image, 'naturalWidth'));
      await expect.poll(width).toBe(320);
      expect(await openClip(page).count()).toBe(1);
      expect(videos).toEqual([]);
      await openClip(page).click();
      await expect
        .poll(async () => (await videoOf(page)).currentTime, patient)
        .toBeGreaterThan(0.3);
      expect(await videoOf(page)).toMatchObject({ videoWidth: 320, error: null });
      expect((await videoOf(page)).duration).toBeCloseTo(VIDEO_SECONDS, 0);
      await page.getByText('Before', { exact: true }).waitFor();
      await expectAccessible(page);
      expect([watched.complaints, watched.foreign]).toEqual([[], []]);
    },
  );

  it('is played from anywhere, by ranges', async () => {
    const page = await open(desk);
    const statuses: number[] = [];
    page.on('response', (response) => {
      if (response.url().endsWith('/video')) statuses.push(response.status());
    });
    await openClip(page).click();
    await expect.poll(async () => (await videoOf(page)).duration).toBeGreaterThan(0);
    await page.evaluate(`document.querySelector('video').currentTime = ${VIDEO_SECONDS - 1}`);
    await expect.poll(async () => (await videoOf(page)).ended, patient).toBe(true);
    expect(statuses).toContain(206);
  });

  it('appears when it is made, is kept, and is deleted by two presses', async () => {
    const page = await open(desk);
    await openClip(page).waitFor();
    await feeder.clips.remove(clip.id);
    await openClip(page).waitFor({ state: 'detached' });
    clip = putClip();
    feeder.live.publish('clip', clip);
    await openClip(page).click();
    await page.getByLabel('Keep it until I delete it').click();
    await expect.poll(() => feeder.clips.get(clip.id)?.keep).toBe(true);
    await page.getByRole('button', { name: 'Delete' }).click();
    expect(feeder.clips.get(clip.id)).toBeDefined();
    await page.getByRole('button', { name: 'Delete it for ever' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => openClip(page).count()).toBe(0);
    expect(feeder.clips.get(clip.id)).toBeUndefined();
  });

  it('is told to be gone when its file is', async () => {
    const page = await open(phone);
    rmSync(join(feeder.clipDir, `${clip.id}.mp4`));
    await openClip(page).click();
    await page.getByText('This clip cannot be played.').waitFor();
  });

  it('is in the day’s download', async () => {
    const page = await open(desk);
    await page.getByRole('link', { name: 'System' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download today’s clips' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('clips-2026-11-22.zip');
    const bytes = readFileSync(await download.path());
    expect(bytes.includes(`${clip.id}.mp4`)).toBe(true);
  });
});

describe('A-60 the camera on the page', () => {
  it('shows the clips of visits, on which nobody was fed', async () => {
    const page = await open(desk);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('heading', { name: 'Camera' }).waitFor();
    expect(await openClip(page).count()).toBe(0);
    const visit = feeder.clips.put('video', { startedMs: clip.startedMs + 60_000 });
    feeder.live.publish('clip', visit);
    await page.getByRole('heading', { name: 'Visits' }).waitFor();
    expect(await openClip(page).count()).toBe(1);
  });

  it('shows on every view that it records', async () => {
    const page = await open(phone);
    const light = page.getByText('Recording', { exact: true });
    expect(await light.count()).toBe(0);
    feeder.live.publish('camera', { ...feeder.camera.view(), isRecording: true });
    for (const view of ['Plan', 'Cats', 'Home']) {
      await page.getByRole('link', { name: view }).click();
      await light.waitFor();
    }
    const width = 'document.documentElement.scrollWidth - innerWidth';
    expect(await page.evaluate(width)).toBeLessThanOrEqual(0);
    feeder.live.publish('camera', feeder.camera.view());
    await light.waitFor({ state: 'detached' });
  });

  it('is switched off and on, closed for hours, and told to leave visits alone', async () => {
    const page = await open(desk);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByRole('button', { name: 'Switch on' }).waitFor();
    expect(feeder.settings.cameraOn).toBe(false);
    feeder.live.publish('camera', { ...feeder.camera.view(), state: 'off', privacy: 'switch' });
    await page.getByText('Switched off', { exact: true }).waitFor();
    await page.getByLabel('Only meals, no visits').click();
    await expect.poll(() => feeder.settings.cameraMealsOnly).toBe(true);
    await page.getByLabel('Closed every day').click();
    await page.getByLabel('From').fill('21:30');
    await page.getByRole('button', { name: 'Save the hours' }).click();
    await expect
      .poll(() => feeder.settings.cameraPrivacyHours)
      .toEqual({ from: '21:30', to: '06:00' });
    await expectAccessible(page);
    expect(watched.complaints).toEqual([]);
  });

  it('is watched live, as one video without an end', async () => {
    const segments = makeSegments(testDir(), 8);
    const page = await open(desk);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Watch live' }).click();
    await expect.poll(() => feeder.camera.view().viewers).toBe(1);
    for (const path of segments) {
      const when = { endedMonoMs: 0, endedWallMs: 0 };
      feeder.camera.live.show({ path, format: 'a', bytes: 1, durationMs: 1000, ...when });
      await page.waitForTimeout(300);
    }
    await expect.poll(async () => (await videoOf(page)).currentTime, patient).toBeGreaterThan(1.5);
    expect(await videoOf(page)).toMatchObject({ videoWidth: 320, error: null });
    expect(watched.complaints).toEqual([]);
    await page.getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => feeder.camera.view().viewers).toBe(0);
  });

  it('has no place on the page of a feeder without one', async () => {
    await feeder.close();
    feeder = new StagedFeeder();
    stageOrdinaryDay(feeder);
    feeder.hasCamera = false;
    url = await feeder.open(uiDir);
    const page = await open(desk);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('heading', { name: 'Parts' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Camera' }).count()).toBe(0);
  });
});
