import type { Page } from 'playwright-core';
import { afterEach, beforeEach } from 'vitest';
import type { Look, WatchedPage } from './browser.ts';
import { PageHouse } from './page-house.ts';
import { stageOrdinaryDay } from './stage-scene.ts';
import { StagedFeeder } from './staged-feeder.ts';

export const phone: Look = { width: 360, height: 740, scheme: 'light' };
export const desk: Look = { width: 1440, height: 900, scheme: 'light' };

/** One built page and one browser for a file of stories; each story has its own staged feeder. */
export class PageStage {
  readonly #house: PageHouse;
  feeder = new StagedFeeder();
  url = '';

  private constructor(house: PageHouse) {
    this.#house = house;
  }

  /** Sets the stage up before the stories of the file that calls this, and clears it after. */
  static forThisFile(): PageStage {
    const stage = new PageStage(PageHouse.forThisFile());
    beforeEach(() => stage.restage(() => {}));
    afterEach(() => stage.feeder.close());
    return stage;
  }

  get uiDir(): string {
    return this.#house.uiDir;
  }

  get watched(): WatchedPage | undefined {
    return this.#house.watched;
  }

  /** Another feeder in place of the one that is not opened yet, or was closed. */
  async restage(change: (feeder: StagedFeeder) => void): Promise<void> {
    this.feeder = new StagedFeeder();
    stageOrdinaryDay(this.feeder);
    change(this.feeder);
    this.url = await this.feeder.open(this.uiDir);
  }

  /** Opens the page and waits until it shows the scale. */
  async open(look: Look): Promise<Page> {
    const page = await this.#house.open(this.url, look);
    await page.getByText('at rest').first().waitFor();
    return page;
  }

  /** The page has kept quiet and to itself. */
  expectClean(): void {
    this.#house.expectClean();
  }
}
