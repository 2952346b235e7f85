import { DAY_MS } from '@cat-feeder/shared';
import { describe, expect, test } from 'vitest';
import { SAVE_EVERY_MS } from '../../src/scheduling/station-clock-keeper.ts';
import { journalTime, sampleClaim, sampleFinish } from '../contracts/feeding-journal.ts';
import { openDirStore, testDir } from '../contracts/store-fixture.ts';
import { VirtualFeeder } from './virtual-feeder.ts';

/** The budget of a card is 50 MB a day. */
const BUDGET_BYTES = 20e6;
const FEEDINGS_A_DAY = 12;
/** As many progress rows as one feeding may write. */
const PROGRESS_ROWS = 60;

describe('FMEA-54 flash wear', () => {
  test('a day of many feedings stays within 20 MB of writes', async () => {
    const store = openDirStore(testDir());
    const written = { bytes: 0 };
    /** What is in the WAL was written once, and will be once more into the database. */
    const count = () => {
      written.bytes += 2 * store.diskUse().walBytes;
      store.checkpoint();
    };
    count();
    written.bytes = 0;
    for (let i = 0; i < DAY_MS / SAVE_EVERY_MS; i++) {
      store.clockMemory.save({ wallMs: i, ageMs: i, doubtedAtAgeMs: null, power: null });
      count();
    }
    expect(written.bytes).toBeGreaterThan(1e6);
    const trace = Array.from({ length: 240 }, (_, i) => [i * 250, i / 10] as const);
    for (let i = 0; i < FEEDINGS_A_DAY; i++) {
      const feedingId = `feeding-${i}`;
      const time = journalTime(i * 60_000);
      store.journal.claim(sampleClaim(feedingId, { time }));
      for (let turns = 0; turns < PROGRESS_ROWS; turns++) {
        store.journal.progress({
          feedingId,
          stage: 'coarse',
          servedGrams: turns,
          turns,
          motorMs: turns,
          attempts: 0,
          bowlBeforeGrams: 1,
        });
      }
      store.journal.finish(sampleFinish(feedingId, { time, trace }));
      count();
    }
    written.bytes += (await store.takeDailySnapshot())?.bytes ?? 0;
    store.maintain();
    count();
    expect(written.bytes).toBeLessThan(BUDGET_BYTES);
  });

  test('a feeder at rest writes only the memory of its clock', async () => {
    const feeder = await VirtualFeeder.start();
    await feeder.pass(DAY_MS);
    const names: string[] = [];
    feeder.hooks.afterCommit = (name) => void names.push(name);
    await feeder.pass(DAY_MS);
    const saves = names.filter((name) => name.includes('clock'));
    expect(saves.length).toBeLessThanOrEqual(DAY_MS / SAVE_EVERY_MS + 1);
    expect(names.length - saves.length).toBeLessThanOrEqual(10);
  });
});
