import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import {
  sampleClaim,
  sampleFinish,
  sampleOccurrence,
  sampleRefusal,
} from '../../test/contracts/feeding-journal.ts';
import { openDirStore, testDir } from '../../test/contracts/store-fixture.ts';
import { chooseFlips, logicalDump, tryFlip, withoutWal } from '../../test/crash/flips.ts';
import { SeededRandom } from '../platform/random.ts';
import { checkPages } from './database.ts';
import { verifyHandle } from './verify-file.ts';

/** A small database with rows in every table. */
function smallImage(): Buffer {
  const dir = testDir();
  const store = openDirStore(dir);
  store.boots.started('1.0.0');
  store.pets.add({ name: 'Tom', bodyKg: 4, lifeStage: null, rationGrams: 60, note: '' });
  store.plans.remove(store.plans.add({ name: 'Old' }).id);
  store.settings.change({ name: 'Kitchen' });
  for (let i = 0; i < 5; i++) {
    const occurrence = sampleOccurrence(`2026-11-1${i}`);
    store.journal.claim(sampleClaim(`f${i}`, { occurrence }));
    if (i === 4) break;
    const verdict = { verdict: 'fed', rule: 'on_time', numbers: { lateMs: i } } as const;
    store.journal.finish(sampleFinish(`f${i}`, { verdict }));
  }
  store.journal.progress({
    feedingId: 'f4',
    stage: 'fine',
    turns: 2,
    motorMs: 900,
    attempts: 0,
    servedGrams: 8,
    bowlBeforeGrams: 0,
  });
  store.journal.refuse(sampleRefusal('r1'));
  store.close();
  return withoutWal(readFileSync(join(dir, 'db', 'feeder.db')));
}

describe('FMEA-50 silent bit rot', () => {
  it('is noticed in every byte that changes anything readable', () => {
    const image = smallImage();
    const before = logicalDump(image);
    const flips = chooseFlips(image.length, 600, new SeededRandom(50));
    const results = flips.map((flip) => ({ ...flip, result: tryFlip(image, before, flip) }));
    expect(results.filter(({ result }) => result === 'unnoticed')).toEqual([]);
    expect(results.filter(({ result }) => result === 'noticed').length).toBeGreaterThan(100);
  });

  it('is more than the pages: the check of SQLite does not see a changed name', () => {
    const image = smallImage();
    const before = logicalDump(image);
    const changed = Buffer.from(image);
    for (let place = image.indexOf('Tom'); place >= 0; place = image.indexOf('Tom', place + 1)) {
      changed[place] = 0x4a;
    }
    expect(logicalDump(changed)).not.toBe(before);
    const db = new Database(changed);
    expect(checkPages(db, 'full')).toEqual([]);
    expect(verifyHandle(db).problems.join()).toContain('checksum');
    db.close();
  });
});
