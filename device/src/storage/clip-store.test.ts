import { join } from 'node:path';
import { eventBodies } from '@cat-feeder/shared';
import Database from 'better-sqlite3';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  type ClipCatalogueSubject,
  type ClipEntry,
  clipCatalogueContract,
  clipId,
} from '../../test/contracts/clip-catalogue.ts';
import {
  factoryCalibration,
  HandClock,
  memoryStore,
  openDirStore,
  testDir,
} from '../../test/contracts/store-fixture.ts';
import { clipOf } from '../../test/support/clip-fixtures.ts';
import { MemoryClipCatalogue } from '../../test/support/memory-clip-catalogue.ts';
import { EventLog } from './event-log.ts';
import { migrate, migrations } from './migrations.ts';
import { type DeviceStore, openStore } from './store.ts';
import { PowerCut, Transactor } from './transactor.ts';
import { verifyHandle } from './verify-file.ts';

clipCatalogueContract('memory', () => {
  const catalogue = new MemoryClipCatalogue();
  return {
    catalogue,
    ledger: () => catalogue.ledger,
    refuse: () => {
      catalogue.isRefusing = true;
    },
    reopen: () => catalogue,
  };
});

clipCatalogueContract('SQLite', (): ClipCatalogueSubject => {
  let isRefusing = false;
  const hooks = {
    beforeCommit: () => {
      if (isRefusing) throw Object.assign(new Error('refused'), { code: 'SQLITE_IOERR_WRITE' });
    },
  };
  const { store, reopen } = memoryStore({ hooks });
  return {
    catalogue: store.clips,
    ledger: () => entriesOf(store),
    refuse: () => {
      isRefusing = true;
    },
    reopen: () => reopen().clips,
  };
});

function entriesOf(store: DeviceStore): ClipEntry[] {
  const kinds = ['clip.recorded', 'clip.dropped'] as const;
  return store.log.page({ afterSeq: 0, limit: 100, kinds }).entries.map(({ name, body }) => {
    if (name === 'clip.dropped') return { name, body: v.parse(eventBodies[name], body) };
    return { name: 'clip.recorded', clipId: v.parse(eventBodies['clip.recorded'], body).clipId };
  });
}

describe('clips in the database', () => {
  it('C3 row and entry are there together or not at all, wherever the power fails', () => {
    for (const moment of ['beforeCommit', 'afterCommit'] as const) {
      let isCut = false;
      const cut = () => {
        if (isCut) throw new PowerCut();
      };
      const { store, reopen } = memoryStore({ hooks: { [moment]: cut } });
      store.clips.add(clipOf({ id: clipId(1) }));
      isCut = true;
      expect(() => store.clips.drop(clipId(1), 'quota', 'To make room.')).toThrow(PowerCut);
      isCut = false;
      const after = reopen();
      const isGone = moment === 'afterCommit';
      expect(after.clips.get(clipId(1)) === undefined).toBe(isGone);
      expect(entriesOf(after)).toHaveLength(isGone ? 2 : 1);
      expect(after.verify().ok).toBe(true);
    }
  });

  it('are checked with everything else: a changed byte is noticed', () => {
    const { store, db } = memoryStore();
    store.clips.add(clipOf({ id: clipId(1), petIds: [clipId(2)] }));
    expect(store.verify().ok).toBe(true);
    db.prepare('UPDATE clip SET bytes = bytes + 1').run();
    expect(store.verify().problems.join()).toContain('clip');
    expect(() => store.clips.get(clipId(1))).toThrow(
      expect.objectContaining({ code: 'ERR_DATABASE_CORRUPT' }),
    );
  });

  it('come back from a damaged database that a snapshot did not have them in', () => {
    const dir = testDir();
    const store = openDirStore(dir);
    store.clips.add(clipOf({ id: clipId(1), petIds: [clipId(9)], keep: true }));
    store.close();
    const db = new Database(join(dir, 'db', 'feeder.db'));
    db.exec('DROP INDEX feeding_by_request');
    db.close();
    const restored = openDirStore(dir);
    expect(restored.restored?.source).toBe('none');
    expect(restored.clips.list({ limit: 5, petId: clipId(9) })).toMatchObject([{ keep: true }]);
  });
});

describe('a database from before the camera', () => {
  it('is sound by its own schema, and gets its table of clips with the next start', () => {
    const db = new Database(':memory:');
    const transactor = new Transactor({ db });
    const { now } = new HandClock();
    migrate({ db, transactor, steps: migrations.slice(0, 1) });
    new EventLog({ db, transactor, time: now, random: (length) => new Uint8Array(length) });
    expect(verifyHandle(db).problems).toEqual([]);
    const store = openStore({ at: db, time: now, defaultCalibration: factoryCalibration });
    store.clips.add(clipOf({ id: clipId(1) }));
    expect(store.clips.totals()).toEqual({ count: 1, bytes: 100 });
    expect(verifyHandle(db).problems).toEqual([]);
  });

  it('is not sound when a table is gone that its schema has', () => {
    const { db } = memoryStore();
    db.exec('DROP TABLE clip_link');
    expect(verifyHandle(db).ok).toBe(false);
  });
});
