import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach } from 'vitest';
import type { Look } from './browser.ts';
import { PageHouse } from './page-house.ts';
import { type DaemonOptions, RealDaemon } from './real-daemon.ts';

/** One built page and one browser for a file of stories; each story has a true daemon of its own. */
export class DaemonStage {
  readonly house: PageHouse;
  dataDir = '';
  #daemon: RealDaemon | undefined;

  private constructor(house: PageHouse) {
    this.house = house;
  }

  /** Sets the stage up before the stories of the file that calls this, and clears it after. */
  static forThisFile(options: Pick<DaemonOptions, 'hasCamera'> = {}): DaemonStage {
    const stage = new DaemonStage(PageHouse.forThisFile());
    beforeEach(async () => {
      stage.dataDir = await mkdtemp(join(tmpdir(), 'feeder-e2e-'));
      await stage.start(options);
    });
    afterEach(async () => {
      await stage.#daemon?.kill('SIGTERM');
      await rm(stage.dataDir, { recursive: true });
    });
    return stage;
  }

  /** The daemon that runs now. */
  get daemon(): RealDaemon {
    if (this.#daemon === undefined) throw new Error('The daemon is asked before its story begins.');
    return this.#daemon;
  }

  /** Starts it, or another one on the same data after the one before has ended. */
  async start(options: Pick<DaemonOptions, 'hasCamera' | 'port'> = {}): Promise<void> {
    const { dataDir } = this;
    this.#daemon = await RealDaemon.start({ dataDir, uiDir: this.house.uiDir, ...options });
  }

  /** Opens its page. */
  open(look: Look): Promise<Page> {
    return this.house.open(this.daemon.url, look);
  }
}
