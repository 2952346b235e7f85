import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Look, openPage, startBrowser, type WatchedPage } from './browser.ts';
import { buildPage } from './built-page.ts';
import { stageOrdinaryDay } from './stage-scene.ts';
import { StagedFeeder } from './staged-feeder.ts';

const FIRST_LOAD_KB_MAX = 150;
const phone: Look = { width: 360, height: 740, scheme: 'light' };
const desk: Look = { width: 1440, height: 900, scheme: 'light' };

let browser: Browser;
let uiDir: string;
let feeder: StagedFeeder;
let url: string;
let watched: WatchedPage | undefined;

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
  url = await feeder.open(uiDir);
});

afterEach(async () => {
  await watched?.context.close();
  await feeder.close();
});

async function open(look: Look): Promise<Page> {
  watched = await openPage(browser, url, look);
  await watched.page.getByText('at rest').first().waitFor();
  return watched.page;
}

/** The page has kept quiet and to itself. */
function expectClean(): void {
  expect(watched?.complaints).toEqual([]);
  expect(watched?.foreign).toEqual([]);
}

async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  const found = violations.flatMap((one) =>
    one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 120)} ${node.failureSummary ?? ''}`),
  );
  expect(found).toEqual([]);
}

const feedButton = (page: Page) => page.getByRole('button', { name: /^Feed \d/ });

describe('the first load', () => {
  it(`is smaller than ${FIRST_LOAD_KB_MAX} kB, compressed`, async () => {
    const names = await readdir(uiDir, { recursive: true });
    const files = names.filter((name) => /\.(html|js|css|svg)$/.test(name));
    const contents = await Promise.all(files.map((name) => readFile(join(uiDir, name))));
    const bytes = contents.reduce((sum, content) => sum + gzipSync(content).byteLength, 0);
    expect(files.length).toBeGreaterThanOrEqual(4);
    expect(bytes / 1000).toBeLessThan(FIRST_LOAD_KB_MAX);
    watched = await openPage(browser, url, desk);
  });

  it('shows bowl, next meal and what happened, without a complaint or a foreign request', async () => {
    const page = await open(desk);
    await page.getByRole('heading', { name: 'Next meal' }).waitFor();
    await page.getByText('Dinner, 18 g, at 17:30').waitFor();
    await page.getByText('Fed late').first().waitFor();
    await page.locator('.plot canvas').waitFor();
    for (const view of ['Plan', 'Cats', 'System', 'Home']) {
      await page.getByRole('link', { name: view }).click();
      await page.getByRole('heading', { level: 1, name: view }).waitFor();
    }
    expectClean();
  });

  it('is noticed when the policy blocks something', async () => {
    const page = await open(desk);
    await page.evaluate("document.body.setAttribute('style', 'color: red')");
    await expect.poll(() => watched?.complaints.join(' ')).toContain('style-src');
  });

  it('tells the feeder’s time, not that of the browser', async () => {
    const page = await open(desk);
    await page.getByText('14:20:').first().waitFor();
    await page.getByText(/^3 h \d\d min$/).waitFor();
  });
});

describe('feeding by hand', () => {
  it('shows progress, then the result that the feeder recorded', async () => {
    const page = await open(phone);
    await page.getByLabel('Grams to feed').fill('12');
    await feedButton(page).click();
    await page.getByText('Pouring', { exact: true }).waitFor();
    expect(await page.getByText(/^Fed \d/).count()).toBe(0);
    await page.getByText('Fed 12.0 g').waitFor();
    await page.getByText('11.7 to 12.3 g, weighed.').waitFor();
    expect(feeder.motorStarts).toBe(1);
    expectClean();
  });

  it('moves the motor once for two quick presses', async () => {
    const page = await open(phone);
    await feedButton(page).dblclick();
    await page.getByText(/^Fed \d/).waitFor();
    expect(feeder.motorStarts).toBe(1);
    expect(new Set(feeder.feedings.map((one) => one.requestId)).size).toBe(feeder.feedings.length);
  });

  it('steps by one gram, by pointer and by key, and keeps to the caps', async () => {
    const page = await open(phone);
    const grams = page.getByLabel('Grams to feed');
    await page.getByRole('button', { name: 'One gram more' }).click();
    expect(await grams.inputValue()).toBe('11');
    await grams.press('ArrowDown');
    await grams.press('ArrowDown');
    expect(await grams.inputValue()).toBe('9');
    await grams.fill('81');
    await page.getByText('At most 80 g.').waitFor();
    expect(await page.locator('.feed-form .primary').isDisabled()).toBe(true);
  });

  it('is cancelled, and says what fell', async () => {
    const page = await open(phone);
    await page.getByLabel('Grams to feed').fill('20');
    await feedButton(page).click();
    await page.getByText('Pouring', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Cancel this feeding' }).click();
    await page.getByText(/^Cancelled after \d/).waitFor();
    expectClean();
  });

  it('passes on a refusal with its reason', async () => {
    const page = await open(phone);
    await page.getByLabel('Grams to feed').fill('70');
    await feedButton(page).click();
    await page.getByText('The feeder refused').waitFor();
    await page.getByText('The hour leaves 60 g.').waitFor();
    expect(feeder.motorStarts).toBe(0);
  });

  it('shows a feeding that somebody else began', async () => {
    const page = await open(phone);
    feeder.feed(8, 'from-the-plan', 'schedule');
    await page.getByRole('heading', { name: 'Feeding now' }).waitFor();
    await page.getByText('By the plan').first().waitFor();
    await feedButton(page).waitFor();
  });
});

describe('an answer that got lost', () => {
  it('is looked up, never sent again', async () => {
    const page = await open(phone);
    await page.route('**/api/v1/feedings', async (route) => {
      if (route.request().method() !== 'POST') return route.continue();
      // The feeder hears it, but its answer never arrives.
      const body = route.request().postDataJSON() as { requestId: string; portionGrams: number };
      feeder.feed(body.portionGrams, body.requestId);
      return route.abort();
    });
    await feedButton(page).click();
    await page.getByText('Fed 10.0 g').waitFor();
    expect(feeder.motorStarts).toBe(1);
  });

  it('says that nothing was fed once the feeder would refuse the request', async () => {
    const page = await open(phone);
    await page.route('**/api/v1/feedings', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    );
    await feedButton(page).click();
    await page.getByText('No answer yet').waitFor();
    await page.getByText('Nothing was fed').waitFor();
    expect(feeder.motorStarts).toBe(0);
  });
});

describe('the emergency stop', () => {
  it.each(['Home', 'Plan', 'Cats', 'System'])('works on %s', async (view) => {
    const page = await open(phone);
    await page.getByRole('link', { name: view }).click();
    feeder.feed(30, `stop-on-${view}`);
    await page.getByRole('button', { name: 'Stop the motor now' }).click();
    await page.getByText('The motor is off.').waitFor();
    expect(feeder.stops).toBe(1);
    expect(feeder.running).toBeNull();
  });

  it('is sent as often as it is pressed, and says when nobody answers', async () => {
    const page = await open(phone);
    const stop = page.getByRole('button', { name: 'Stop the motor now' });
    await stop.click();
    await stop.click();
    await expect.poll(() => feeder.stops).toBe(2);
    await page.route('**/api/v1/stop', (route) => route.abort());
    await stop.click();
    await page.getByText('If the motor turns, pull the plug.').waitFor();
    expect(await stop.isEnabled()).toBe(true);
  });
});

// The limit of 3 s is the product's promise; a machine busy with other work gets more than one try.
describe('a lost connection', { retry: 2 }, () => {
  const lost = (page: Page) => page.getByText('No connection to the feeder');

  it('is seen within 3 s when the feeder goes away, and a feed is not possible', async () => {
    const page = await open(phone);
    await feeder.close();
    await lost(page).waitFor({ timeout: 3_000 });
    expect(await feedButton(page).isDisabled()).toBe(true);
  });

  it('is seen within 3 s when the wire falls silent', async () => {
    const page = await open(phone);
    await page.route('**/api/v1/health/live', () => new Promise(() => {}));
    feeder.fallSilent();
    await lost(page).waitFor({ timeout: 3_000 });
  });

  it('is not taken for a silent scale', async () => {
    const page = await open(phone);
    feeder.fallSilent();
    await page.waitForTimeout(4_000);
    expect(await lost(page).count()).toBe(0);
  });

  it('comes back by itself with what happened meanwhile', async () => {
    const page = await open(phone);
    const { port } = new URL(url);
    await feeder.close();
    await lost(page).waitFor();
    feeder.settings = { ...feeder.settings, name: 'Back again' };
    await feeder.open(uiDir, Number(port));
    await page.getByText('Back again').first().waitFor();
    await lost(page).waitFor({ state: 'detached' });
    expect(await feedButton(page).isEnabled()).toBe(true);
    expect(feeder.motorStarts).toBe(0);
  });
});

describe('what is wrong', () => {
  it('is said with what to do, and can be cleared', async () => {
    feeder.raise('overflow', '9 g fell after the motor stopped.');
    feeder.clockQuality = 'unknown';
    const page = await open(phone);
    await page.getByText('More fell than was asked for').waitFor();
    await page.getByText('Nothing moves until you say that it is mended.').waitFor();
    await page.getByText('The time is not known').waitFor();
    await page.getByRole('button', { name: 'It is mended' }).click();
    await page.getByText('More fell than was asked for').waitFor({ state: 'detached' });
    expectClean();
  });

  it('explains a verdict in the feeder’s own words', async () => {
    const page = await open(phone);
    await page.getByRole('button', { name: 'Why? Second breakfast' }).click();
    await page.getByText('without power from 09:12').first().waitFor();
  });
});

describe('the plan', () => {
  it('gains, changes and loses a meal, each seen only after the feeder stored it', async () => {
    const page = await open(phone);
    await page.getByRole('link', { name: 'Plan' }).click();
    await page.getByRole('button', { name: 'Add meal' }).click();
    await page.getByLabel('Name').fill('Elevenses');
    await page.getByLabel('Time').fill('11:00');
    await page.getByLabel('Grams', { exact: true }).fill('7');
    await page.getByLabel('Sunday').uncheck();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Elevenses').first().waitFor();
    const stored = feeder.meals.list().find((meal) => meal.name === 'Elevenses');
    expect(stored).toMatchObject({ time: '11:00', portionGrams: 7, weekdays: [1, 2, 3, 4, 5, 6] });

    await page.getByRole('button', { name: 'Edit Elevenses 11:00' }).click();
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: 'Really remove?' }).click();
    await page.getByText('Elevenses').first().waitFor({ state: 'detached' });
    expect(feeder.meals.list()).toHaveLength(5);
    expectClean();
  });

  it('leaves out the next meal and pauses', async () => {
    const page = await open(phone);
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
    const page = await open(phone);
    await page.getByRole('link', { name: 'Cats' }).click();
    await page.getByRole('button', { name: 'Add cat' }).click();
    await page.getByLabel('Name').fill('Tom');
    await page.getByLabel('Weight in kg').fill('3,8');
    await page.getByLabel('Most grams a day').fill('45');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Tom' }).waitFor();
    expect(feeder.pets.list().at(-1)).toMatchObject({ bodyKg: 3.8, rationGrams: 45 });
  });

  it('A-59, FMEA-82 shows a name that is code as text, and runs none of it', async () => {
    const name = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
    const page = await open(phone);
    await page.getByRole('link', { name: 'Cats' }).click();
    await page.getByRole('button', { name: 'Add cat' }).click();
    await page.getByLabel('Name').fill(name);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name }).waitFor();
    expect(await page.title()).not.toMatch(/^[12]$/);
    expect(await page.locator('img[src=x], main script').count()).toBe(0);
    expectClean();
  });

  it('says why the hopper is not weighed, and sets it to zero where it can be', async () => {
    feeder.hopperGrams = null;
    feeder.hopperState = 'not_calibrated';
    const page = await open(phone);
    await page.getByText('not calibrated').waitFor();
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Set the hopper to zero' }).click();
    await page.getByText('The empty hopper is zero now.').waitFor();
    feeder.hopperGrams = null;
    feeder.hopperState = 'not_fitted';
    await page.getByRole('heading', { name: 'Hopper' }).waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Home' }).click();
    await page.getByText('no cell is fitted').waitFor();
    expectClean();
  });

  it('tares, checks the ledger and begins a calibration', async () => {
    const page = await open(phone);
    await page.getByRole('link', { name: 'System' }).click();
    await page.getByRole('button', { name: 'Set to zero' }).click();
    await page.getByText('The empty bowl is zero now.').waitFor();
    await page.getByRole('button', { name: 'Check the chain' }).click();
    await page.getByText('All 214 entries fit together.').waitFor();
    await page.getByRole('button', { name: 'Calibrate' }).click();
    await page.getByText('Round 2 of 3').waitFor();
    expectClean();
  });
});

describe('for everybody', () => {
  const widths = [360, 768, 1440];
  const schemes = ['light', 'dark'] as const;
  const looks = widths.flatMap((width) => schemes.map((scheme) => ({ width, scheme })));

  it.each(looks)('no barrier is found at $width in $scheme', async ({ width, scheme }) => {
    feeder.raise('jam', 'The motor turned three times and nothing fell.');
    const page = await open({ width, height: 900, scheme });
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
    const page = await open(phone);
    for (const view of ['Home', 'Plan', 'Cats', 'System']) {
      await page.getByRole('link', { name: view }).click();
      await page.getByRole('heading', { level: 1, name: view }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth'), view).toBe(360);
    }
  });

  it('nothing to touch is smaller than 44 px', async () => {
    const page = await open(phone);
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
    const page = await open(desk);
    await page.getByLabel('Grams to feed').focus();
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await page.getByText('Fed 11.0 g').waitFor();
  });
});
