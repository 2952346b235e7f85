import { rm } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FakeCloud } from '../contracts/fake-cloud.ts';
import { openPage, startBrowser, type WatchedPage } from './browser.ts';
import { buildPage } from './built-page.ts';
import { stageOrdinaryDay } from './stage-scene.ts';
import { StagedFeeder } from './staged-feeder.ts';

let browser: Browser;
let uiDir: string;
let feeder: StagedFeeder;
let watched: WatchedPage;

beforeAll(async () => {
  [uiDir, browser] = await Promise.all([buildPage(), startBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await rm(uiDir, { recursive: true });
});
beforeEach(() => {
  feeder = new StagedFeeder();
  stageOrdinaryDay(feeder);
});
afterEach(async () => {
  await watched.context.close();
  await feeder.close();
});

async function open(): Promise<Page> {
  const url = await feeder.open(uiDir);
  watched = await openPage(browser, url, { width: 360, height: 740, scheme: 'light' });
  const { page } = watched;
  await page.getByText('at rest').first().waitFor();
  await page.getByRole('link', { name: 'System' }).first().click();
  await page.getByRole('heading', { name: 'Clock' }).waitFor();
  return page;
}

describe('the link to the cloud on the page', () => {
  it('is not there when no cloud is configured', async () => {
    const page = await open();
    expect(await page.getByRole('heading', { name: 'Cloud' }).count()).toBe(0);
  });

  it('leads from a code over the account to a linked feeder, and back', async () => {
    feeder.cloud = new FakeCloud();
    const page = await open();
    const section = page.getByRole('region', { name: 'Cloud' });
    await section.getByText('Not linked').waitFor();
    await section.getByRole('button', { name: 'Link to an account' }).click();
    await section.getByText('ada@example.org').waitFor();
    const axe = await new AxeBuilder({ page }).include('[aria-labelledby="cloud-title"]').analyze();
    expect(axe.violations).toEqual([]);
    await section.getByRole('button', { name: 'Yes, link it' }).click();
    await section.getByText('Online').waitFor();
    await section.getByText('3 entries', { exact: true }).waitFor();
    await section.getByRole('button', { name: 'Unlink' }).click();
    await section.getByText('Not linked').waitFor();
    expect(feeder.cloud.account).toBe(null);
  });

  it('shows the code to type until somebody has typed it', async () => {
    feeder.cloud = new FakeCloud();
    feeder.cloud.claim = { code: 'K7QP3M2X', secondsLeft: 500, account: null };
    const page = await open();
    const section = page.getByRole('region', { name: 'Cloud' });
    await section.getByText('K7QP3M2X').waitFor();
    await section.getByText('within 9 min').waitFor();
    expect(await section.getByRole('button', { name: 'Yes, link it' }).count()).toBe(0);
    await section.getByRole('button', { name: 'Cancel' }).click();
    await section.getByRole('button', { name: 'Link to an account' }).waitFor();
  });

  it('shows what was kept of an edit and what was not, and restores it with one press', async () => {
    feeder.cloud = new FakeCloud();
    feeder.cloud.account = 'ada@example.org';
    const page = await open();
    const review = page.getByRole('region', { name: 'Edits that met' });
    await review.getByText('Meal Breakfast').waitFor();
    await review.getByText('Kept: time 08:00').waitFor();
    await review.getByText('Not kept: grams 25').waitFor();
    const axe = await new AxeBuilder({ page }).include('[aria-labelledby="cloud-title"]').analyze();
    expect(axe.violations).toEqual([]);
    await review.getByRole('button', { name: 'Restore what was not kept' }).click();
    await review.waitFor({ state: 'detached' });
    expect(feeder.cloud.found[0]?.state).toBe('restored');
  });

  it('leaves an edit as it is with the other press', async () => {
    feeder.cloud = new FakeCloud();
    feeder.cloud.account = 'ada@example.org';
    const page = await open();
    const review = page.getByRole('region', { name: 'Edits that met' });
    await review.getByRole('button', { name: 'Leave it as it is' }).click();
    await review.waitFor({ state: 'detached' });
    expect(feeder.cloud.found[0]?.state).toBe('dismissed');
  });

  it('tries at once when somebody does not want to wait', async () => {
    feeder.cloud = new FakeCloud();
    feeder.cloud.account = 'ada@example.org';
    feeder.cloud.isAway = true;
    const page = await open();
    const section = page.getByRole('region', { name: 'Cloud' });
    await section.getByRole('button', { name: 'Try now' }).click();
    await expect.poll(() => feeder.cloud?.hurries).toBe(1);
  });

  it.each([
    ['that the cloud refuses', { isRefused: true }, 'Refused'],
    ['of which there is a copy', { isCloned: true }, 'a second copy of this feeder'],
  ])('links a feeder anew %s, and keeps its account until then', async (_, how, text) => {
    feeder.cloud = Object.assign(new FakeCloud(), { account: 'ada@example.org', ...how });
    const page = await open();
    const section = page.getByRole('region', { name: 'Cloud' });
    await section.getByText(text).waitFor();
    await section.getByRole('button', { name: 'Unlink' }).waitFor();
    await section.getByRole('button', { name: 'Link it anew' }).click();
    await section.getByRole('button', { name: 'Yes, link it' }).waitFor();
    expect(feeder.cloud.account).toBe('ada@example.org');
  });

  it('says of everything that waits why it does', async () => {
    feeder.cloud = new FakeCloud();
    feeder.cloud.account = 'ada@example.org';
    const page = await open();
    const section = page.getByRole('region', { name: 'Cloud' });
    await section.getByText('What waits: 3 entries').click();
    await section.getByText('asking whether it may still start').waitFor();
    await section.getByText('no connection').waitFor();
    await section.getByText('and 2 more').waitFor();
    await section.getByText('Next try').waitFor();
  });
});
