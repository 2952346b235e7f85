import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { type Look, openPage, startBrowser } from './browser.ts';
import { stageOrdinaryDay } from './stage-scene.ts';
import { StagedFeeder } from './staged-feeder.ts';

/*
 * Pictures of every view for the eye: `npm run ui:shots`, into var/shots. Build the page first.
 */
const root = resolve(import.meta.dirname, '../../..');
const uiDir = join(root, 'dist/device/ui');
const outDir = join(root, 'var/shots');

const looks: readonly (Look & { name: string })[] = [
  { name: '360-light', width: 360, height: 740, scheme: 'light' },
  { name: '768-dark', width: 768, height: 1024, scheme: 'dark' },
  { name: '1440-light', width: 1440, height: 900, scheme: 'light' },
  { name: '1440-dark', width: 1440, height: 900, scheme: 'dark' },
];

async function shoot(page: Page, name: string): Promise<void> {
  await page.evaluate('scrollTo(0, 0)');
  await page.screenshot({ path: join(outDir, `${name}.png`), fullPage: true });
}

async function shootViews(browser: Browser, url: string, look: Look & { name: string }) {
  const { page, context, complaints, foreign } = await openPage(browser, url, look);
  await page.getByText('At rest', { exact: false }).first().waitFor();
  await page.waitForTimeout(1_500);
  await shoot(page, `home-${look.name}`);
  for (const view of ['plan', 'cats', 'system']) {
    await page.goto(`${url}/#/${view}`);
    await page.waitForTimeout(500);
    await shoot(page, `${view}-${look.name}`);
  }
  await page.goto(`${url}/#/plan`);
  await page.getByRole('button', { name: 'Add meal' }).click();
  await page.waitForTimeout(200);
  await page.screenshot({ path: join(outDir, `meal-${look.name}.png`) });
  for (const line of [...complaints, ...foreign]) console.log(`${look.name}: ${line}`);
  await context.close();
}

async function shootTrouble(browser: Browser, feeder: StagedFeeder, url: string) {
  const look = looks[0] ?? { width: 360, height: 740, scheme: 'light' };
  const { page, context } = await openPage(browser, url, look);
  await page.getByRole('button', { name: /^Feed 10 g/ }).click();
  await page.waitForTimeout(2_000);
  await shoot(page, 'feeding-360');
  await page
    .getByText(/^Fed \d/)
    .first()
    .waitFor();
  await page.waitForTimeout(500);
  await shoot(page, 'fed-360');
  feeder.raise(
    'jam',
    'The motor turned three times and nothing fell; both tries to free it failed.',
  );
  feeder.clockQuality = 'estimated';
  feeder.alerts = [
    {
      alert: 'dead_man',
      subject: null,
      sinceMs: feeder.wallMs(),
      why: 'Lunch was due at 13:00 and 30 min later no food was seen in the bowl.',
    },
  ];
  await page.reload();
  await page.waitForTimeout(1_000);
  await shoot(page, 'trouble-360');
  await context.close();
  const wide = await openPage(browser, url, looks[2] ?? look);
  await wide.page.waitForTimeout(1_500);
  feeder.fallSilent();
  await feeder.close();
  await wide.page.getByText('No connection to the feeder').waitFor();
  await wide.page.waitForTimeout(300);
  await shoot(wide.page, 'lost-1440');
  await wide.context.close();
}

mkdirSync(outDir, { recursive: true });
const feeder = new StagedFeeder();
stageOrdinaryDay(feeder);
const url = await feeder.open(uiDir);
const browser = await startBrowser();
for (const look of looks) await shootViews(browser, url, look);
await shootTrouble(browser, feeder, url);
await browser.close();
console.log(`Pictures are in ${outDir}`);
