import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  journalTime,
  sampleClaim,
  sampleFinish,
  sampleOccurrence,
} from '../../test/contracts/feeding-journal.ts';
import { HandClock, openDirStore, testDir } from '../../test/contracts/store-fixture.ts';
import { dataDir } from './data-dir.ts';
import type { DeviceStore } from './store.ts';

const verdict = { verdict: 'fed', rule: 'on_time', numbers: {} } as const;
const occurrence = (day: number) => sampleOccurrence(`2026-11-${String(day).padStart(2, '0')}`);

function feed(store: DeviceStore, day: number): void {
  const time = journalTime(day * 1000);
  store.journal.claim(sampleClaim(`f${day}`, { occurrence: occurrence(day), time }));
  store.journal.finish(sampleFinish(`f${day}`, { verdict, time }));
}

/** A feeder that has lived: a plan, four feedings, a snapshot, four more, and one that is open. */
async function livedIn(options: { snapshot?: boolean } = {}): Promise<string> {
  const dir = testDir();
  const store = openDirStore(dir);
  store.boots.started('1.0.0');
  const { id } = store.plans.add({ name: 'Every day' });
  store.settings.change({ name: 'Kitchen', activePlanId: id });
  for (let day = 1; day <= 4; day++) feed(store, day);
  if (options.snapshot ?? true) await store.takeDailySnapshot();
  store.pets.add({ name: 'Tom', bodyKg: 4, lifeStage: null, rationGrams: 60, note: '' });
  for (let day = 5; day <= 8; day++) feed(store, day);
  store.journal.claim(sampleClaim('open', { time: journalTime(9000), requestId: 'r-open' }));
  store.close();
  return dir;
}

/** Everything that must not be lost, whatever happened to the database. */
function expectWhole(store: DeviceStore, days = 8): void {
  expect(store.verify().problems).toEqual([]);
  expect(store.settings.get().name).toBe('Kitchen');
  expect(store.plans.list()).toHaveLength(1);
  expect(store.pets.list()).toHaveLength(1);
  for (let day = 1; day <= days; day++) {
    expect(store.journal.find(`f${day}`), `feeding ${day}`).toMatchObject({
      state: 'done',
      dose: { lowGrams: 19.5, highGrams: 20.7 },
    });
    const again = sampleClaim('again', { occurrence: occurrence(day) });
    expect(() => store.journal.claim(again)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFLICT' }),
    );
  }
  expect(store.journal.open().map((open) => open.feeding.id)).toEqual(['open']);
  const doses = store.journal.doses(journalTime(10_000));
  expect(doses.reduce((sum, dose) => sum + dose.highGrams, 0)).toBeCloseTo(days * 20.7 + 24);
}

function change(path: string, what: (file: Buffer) => Buffer): void {
  writeFileSync(path, what(readFileSync(path)));
}

/** Changes the byte after each appearance of a word: a page may hold old copies of a row. */
function flipAfter(path: string, word: string): void {
  change(path, (file) => {
    let found = 0;
    for (let at = file.indexOf(word); at >= 0; at = file.indexOf(word, at + 1)) {
      file[at + word.length] = (file[at + word.length] ?? 0) ^ 1;
      found += 1;
    }
    expect(found).toBeGreaterThan(0);
    return file;
  });
}

describe('B-39, FMEA-48 the database is damaged', () => {
  it('starts as it was when nothing is wrong', async () => {
    const dir = await livedIn();
    const store = openDirStore(dir);
    expect(store.restored).toBeNull();
    expectWhole(store);
  });

  const damages: [string, (dir: string) => void][] = [
    [
      'a flipped byte in an old entry',
      (dir) => flipAfter(dataDir(dir).database, '"feedingId":"f2"'),
    ],
    [
      'a flipped byte in a new entry',
      (dir) => flipAfter(dataDir(dir).database, '"feedingId":"f7"'),
    ],
    ['a flipped byte in the plan', (dir) => flipAfter(dataDir(dir).database, '"name":"Every da')],
    ['no header', (dir) => change(dataDir(dir).database, (file) => file.fill(0, 0, 100))],
    [
      'a page of zeros',
      (dir) => change(dataDir(dir).database, (file) => file.fill(0, 8192, 12_288)),
    ],
    ['half of the file', (dir) => truncateSync(dataDir(dir).database, 40_960)],
    ['an empty file', (dir) => truncateSync(dataDir(dir).database, 0)],
    [
      'a text file',
      (dir) => writeFileSync(dataDir(dir).database, 'This is no database.'.repeat(99)),
    ],
    ['no file', (dir) => rmSync(dataDir(dir).database)],
    ['no folder', (dir) => rmSync(dataDir(dir).databaseDir, { recursive: true })],
    [
      'an old database in its place',
      (dir) => copyFileSync(join(dir, 'snapshots', '000001.db'), dataDir(dir).database),
    ],
  ];
  for (const [name, damage] of damages) {
    it(`restores everything after ${name}`, async () => {
      const dir = await livedIn();
      damage(dir);
      const store = openDirStore(dir);
      expect(store.restored).not.toBeNull();
      expectWhole(store);
      const restoredEvents = store.log.page({
        afterSeq: 0,
        limit: 500,
        kinds: ['storage.restored'],
      });
      expect(restoredEvents.entries).toHaveLength(1);
      store.close();
      const again = openDirStore(dir);
      expect(again.restored).toBeNull();
      expectWhole(again);
    });

    it(`restores without any snapshot after ${name}`, async () => {
      const dir = await livedIn();
      damage(dir);
      rmSync(join(dir, 'snapshots'), { recursive: true });
      const store = openDirStore(dir);
      expect(store.restored?.source).toBe('none');
      expectWhole(store);
    });
  }

  it('keeps the ledger whole when an entry that the snapshot has was damaged', async () => {
    const dir = await livedIn();
    flipAfter(dataDir(dir).database, '"feedingId":"f2"');
    const before = readFileSync(dataDir(dir).database);
    const store = openDirStore(dir);
    expect(store.restored).toMatchObject({ source: '000001.db', lostFromSeq: null });
    expect(store.log.page({ afterSeq: 0, limit: 500 }).gaps).toEqual([]);
    expect(readFileSync(join(store.restored?.keptAside ?? '', 'feeder.db'))).toEqual(before);
  });

  it('leaves a gap for a damaged entry and keeps what the chain proves behind it', async () => {
    const dir = await livedIn();
    flipAfter(dataDir(dir).database, '"feedingId":"f7"');
    const store = openDirStore(dir);
    const { gaps, headSeq } = store.log.page({ afterSeq: 0, limit: 500 });
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.why).toBe('damaged');
    expect(store.restored?.lostFromSeq).toBe(gaps[0]?.fromSeq);
    expect(headSeq).toBeGreaterThan((gaps[0]?.toSeq ?? 0) + 4);
  });

  it('does not repeat what was due before a restore that lost entries', async () => {
    const dir = await livedIn();
    flipAfter(dataDir(dir).database, '"feedingId":"f7"');
    const clock = new HandClock();
    clock.ageMs = 3_600_000;
    const store = openDirStore(dir, { time: clock.now });
    const restoredAtMs = store.schedule.closedThroughMs() ?? 0;
    expect(restoredAtMs).toBeLessThanOrEqual(clock.now().wallMs);
    expect(restoredAtMs).toBeGreaterThanOrEqual(journalTime(9000).wallMs);
    clock.quality = 'unknown';
    expect(store.schedule.closedThroughMs()).toBeNull();
    clock.quality = 'synchronized';
    store.schedule.setClosedThroughMs(clock.now().wallMs);
    expect(store.schedule.closedThroughMs()).toBe(clock.now().wallMs);
  });

  it('assumes a whole day cap when nothing remembers what was served', async () => {
    const dir = await livedIn({ snapshot: false });
    rmSync(dataDir(dir).databaseDir, { recursive: true });
    rmSync(dataDir(dir).emergency);
    const store = openDirStore(dir);
    expect(store.restored).toMatchObject({ isDoseUnknown: true, claimsFromJournal: 0 });
    expect(store.plans.list()).toHaveLength(1);
    const doses = store.journal.doses(journalTime(0));
    expect(doses).toMatchObject([{ lowGrams: 0, highGrams: store.settings.get().dayGramsMax }]);
    expect(store.journal.doses(journalTime(27 * 3_600_000))).toEqual([]);
  });

  it('begins with nothing, and no plan of its own invention, when everything is lost', () => {
    const dir = testDir();
    openDirStore(dir).close();
    writeFileSync(dataDir(dir).database, 'rubbish');
    const store = openDirStore(dir);
    expect(store.restored).toMatchObject({ source: 'none', documentsFromCopy: 0 });
    expect(store.plans.list()).toEqual([]);
    expect(store.settings.get().rev).toBe(0);
    expect(store.verify().ok).toBe(true);
  });

  const losses: [string, (dir: string) => void][] = [
    ['is gone', (dir) => rmSync(dataDir(dir).databaseDir, { recursive: true })],
    ['is empty', (dir) => truncateSync(dataDir(dir).database, 0)],
  ];
  it.each(losses)(
    'tells that history is lost when the database %s, and every copy',
    async (_, lose) => {
      const dir = await livedIn();
      const { snapshots, emergency, planCopies } = dataDir(dir);
      for (const path of [snapshots, emergency, ...planCopies]) rmSync(path, { recursive: true });
      lose(dir);
      const store = openDirStore(dir);
      expect(store.restored).toMatchObject({ source: 'none', lostFromSeq: 1, isDoseUnknown: true });
      const told = store.log.page({ afterSeq: 0, limit: 9, kinds: ['storage.restored'] });
      expect(told.entries).toHaveLength(1);
      store.close();
      expect(openDirStore(dir).restored).toBeNull();
    },
  );

  it('knows copies that cannot be read from none', async () => {
    const dir = await livedIn();
    const { databaseDir, snapshots, emergency, planCopies, mark } = dataDir(dir);
    for (const path of [databaseDir, snapshots, mark]) rmSync(path, { recursive: true });
    for (const path of [emergency, ...planCopies]) writeFileSync(path, 'rubbish');
    expect(openDirStore(dir).restored).toMatchObject({ source: 'none', lostFromSeq: 1 });
  });

  it('calls a feeder new whose first start was cut off before it had a database', () => {
    const dir = testDir();
    openDirStore(dir).close();
    for (const name of readdirSync(dir)) {
      if (name !== 'emergency.journal') rmSync(join(dir, name), { recursive: true });
    }
    mkdirSync(join(dir, 'db'));
    writeFileSync(dataDir(dir).database, '');
    const store = openDirStore(dir);
    expect(store.restored).toBeNull();
    expect(store.health()).toMatchObject({ restored: null, copiesFailed: 0 });
    expect(existsSync(dataDir(dir).mark)).toBe(true);
  });

  it('takes the newest snapshot that is good', async () => {
    const dir = await livedIn();
    const store = openDirStore(dir);
    await store.takeDailySnapshot();
    store.close();
    flipAfter(join(dir, 'snapshots', '000002.db'), '"feedingId":"f2"');
    truncateSync(dataDir(dir).database, 8192);
    const again = openDirStore(dir);
    expect(again.restored?.source).toBe('000001.db');
    expectWhole(again);
  });

  it('keeps no more than three damaged databases', async () => {
    const dir = await livedIn();
    for (let times = 0; times < 5; times++) {
      truncateSync(dataDir(dir).database, 8192);
      openDirStore(dir).close();
    }
    expect(readdirSync(join(dir, 'damaged')).sort()).toEqual(['000003', '000004', '000005']);
  });
});

describe('FMEA-53 the end of the database is lost, without any damage', () => {
  /** Commits that are in the WAL only, which then loses a byte, its end or itself. */
  async function withWal(lose: (wal: string) => void): Promise<DeviceStore> {
    const dir = await livedIn();
    const store = openDirStore(dir);
    for (let day = 9; day <= 11; day++) feed(store, day);
    const copy = testDir();
    for (const name of readdirSync(dir)) {
      if (name !== 'db') copyFileOrDir(join(dir, name), join(copy, name));
    }
    copyFileOrDir(join(dir, 'db'), join(copy, 'db'));
    rmSync(join(copy, 'db', 'feeder.db-shm'));
    lose(`${dataDir(copy).database}-wal`);
    store.close();
    return openDirStore(copy);
  }

  it.each<[string, (wal: string) => void]>([
    ['FMEA-48 a removed WAL', (wal) => rmSync(wal)],
    ['FMEA-48 a truncated WAL', (wal) => truncateSync(wal, 4000)],
    [
      'FMEA-50 a flipped byte in the WAL',
      (wal) => {
        const handle = openSync(wal, 'r+');
        writeSync(handle, Buffer.from([0x55]), 0, 1, 3000);
        closeSync(handle);
      },
    ],
  ])('is noticed and mended from the second copies: %s', async (_, lose) => {
    const store = await withWal(lose);
    expect(store.restored?.reason).toContain('The end of the database is missing');
    expectWhole(store, 11);
  });
});

function copyFileOrDir(from: string, to: string): void {
  if (existsSync(from)) cpSync(from, to, { recursive: true });
}
