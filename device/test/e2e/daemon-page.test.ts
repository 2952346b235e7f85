import type { Feeding, FeedingsPage, Status } from '@cat-feeder/shared';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { DaemonStage } from './daemon-stage.ts';

/** The page with the true daemon behind it: its own process, database and simulated dispenser. */
const look = { width: 360, height: 740, scheme: 'light' } as const;
/** A portion of the simulated dispenser, weighing included, on a busy machine. */
const PORTION_MS_MAX = 60_000;

const stage = DaemonStage.forThisFile();
beforeEach(async () => {
  await stage.daemon.ask('PATCH', '/settings', { zone: 'Europe/Berlin' });
});

async function open(): Promise<Page> {
  const page = await stage.open(look);
  await page.getByText('at rest').first().waitFor();
  return page;
}

async function lastFeeding(): Promise<Feeding | undefined> {
  return (await stage.daemon.ask<FeedingsPage>('GET', '/feedings?limit=1')).items[0];
}

describe('the page of a running daemon', () => {
  it('B-74 shows on the first run what is in the hopper, and with a plan the days it lasts', async () => {
    const page = await open();
    const hopper = page.locator('.facts > div').filter({ hasText: 'In the hopper' });
    await hopper.getByText(/^1[45]\d\d g$/).waitFor();
    // Where it is no later than two in the afternoon, so that the meal is one of today.
    const zone = new Date().getUTCHours() < 12 ? 'UTC' : 'Pacific/Honolulu';
    await stage.daemon.ask('PATCH', '/settings', { zone });
    await stage.daemon.ask('POST', '/meals', { time: '20:00', portionGrams: 20 });
    await hopper.getByText(/^about 7[45] days of the plan$/).waitFor();
    stage.house.expectClean();
  });

  it('feeds 12 g with live progress, and shows what the ledger keeps', async () => {
    const page = await open();
    await page.getByLabel('Grams to feed').fill('12');
    await page.getByRole('button', { name: 'Feed 12 g' }).click();
    await page.getByText('Pouring', { exact: true }).waitFor();
    expect(await page.getByText(/^Fed \d/).count()).toBe(0);
    await page.getByText(/^Fed 1[123]\.\d g$/).waitFor({ timeout: PORTION_MS_MAX });
    const feeding = await lastFeeding();
    expect(feeding).toMatchObject({ result: 'served', cause: 'person', portionGrams: 12 });
    expect(feeding?.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    const likely = (feeding?.dose?.likelyGrams ?? 0).toFixed(1);
    await page.getByText(`Fed ${likely} g`).waitFor();
    await page.locator('.spark path').first().waitFor();
    stage.house.expectClean();
  });

  it('cancels a feeding, and the motor is off', async () => {
    const page = await open();
    await page.getByLabel('Grams to feed').fill('40');
    await page.getByRole('button', { name: 'Feed 40 g' }).click();
    await page.getByText('Pouring', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Cancel this feeding' }).click();
    await page.getByText(/^Cancelled after \d/).waitFor({ timeout: PORTION_MS_MAX });
    expect(await lastFeeding()).toMatchObject({ result: 'cancelled' });
    expect((await stage.daemon.ask<Status>('GET', '/status')).motorOn).toBe(false);
    stage.house.expectClean();
  });

  it('makes the first plan out of the first meal, and shows it for the next seven days', async () => {
    const page = await open();
    await page.getByText('No meal is planned').waitFor();
    await page.getByRole('link', { name: 'Plan', exact: true }).click();
    await page.getByRole('button', { name: 'Add meal' }).click();
    await page.getByLabel('Name').fill('Supper');
    await page.getByLabel('Time').fill('23:59');
    await page.getByLabel('Grams', { exact: true }).fill('9');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Edit Supper 23:59' }).waitFor();
    await expect.poll(() => page.locator('.day').count()).toBe(7);
    await page.getByRole('button', { name: 'Skip next meal' }).click();
    await page.getByText(/^Supper on .* is left out\.$/).waitFor();
    stage.house.expectClean();
  });

  it('survives the death of the daemon: lost at once, back by itself, nothing sent later', async () => {
    const page = await open();
    const { port } = new URL(stage.daemon.url);
    await stage.daemon.kill('SIGKILL');
    await page.getByText('No connection to the feeder').waitFor({ timeout: 3_000 });
    expect(await page.getByRole('button', { name: /^Feed \d/ }).isDisabled()).toBe(true);
    await stage.start({ port: Number(port) });
    await page.getByText('No connection to the feeder').waitFor({ state: 'detached' });
    expect(await lastFeeding()).toBeUndefined();
  });

  it('clears its tare, its ledger and its food through the system page', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Set to zero', exact: true }).click();
    // The portions of the stories above lie in the bowl, unless the cat has eaten them: if
    // they do, the feeder doubts that it is empty.
    const doubt = page.getByRole('button', { name: 'set it to zero all the same' });
    const done = page.getByText('The empty bowl is zero now.');
    await doubt.or(done).first().waitFor({ timeout: PORTION_MS_MAX });
    if (await doubt.isVisible()) await doubt.click();
    await done.waitFor({ timeout: PORTION_MS_MAX });
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText('Signed with the key').waitFor();
    await page.getByText(/entries fit together\.$/).waitFor();
    await page.getByLabel('Name of the food').fill('Chicken, small');
    await page.getByLabel('kcal in 100 g').fill('385');
    await page.getByRole('button', { name: 'Add food' }).click();
    await page.getByRole('button', { name: 'Calibrate' }).click();
    await page.getByText('Round 1 of 3').waitFor();
    stage.house.expectClean();
  });
});
