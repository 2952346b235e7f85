import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Clip } from '@cat-feeder/shared';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { testDir } from '../contracts/store-fixture.ts';
import { makePicture, makeSegments, makeVideo } from '../support/segment-maker.ts';
import type { Look } from './browser.ts';
import { desk, PageStage, phone } from './page-stage.ts';

const VIDEO_SECONDS = 12;
/** A decoder on a busy machine takes its time. */
const patient = { timeout: 15_000 };
const night: Look = { ...desk, scheme: 'dark' };

const stage = PageStage.forThisFile();
let clip: Clip;
beforeEach(() => {
  clip = putClip();
});

/** A real clip of the newest feeding, with its three pictures. */
function putClip(): Clip {
  const [feeding] = stage.feeder.feedings;
  const file = join(stage.feeder.clipDir, 'made.mp4');
  makeVideo(file, VIDEO_SECONDS);
  const put = stage.feeder.clips.put(readFileSync(file), {
    rank: 'feeding',
    feedingIds: [feeding?.id ?? ''],
    startedMs: feeding?.startedAtMs ?? 0,
    durationMs: VIDEO_SECONDS * 1000,
    width: 320,
    height: 240,
    pictures: ['thumbnail', 'before', 'after'],
  });
  for (const picture of put.pictures) {
    makePicture(file, join(stage.feeder.clipDir, `${put.id}.${picture}.jpg`));
  }
  rmSync(file);
  return put;
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
  it.each([phone, night])(
    'stands on its feeding and plays when it is asked for (%o)',
    async (look) => {
      const page = await stage.open(look);
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
      stage.expectClean();
    },
  );

  it('is played from anywhere, by ranges', async () => {
    const page = await stage.open(night);
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
    const page = await stage.open(night);
    await openClip(page).waitFor();
    await stage.feeder.clips.remove(clip.id);
    await openClip(page).waitFor({ state: 'detached' });
    clip = putClip();
    stage.feeder.live.publish('clip', clip);
    await openClip(page).click();
    await page.getByLabel('Keep it until I delete it').click();
    await expect.poll(() => stage.feeder.clips.get(clip.id)?.keep).toBe(true);
    await page.getByRole('button', { name: 'Delete' }).click();
    expect(stage.feeder.clips.get(clip.id)).toBeDefined();
    await page.getByRole('button', { name: 'Delete it for ever' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => openClip(page).count()).toBe(0);
    expect(stage.feeder.clips.get(clip.id)).toBeUndefined();
  });

  it('is told to be gone when its file is', async () => {
    const page = await stage.open(phone);
    rmSync(join(stage.feeder.clipDir, `${clip.id}.mp4`));
    await openClip(page).click();
    await page.getByText('This clip cannot be played.').waitFor();
  });

  it('is in the day’s download', async () => {
    const page = await stage.open(night);
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
    const page = await stage.open(night);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('heading', { name: 'Camera' }).waitFor();
    expect(await openClip(page).count()).toBe(0);
    const visit = stage.feeder.clips.put('video', { startedMs: clip.startedMs + 60_000 });
    stage.feeder.live.publish('clip', visit);
    await page.getByRole('heading', { name: 'Visits' }).waitFor();
    expect(await openClip(page).count()).toBe(1);
  });

  it('shows on every view that it records', async () => {
    const page = await stage.open(phone);
    const light = page.getByText('Recording', { exact: true });
    expect(await light.count()).toBe(0);
    stage.feeder.live.publish('camera', { ...stage.feeder.camera.view(), isRecording: true });
    for (const view of ['Plan', 'Cats', 'Home']) {
      await page.getByRole('link', { name: view }).click();
      await light.waitFor();
    }
    const width = 'document.documentElement.scrollWidth - innerWidth';
    expect(await page.evaluate(width)).toBeLessThanOrEqual(0);
    stage.feeder.live.publish('camera', stage.feeder.camera.view());
    await light.waitFor({ state: 'detached' });
  });

  it('is switched off and on, closed for hours, and told to leave visits alone', async () => {
    const page = await stage.open(night);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByRole('button', { name: 'Switch on' }).waitFor();
    expect(stage.feeder.settings.cameraOn).toBe(false);
    stage.feeder.live.publish('camera', {
      ...stage.feeder.camera.view(),
      state: 'off',
      privacy: 'switch',
    });
    await page.getByText('Switched off', { exact: true }).waitFor();
    await page.getByLabel('Only meals, no visits').click();
    await expect.poll(() => stage.feeder.settings.cameraMealsOnly).toBe(true);
    await page.getByLabel('Closed every day').click();
    await page.getByLabel('From').fill('21:30');
    await page.getByRole('button', { name: 'Save the hours' }).click();
    await expect
      .poll(() => stage.feeder.settings.cameraPrivacyHours)
      .toEqual({ from: '21:30', to: '06:00' });
    await expectAccessible(page);
    stage.expectClean();
  });

  it('is watched live, as one video without an end', async () => {
    const segments = makeSegments(testDir(), 8);
    const page = await stage.open(night);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Watch live' }).click();
    await expect.poll(() => stage.feeder.camera.view().viewers).toBe(1);
    for (const path of segments) {
      const when = { endedMonoMs: 0, endedWallMs: 0 };
      stage.feeder.camera.live.show({ path, format: 'a', bytes: 1, durationMs: 1000, ...when });
      await page.waitForTimeout(300);
    }
    await expect.poll(async () => (await videoOf(page)).currentTime, patient).toBeGreaterThan(1.5);
    expect(await videoOf(page)).toMatchObject({ videoWidth: 320, error: null });
    stage.expectClean();
    await page.getByRole('button', { name: 'Close' }).click();
    await expect.poll(() => stage.feeder.camera.view().viewers).toBe(0);
  });

  it('has no place on the page of a feeder without one', async () => {
    await stage.feeder.close();
    await stage.restage((feeder) => {
      feeder.hasCamera = false;
    });
    const page = await stage.open(night);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('heading', { name: 'Parts' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Camera' }).count()).toBe(0);
  });
});
