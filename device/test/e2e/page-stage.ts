import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { type Look, openPage, startBrowser, type WatchedPage } from './browser.ts';
import { buildPage } from './built-page.ts';
import { stageOrdinaryDay } from './stage-scene.ts';
import { StagedFeeder } from './staged-feeder.ts';

export const phone: Look = { width: 360, height: 740, scheme: 'light' };
export const desk: Look = { width: 1440, height: 900, scheme: 'light' };

/** One built page and one browser for a file of stories; each story has its own staged feeder. */
export class PageStage {
  feeder = new StagedFeeder();
  url = '';
  uiDir = '';
  watched: WatchedPage | undefined;
  #browser: Browser | undefined;

  /** Sets the stage up before the stories of the file that calls this, and clears it after. */
  static forThisFile(): PageStage {
    const stage = new PageStage();
    beforeAll(async () => {
      [stage.uiDir, stage.#browser] = await Promise.all([buildPage(), startBrowser()]);
    });
    afterAll(async () => {
      await stage.#browser?.close();
      await rm(stage.uiDir, { recursive: true });
    });
    beforeEach(async () => {
      stage.feeder = new StagedFeeder();
      stageOrdinaryDay(stage.feeder);
      stage.url = await stage.feeder.open(stage.uiDir);
    });
    afterEach(async () => {
      await stage.watched?.context.close();
      await stage.feeder.close();
    });
    return stage;
  }

  /** Opens the page and waits until it shows the scale. */
  async open(look: Look): Promise<Page> {
    if (!this.#browser) throw new Error('The stage is opened before its stories begin.');
    this.watched = await openPage(this.#browser, this.url, look);
    await this.watched.page.getByText('at rest').first().waitFor();
    return this.watched.page;
  }

  /** The page has kept quiet and to itself. */
  expectClean(): void {
    expect(this.watched?.complaints).toEqual([]);
    expect(this.watched?.foreign).toEqual([]);
  }
}
