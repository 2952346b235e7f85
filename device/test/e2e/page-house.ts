import { rm } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { type Look, openPage, startBrowser, type WatchedPage } from './browser.ts';
import { buildPage } from './built-page.ts';

/** What every file of stories about the page has: the page, built once, and a browser. */
export class PageHouse {
  uiDir = '';
  /** The page that was opened last. */
  watched: WatchedPage | undefined;
  #browser: Browser | undefined;

  /** Built before the stories of the file that calls this, and gone after them. */
  static forThisFile(): PageHouse {
    const house = new PageHouse();
    beforeAll(async () => {
      [house.uiDir, house.#browser] = await Promise.all([buildPage(), startBrowser()]);
    });
    afterAll(async () => {
      await house.#browser?.close();
      await rm(house.uiDir, { recursive: true });
    });
    afterEach(async () => {
      await house.watched?.context.close();
      house.watched = undefined;
    });
    return house;
  }

  async open(url: string, look: Look): Promise<Page> {
    if (!this.#browser) throw new Error('The page is opened before its stories begin.');
    this.watched = await openPage(this.#browser, url, look);
    return this.watched.page;
  }

  /** The page has kept quiet and to itself. */
  expectClean(): void {
    expect(this.watched?.complaints).toEqual([]);
    expect(this.watched?.foreign).toEqual([]);
  }
}
