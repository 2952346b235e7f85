import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { desk, PageStage, phone } from './page-stage.ts';

const stage = PageStage.forThisFile();

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const found = violations.flatMap((one) =>
    one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 120)} ${node.failureSummary ?? ''}`),
  );
  expect(found).toEqual([]);
}

describe('what is wrong', () => {
  it('is said with what to do, and can be cleared', async () => {
    stage.feeder.raise('overflow', '9 g fell after the motor stopped.');
    stage.feeder.clockQuality = 'unknown';
    const page = await stage.open(phone);
    await page.getByText('More fell than was asked for').waitFor();
    await page.getByText('Nothing moves until you say that it is mended.').waitFor();
    await page.getByText('The time is not known').waitFor();
    await page.getByRole('button', { name: 'It is mended' }).click();
    await page.getByText('More fell than was asked for').waitFor({ state: 'detached' });
    stage.expectClean();
  });

  it('keeps the time that a closed meal was planned for when the zone changes', async () => {
    for (const [key, verdict] of stage.feeder.verdicts) {
      const { localTime } = stage.feeder.today().find((one) => one.key === key) ?? {};
      if (localTime !== undefined) stage.feeder.verdicts.set(key, { ...verdict, localTime });
    }
    const kept = stage.feeder.today();
    stage.feeder.today = () =>
      kept.map((one) => ({ ...one, ...stage.feeder.verdicts.get(one.key) }));
    stage.feeder.settings = { ...stage.feeder.settings, zone: 'Europe/Helsinki' };
    const page = await stage.open(phone);
    const row = page.getByRole('listitem').filter({ hasText: 'Second breakfast' });
    await row.getByText('09:30').waitFor();
    const open = page.getByRole('listitem').filter({ hasText: 'Dinner' });
    await open.getByText('18:30').waitFor();
    stage.expectClean();
  });

  it('explains a verdict in the feeder’s own words', async () => {
    const page = await stage.open(phone);
    await page.getByRole('button', { name: 'Why? Second breakfast' }).click();
    await page.getByText('without power from 09:12').first().waitFor();
  });
});

describe('the plan', () => {
  it('gains, changes and loses a meal, each seen only after the feeder stored it', async () => {
    const page = await stage.open(phone);
    await page.getByRole('link', { name: 'Plan' }).click();
    await page.getByRole('button', { name: 'Add meal' }).click();
    await page.getByLabel('Name').fill('Elevenses');
    await page.getByLabel('Time').fill('11:00');
    await page.getByLabel('Grams', { exact: true }).fill('7');
    await page.getByLabel('Sunday').uncheck();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Elevenses').first().waitFor();
    const stored = stage.feeder.meals.list().find((meal) => meal.name === 'Elevenses');
    expect(stored).toMatchObject({ time: '11:00', portionGrams: 7, weekdays: [1, 2, 3, 4, 5, 6] });

    await page.getByRole('button', { name: 'Edit Elevenses 11:00' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Really remove?' }).click();
    await page.getByText('Elevenses').first().waitFor({ state: 'detached' });
    expect(stage.feeder.meals.list()).toHaveLength(5);
    stage.expectClean();
  });

  it('leaves out the next meal and pauses', async () => {
    const page = await stage.open(phone);
    await page.getByRole('link', { name: 'Plan' }).click();
    await page.getByRole('button', { name: 'Skip next meal' }).click();
    await page.getByText('Dinner on Sunday 22 November is left out.').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText(/^Paused until 02:20/).waitFor();
    await page.getByRole('button', { name: 'End it' }).last().click();
    await page.getByText(/^Paused until/).waitFor({ state: 'detached' });
  });
});

describe('the cats and the system', () => {
  it('stores a new cat with its ration', async () => {
    const page = await stage.open(phone);
    await page.getByRole('link', { name: 'Cats' }).click();
    await page.getByRole('button', { name: 'Add cat' }).click();
    await page.getByLabel('Name').fill('Tom');
    await page.getByLabel('Weight in kg').fill('3,8');
    await page.getByLabel('Most grams a day').fill('45');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Tom' }).waitFor();
    expect(stage.feeder.pets.list().at(-1)).toMatchObject({ bodyKg: 3.8, rationGrams: 45 });
  });

  it('A-59, FMEA-82 shows a name that is code as text, and runs none of it', async () => {
    const name = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const page = await stage.open(phone);
    await page.getByRole('link', { name: 'Cats' }).click();
    await page.getByRole('button', { name: 'Add cat' }).click();
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name }).waitFor();
    expect(await page.title()).not.toMatch(/^[12]$/);
    expect(await page.locator('img[src=x], main script').count()).toBe(0);
    stage.expectClean();
  });

  it('says why the hopper is not weighed, and sets it to zero where it can be', async () => {
    stage.feeder.hopperGrams = null;
    stage.feeder.hopperState = 'not_calibrated';
    const page = await stage.open(phone);
    await page.getByText('not calibrated').waitFor();
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Set the hopper to zero' }).click();
    await page.getByText('The empty hopper is zero now.').waitFor();
    stage.feeder.hopperGrams = null;
    stage.feeder.hopperState = 'not_fitted';
    await page.getByRole('heading', { name: 'Hopper' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Home' }).click();
    await page.getByText('no cell is fitted').waitFor();
    stage.expectClean();
  });

  it('shows the pet reader with its link and the last tag, and no number of a chip', async () => {
    const whole = '276098102345678';
    const lastSeen = { tag: '…5678', atMs: stage.feeder.wallMs() - 300_000 };
    const page = await stage.open(phone);
    await page.getByRole('link', { name: 'System' }).click();
    const row = page.getByRole('listitem').filter({ hasText: 'Pet reader' });
    await row.getByText('Not fitted').waitFor();
    // From here on as the feeder tells it live, and again when the page is opened anew.
    stage.feeder.tellReader({ state: 'ok', why: '', tags: [], lastSeen: null });
    await page.reload();
    await row.getByText('Connected').waitFor();
    await row.getByText('No tag was seen since the start.').waitFor();
    stage.feeder.tellReader({ state: 'ok', why: '', tags: [whole], lastSeen });
    await row.getByText('At the bowl: tag …5678.').waitFor();
    const why = 'Nothing answers at /dev/ttyUSB0.';
    stage.feeder.tellReader({ state: 'unplugged', why, tags: [], lastSeen });
    await row.getByText('Unplugged').waitFor();
    await row.getByText(why).waitFor();
    await row.getByText(/^Last tag: …5678, [45] min ago\.$/).waitFor();
    expect(await page.content()).not.toContain(whole);
    await expectAccessible(page);
    stage.expectClean();
  });

  it('tares, checks the ledger and begins a calibration', async () => {
    const page = await stage.open(phone);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Set to zero' }).click();
    await page.getByText('The empty bowl is zero now.').waitFor();
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText('All 214 entries fit together.').waitFor();
    await page.getByRole('button', { name: 'Calibrate' }).click();
    await page.getByText('Round 2 of 3').waitFor();
    stage.expectClean();
  });
});

describe('for everybody', () => {
  const widths = [360, 768, 1440];
  const schemes = ['light', 'dark'] as const;
  const looks = widths.flatMap((width) => schemes.map((scheme) => ({ width, scheme })));

  it.each(looks)('no barrier is found at $width in $scheme', async ({ width, scheme }) => {
    stage.feeder.raise('jam', 'The motor turned three times and nothing fell.');
    const page = await stage.open({ width, height: 900, scheme });
    await expectAccessible(page);
    for (const view of ['Plan', 'Cats', 'System']) {
      await page.getByRole('link', { name: view }).click();
      await page.getByRole('heading', { level: 1, name: view }).waitFor();
      await expectAccessible(page);
    }
    await page.getByRole('link', { name: 'Plan' }).click();
    await page.getByRole('button', { name: 'Add meal' }).click();
    await expectAccessible(page);
  });

  it('no page is wider than a phone of 360 px', async () => {
    const page = await stage.open(phone);
    for (const view of ['Home', 'Plan', 'Cats', 'System']) {
      await page.getByRole('link', { name: view }).click();
      await page.getByRole('heading', { level: 1, name: view }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBe(360);
    }
  });

  it('nothing to touch is smaller than 44 px', async () => {
    const page = await stage.open(phone);
    for (const view of ['Home', 'Plan', 'Cats', 'System']) {
      await page.getByRole('link', { name: view }).click();
      await page.getByRole('heading', { level: 1, name: view }).waitFor();
      for (const target of await page.locator('button:visible, select:visible, nav a').all()) {
        const box = await target.boundingBox();
        const name = (await target.textContent()) ?? '';
        expect(Math.min(box?.height ?? 0, box?.width ?? 0), `${view}: ${name}`).toBeGreaterThan(43);
      }
    }
  });

  it('a meal can be fed with the keyboard alone', async () => {
    const page = await stage.open(desk);
    await page.getByLabel('Grams to feed').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByText('Fed 11.0 g').waitFor();
  });
});
