import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  journalTime,
  sampleClaim,
  sampleFinish,
  sampleOccurrence,
} from '../../test/contracts/feeding-journal.ts';
import { memoryStore, openDirStore, testDir } from '../../test/contracts/store-fixture.ts';
import { dataDir } from './data-dir.ts';
import { MemoryEmergencyJournal } from './emergency-journal.ts';
import type { DeviceStore } from './store.ts';

const verdict = { verdict: 'fed', rule: 'on_time', numbers: {} } as const;

/** Writes until SQLite itself has no page left. */
function fill(store: DeviceStore): void {
  const fillOnce = () =>
    store.record('weight.chunk', {
      fromMs: 0,
      everyMs: 60_000,
      firstMg: 0,
      deltasMg: new Array<number>(900).fill(123_456),
    });
  for (let i = 0; i < 1000; i++) {
    try {
      fillOnce();
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_STORAGE', cause: { code: 'SQLITE_FULL' } });
      return;
    }
  }
  throw new Error('the disk was never full');
}

describe('FMEA-47 disk full', () => {
  function fullStore() {
    const emergency = new MemoryEmergencyJournal();
    const made = memoryStore({ emergency });
    const pages = Number(made.db.pragma('page_count', { simple: true }));
    made.db.pragma(`max_page_count = ${pages + 20}`);
    fill(made.store);
    const makeRoom = () => made.db.pragma('max_page_count = 1000000');
    return { ...made, makeRoom, emergency };
  }

  it('changes nothing that was there, and every row can still be read', () => {
    const { store } = fullStore();
    expect(store.verify().problems).toEqual([]);
    const { seq } = store.log.head();
    expect(() => store.plans.add({ name: 'x'.repeat(9000) })).toThrow(/SQLITE_FULL/);
    expect(store.log.head().seq).toBe(seq);
    expect(store.plans.list()).toEqual([]);
  });

  it('I1 takes claims in the emergency journal: durable, counted and never twice', () => {
    const { store, reopen, db } = fullStore();
    const taken: string[] = [];
    // Small rows may still find room in a page; go on until one does not.
    for (let day = 1; store.journal.heldCount === 0 && day < 200; day++) {
      const id = `f${day}`;
      const occurrence = sampleOccurrence(new Date(day * 86_400_000).toISOString().slice(0, 10));
      store.journal.claim(sampleClaim(id, { occurrence, time: journalTime(day) }));
      taken.push(id);
    }
    const held = taken.at(-1) ?? '';
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true }))}`);
    for (const seen of [store, reopen()]) {
      expect(seen.journal.heldCount).toBe(1);
      expect(seen.journal.find(held)?.state).toBe('running');
      expect(seen.journal.doses(journalTime(1000)).map((dose) => dose.feedingId)).toEqual(taken);
      expect(() =>
        seen.journal.claim(sampleClaim('again', { requestId: `request-${held}` })),
      ).toThrow(expect.objectContaining({ code: 'ERR_CONFLICT' }));
    }
  });

  it('brings held claims in with the next write that finds room, each once', () => {
    const { store, reopen, makeRoom, emergency } = fullStore();
    let day = 0;
    while (store.journal.heldCount < 2 && day < 200) {
      day += 1;
      store.journal.claim(sampleClaim(`f${day}`, { time: journalTime(day) }));
    }
    expect(() => store.journal.finish(sampleFinish(`f${day}`))).toThrow(/SQLITE_FULL/);
    expect(store.journal.importHeld()).toBe(false);
    makeRoom();
    store.journal.finish(sampleFinish(`f${day}`));
    expect(store.journal.heldCount).toBe(0);
    expect(emergency.noted().every(({ n }) => n > 0)).toBe(true);
    for (const seen of [store, reopen()]) {
      expect(seen.journal.find(`f${day}`)?.state).toBe('done');
      expect(seen.journal.open()).toHaveLength(day - 1);
      expect(seen.verify().problems).toEqual([]);
    }
    const claims = store.log.page({ afterSeq: 0, limit: 500, kinds: ['feeding.claimed'] });
    expect(claims.entries).toHaveLength(day);
  });

  it('gives up its ballast for the first writes that find the disk full', () => {
    const dir = testDir();
    let failures = 1;
    const hooks = {
      beforeCommit: (name: string) => {
        if (name !== 'feeding.claim' || failures === 0) return;
        failures -= 1;
        throw Object.assign(new Error('full'), { code: 'SQLITE_FULL' });
      },
    };
    const store = openDirStore(dir, { hooks });
    store.maintain();
    expect(store.diskUse().hasBallast).toBe(true);
    store.journal.claim(sampleClaim('one'));
    expect(store.diskUse().hasBallast).toBe(false);
    expect(store.health().heldClaims).toBe(0);
    failures = 1;
    store.journal.claim(sampleClaim('two'));
    expect(store.health().heldClaims).toBe(1);
    store.maintain();
    expect(store.diskUse().hasBallast).toBe(true);
    expect(store.health().heldClaims).toBe(0);
  });
});

describe('FMEA-49 storage turns read-only or has I/O errors', () => {
  it.each(['SQLITE_READONLY', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC'])(
    'refuses every write with %s, reads on, and counts the reservation',
    (code) => {
      let isBroken = false;
      const hooks = {
        beforeCommit: () => {
          if (isBroken) throw Object.assign(new Error(code), { code });
        },
      };
      const emergency = new MemoryEmergencyJournal();
      const { store, reopen } = memoryStore({ hooks, emergency });
      const plan = store.plans.add({ name: 'Every day' });
      const occurrence = sampleOccurrence();
      store.journal.claim(sampleClaim('one', { occurrence }));
      isBroken = true;
      const writes: (() => void)[] = [
        () => store.journal.claim(sampleClaim('two')),
        () => store.journal.finish(sampleFinish('one', { verdict })),
        () => store.plans.change(plan.id, { name: 'Diet' }),
        () => store.clockMemory.save({ wallMs: 1, ageMs: 1, doubtedAtAgeMs: null, power: null }),
        () => store.boots.stopped('broken'),
      ];
      for (const write of writes) {
        expect(write).toThrow(
          expect.objectContaining({
            code: 'ERR_STORAGE',
            cause: expect.objectContaining({ code }),
          }),
        );
      }
      expect(store.journal.find('two')).toBeUndefined();
      expect(emergency.noted().map(({ claim }) => claim.feedingId)).toEqual(['one']);
      expect(store.plans.list()).toEqual([plan]);
      expect(store.journal.doses(journalTime(0))).toMatchObject([{ lowGrams: 0, highGrams: 24 }]);
      isBroken = false;
      store.journal.finish(sampleFinish('one', { verdict }));
      expect(reopen().verify().problems).toEqual([]);
    },
  );
});

describe('FMEA-49 a start on a disk that takes no writes', () => {
  /** A file in the place of a folder: nothing can be opened for writing below it, by nobody. */
  function refuseWrites(dir: string): void {
    rmSync(join(dir, 'snapshots'), { recursive: true });
    writeFileSync(join(dir, 'snapshots'), '');
  }

  it('reads the database into memory, refuses every write and forgets no claim', () => {
    const dir = testDir();
    const store = openDirStore(dir);
    const plan = store.plans.add({ name: 'Every day' });
    store.journal.claim(sampleClaim('one', { occurrence: sampleOccurrence() }));
    store.close();
    refuseWrites(dir);
    const reader = openDirStore(dir, { unlock: () => {} });
    expect(reader.health().readOnly).not.toBeNull();
    expect(reader.plans.list()).toEqual([plan]);
    expect(reader.journal.doses(journalTime(0))).toMatchObject([{ highGrams: 24 }]);
    const again = sampleClaim('again', { occurrence: sampleOccurrence() });
    expect(() => reader.journal.claim(again)).toThrow(/claimed before/);
    expect(() => reader.journal.claim(sampleClaim('two'))).toThrow(
      expect.objectContaining({ code: 'ERR_STORAGE' }),
    );
    expect(() => reader.boots.started('1.0.0')).toThrow(/nothing was changed/);
    expect(reader.verify().problems).toEqual([]);
  });

  it('fails with a code when there is nothing to be read', () => {
    const dir = testDir();
    openDirStore(dir).close();
    rmSync(dataDir(dir).databaseDir, { recursive: true });
    refuseWrites(dir);
    expect(() => openDirStore(dir, { unlock: () => {} })).toThrow(
      expect.objectContaining({ code: 'ERR_DATA_DIR' }),
    );
  });
});

describe('a second copy that cannot be opened', () => {
  it('does not keep the first one from feeding, and is told of', () => {
    const dir = testDir();
    mkdirSync(dataDir(dir).emergency);
    const store = openDirStore(dir);
    store.journal.claim(sampleClaim('one'));
    expect(store.health().copiesFailed).toBe(1);
    expect(store.journal.find('one')?.state).toBe('running');
  });
});

describe('FMEA-51 the WAL grows without end', () => {
  it('is emptied by itself, and a reader that holds it up is told of', () => {
    const dir = testDir();
    const store = openDirStore(dir);
    const reader = new Database(dataDir(dir).database, { readonly: true });
    onTestFinished(() => void reader.close());
    const grow = (times: number) => {
      for (let i = 0; i < times; i++) {
        store.record('weight.chunk', {
          fromMs: i,
          everyMs: 60_000,
          firstMg: 0,
          deltasMg: new Array<number>(400).fill(55_555),
        });
      }
    };
    // Twice what a WAL grows to before SQLite empties it by itself.
    const largeBytes = 8 * 1024 * 1024;
    grow(1500);
    expect(store.diskUse().walBytes).toBeLessThan(largeBytes);
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM doc').get();
    grow(1500);
    expect(store.diskUse().walBytes).toBeGreaterThan(largeBytes);
    expect(store.checkpoint().isHeldUp).toBe(true);
    reader.exec('COMMIT');
    expect(store.checkpoint().isHeldUp).toBe(false);
    expect(store.diskUse().walBytes).toBe(0);
  });
});

describe('snapshots', () => {
  it('are taken while the store is in use, checked, and seven are kept', async () => {
    const dir = testDir();
    const store = openDirStore(dir);
    for (let day = 1; day <= 9; day++) {
      const taking = store.takeDailySnapshot();
      store.journal.claim(sampleClaim(`f${day}`));
      const snapshot = await taking;
      expect(statSync(snapshot?.path ?? '').size).toBe(snapshot?.bytes);
    }
    const use = store.diskUse();
    expect(use.snapshotBytes).toBeGreaterThan(7 * 4096);
    expect(statSync(join(dir, 'snapshots', '000003.db')).isFile()).toBe(true);
    expect(
      statSync(join(dir, 'snapshots', '000002.db'), { throwIfNoEntry: false }),
    ).toBeUndefined();
    expect(store.verify().ok).toBe(true);
  });

  it('of a damaged database are refused and leave nothing behind', async () => {
    const { store, db } = memoryStore();
    store.journal.claim(sampleClaim('one'));
    db.prepare('UPDATE feeding SET reserved_mg = 1').run();
    const path = join(testDir(), 'copy.db');
    await expect(store.snapshot(path)).rejects.toMatchObject({ code: 'ERR_DATABASE_CORRUPT' });
    expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
    expect(statSync(`${path}.draft`, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('say so when they cannot be written', async () => {
    const { store } = memoryStore();
    const path = join(testDir(), 'missing', 'copy.db');
    await expect(store.snapshot(path)).rejects.toMatchObject({ code: 'ERR_STORAGE' });
  });

  it('can be opened as a store of their own', async () => {
    const { store } = memoryStore();
    store.journal.claim(sampleClaim('one'));
    const path = join(testDir(), 'copy.db');
    await store.snapshot(path);
    const copy = memoryStore({ at: new Database(readFileSync(withoutWalMark(path))) });
    expect(copy.store.journal.find('one')?.state).toBe('running');
    expect(copy.store.verify().ok).toBe(true);
  });
});

/** A database that is opened from memory must not ask for a WAL. */
function withoutWalMark(path: string): string {
  const db = new Database(path);
  db.pragma('journal_mode = DELETE');
  db.close();
  return path;
}

describe('the second copy of claims', () => {
  it('does not stop a claim when it cannot be written, and is counted', () => {
    const emergency = new MemoryEmergencyJournal();
    emergency.note = () => {
      throw new FeederError('ERR_STORAGE');
    };
    const { store } = memoryStore({ emergency });
    store.journal.claim(sampleClaim('one'));
    expect(store.journal.find('one')?.state).toBe('running');
    expect(store.health().copiesFailed).toBe(1);
  });
});
