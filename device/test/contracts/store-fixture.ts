import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScaleCalibration } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import type { StationTime } from '../../src/platform/clock.ts';
import { SeededRandom } from '../../src/platform/random.ts';
import { type DeviceStore, openStore, type StoreOptions } from '../../src/storage/store.ts';
import { JOURNAL_START_MS } from './feeding-journal.ts';

export const factoryCalibration: ScaleCalibration = {
  zeroCounts: 0,
  countsPerGram: 420,
  noiseGrams: 0.1,
  taredAtMs: null,
  spannedAtMs: null,
};

/** A clock that a test moves by hand. */
export class HandClock {
  ageMs = 0;
  bootId = 'boot-1';
  quality: StationTime['quality'] = 'synchronized';
  wallOffsetMs = JOURNAL_START_MS;
  readonly now = (): StationTime => ({
    wallMs: this.wallOffsetMs + this.ageMs,
    monoMs: this.ageMs,
    ageMs: this.ageMs,
    bootId: this.bootId,
    quality: this.quality,
  });
}

/** A store on a database that stays open between two stores, as after a power cut. */
export function memoryStore(options: Partial<StoreOptions> = {}): {
  store: DeviceStore;
  clock: HandClock;
  db: Database.Database;
  reopen: (changes?: Partial<StoreOptions>) => DeviceStore;
} {
  const db = new Database(':memory:');
  const clock = new HandClock();
  const random = new SeededRandom('store');
  const open = (changes: Partial<StoreOptions> = {}) =>
    openStore({
      at: db,
      time: clock.now,
      random: (length) => random.bytes(length),
      defaultCalibration: factoryCalibration,
      ...options,
      ...changes,
    });
  return { store: open(), clock, db, reopen: open };
}

/** Where a sync costs nothing, if there is such a place: these tests do not cut the power. */
const fastDir = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** An empty directory that goes with the test. */
export function testDir(): string {
  const dir = mkdtempSync(join(fastDir, 'feeder-store-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** A store in a directory; stores that a test leaves open are closed with it. */
export function openDirStore(dir: string, options: Partial<StoreOptions> = {}): DeviceStore {
  const clock = new HandClock();
  const store = openStore({
    at: dir,
    time: clock.now,
    defaultCalibration: factoryCalibration,
    ...options,
  });
  onTestFinished(() => store.close());
  return store;
}
