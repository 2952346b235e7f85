import { createHash } from 'node:crypto';
import { bytesToText, canonicalJson, DAY_MS, type EventName } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { bootBytes, chainHash } from './event-encoding.ts';
import type { EventLog } from './event-log.ts';
import { LogRetention } from './log-retention.ts';
import type { DeviceStore } from './store.ts';
import { TouchedDocuments } from './touched-documents.ts';

function stopped(store: DeviceStore, reason = 'test'): void {
  store.record('daemon.stopped', { reason });
}

function weight(store: DeviceStore, text = 1): void {
  store.record('weight.chunk', { fromMs: 0, everyMs: 60_000, firstMg: text, deltasMg: [1, -1] });
}

function visit(store: DeviceStore): void {
  store.record('visit.ended', {
    startedMs: 0,
    endedMs: 1000,
    eatenMg: 2000,
    sigmaMg: 100,
    petId: null,
    confidence: 0.5,
  });
}

describe('the encoding of the chain', () => {
  it('is the one that the protocol describes, byte by byte', () => {
    const entry = {
      eid: Buffer.from('0102030405060708', 'hex'),
      kind: 0x0102,
      kver: 3,
      boot: Buffer.from('1112131415161718', 'hex'),
      mono_ms: 0x01_0000_0002,
      body: '{"why":"ü"}',
    };
    const previous = Buffer.from('a1a2a3a4a5a6a7a8', 'hex');
    const bytes = Buffer.from(
      'a1a2a3a4a5a6a7a801020304050607080102031112131415161718' +
        '00000001000000027b22776879223a22c3bc227d',
      'hex',
    );
    const wanted = createHash('sha256').update(bytes).digest().subarray(0, 8);
    expect(chainHash(previous, entry)).toEqual(wanted);
  });

  it('takes a boot id of 16 hex digits as it is, and any other by its digest', () => {
    expect(bootBytes('00ff00ff00ff00ff').toString('hex')).toBe('00ff00ff00ff00ff');
    expect(bootBytes('boot-1')).toHaveLength(8);
    expect(bootBytes('boot-1')).not.toEqual(bootBytes('boot-2'));
  });

  it('writes equal values as equal text', () => {
    expect(canonicalJson({ b: [{ d: 1, c: undefined }], a: null })).toBe(
      '{"a":null,"b":[{"d":1}]}',
    );
  });
});

describe('EventLog', () => {
  it('numbers entries densely from 1 and chains them from a random genesis', () => {
    const { store, clock } = memoryStore();
    clock.ageMs = 1234.5;
    stopped(store, 'one');
    clock.quality = 'unknown';
    stopped(store, 'two');
    const { entries, headSeq } = store.log.page({ afterSeq: 0, limit: 10 });
    expect(entries.map(({ epoch, seq, tq }) => ({ epoch, seq, tq }))).toEqual([
      { epoch: 0, seq: 1, tq: 2 },
      { epoch: 0, seq: 2, tq: 0 },
    ]);
    expect(entries[0]).toMatchObject({
      monoMs: 1234,
      name: 'daemon.stopped',
      body: { reason: 'one' },
    });
    expect(headSeq).toBe(2);
    expect(store.log.head()).toMatchObject({ seq: 2, baseSeq: 1, ackedSeq: 0 });
    expect(
      memoryStore({ random: (n) => new Uint8Array(n).fill(7) }).store.log.head().genesis,
    ).toEqual(Buffer.alloc(8, 7));
    expect(store.log.verify()).toEqual({ ok: true, entries: 2, problems: [] });
  });

  it('refuses a body that does not fit, and the transaction with it', () => {
    const { store } = memoryStore();
    const write = () =>
      store.write('both', () => {
        store.plans.add({ name: 'Every day' });
        store.log.append('daemon.stopped', { reason: 5 } as never);
      });
    expect(write).toThrow(expect.objectContaining({ code: 'ERR_INTERNAL' }));
    expect(store.log.head().seq).toBe(0);
    expect(store.plans.list()).toEqual([]);
  });

  it('takes no entry without the transaction of its fact', () => {
    const { store } = memoryStore();
    expect(() => store.log.append('daemon.stopped', { reason: 'x' })).toThrow(/transaction/);
  });

  it('pages forward, by kind, and reads backward', () => {
    const { store } = memoryStore();
    for (let i = 0; i < 6; i++) i % 2 === 0 ? stopped(store, `${i}`) : weight(store, i);
    const page = store.log.page({ afterSeq: 1, limit: 2 });
    expect(page.entries.map((entry) => entry.seq)).toEqual([2, 3]);
    const chunks = store.log.page({ afterSeq: 0, limit: 9, kinds: ['weight.chunk'] });
    expect(chunks.entries.map((entry) => entry.seq)).toEqual([2, 4, 6]);
    expect(store.log.latest({ limit: 2 }).map((entry) => entry.seq)).toEqual([6, 5]);
    expect(store.log.latest({ limit: 9, beforeSeq: 3 }).map((entry) => entry.seq)).toEqual([2, 1]);
  });

  it('tells listeners of each entry after its commit, in order', () => {
    const { store } = memoryStore();
    const heard: number[] = [];
    const stop = store.log.onEntry((entry) => heard.push(entry.seq));
    store.write('two', () => {
      stopped(store);
      stopped(store);
      expect(heard).toEqual([]);
    });
    stop();
    stopped(store);
    expect(heard).toEqual([1, 2]);
  });

  it('finds the entry that was changed, and says which', () => {
    const { store, db } = memoryStore();
    for (let i = 0; i < 9; i++) stopped(store, `reason ${i}`);
    db.prepare('UPDATE event_log SET body = \'{"reason":"other"}\' WHERE seq = 5').run();
    expect(store.log.verify()).toMatchObject({ ok: false, firstBad: 5, entries: 4 });
    expect(store.log.verify({ from: 7 }).ok).toBe(true);
    expect(store.verify().ok).toBe(false);
    expect(store.verify().firstBad).toBe(5);
  });

  it('finds an entry whose checksum was made to fit', () => {
    const { store, db } = memoryStore();
    for (let i = 0; i < 9; i++) stopped(store, `reason ${i}`);
    const row = store.log.events.get(0, 5);
    store.write('forge', () =>
      store.log.events.update({ ...(row ?? fail()), body: '{"reason":"x"}' }),
    );
    expect(store.log.verify()).toMatchObject({ ok: false, firstBad: 5 });
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it.each([
    ['first', 1],
    ['middle', 5],
    ['last', 9],
  ])('finds that the %s entry is missing', (_, seq) => {
    const { store, db } = memoryStore();
    for (let i = 0; i < 9; i++) stopped(store);
    db.prepare('DELETE FROM event_log WHERE seq = ?').run(seq);
    expect(store.log.verify()).toMatchObject({ ok: false, firstBad: seq });
  });

  it('acknowledges what exists, up and down', () => {
    const { store, reopen } = memoryStore();
    stopped(store);
    store.log.acknowledge(1);
    expect(reopen().log.head().ackedSeq).toBe(1);
    store.log.acknowledge(0);
    expect(store.log.head().ackedSeq).toBe(0);
    expect(() => store.log.acknowledge(2)).toThrow(
      expect.objectContaining({ code: 'ERR_CONFLICT' }),
    );
  });
});

function fail(): never {
  throw new Error('the row is missing');
}

/** Retention with small bounds over the store's own database. */
function retention(
  { store, db }: ReturnType<typeof memoryStore>,
  limits: Partial<ConstructorParameters<typeof LogRetention>[0]['limits']> = {},
): LogRetention {
  return new LogRetention({
    db,
    transactor: store,
    log: store.log,
    touched: new TouchedDocuments({ db, state: store.state }),
    limits: { ackedDays: 90, bytes: 1e9, entries: 1e9, ownDays: 400, ...limits },
  });
}

function kept(log: EventLog): number[] {
  return log.page({ afterSeq: 0, limit: 500 }).entries.map((entry) => entry.seq);
}

describe('A-22, B-60 retention', () => {
  it('drops acknowledged entries after 90 days, and the trimmed chain verifies', () => {
    const made = memoryStore();
    const { store, clock, reopen } = made;
    for (let day = 0; day < 100; day++) {
      stopped(store, `day ${day}`);
      clock.ageMs += DAY_MS;
    }
    store.log.acknowledge(99);
    const report = retention(made).run(clock.now());
    expect(report.trimmed).toBe(10);
    expect(kept(store.log)[0]).toBe(11);
    expect(store.log.head()).toMatchObject({ baseSeq: 11, seq: 100 });
    expect(reopen().verify()).toMatchObject({ ok: true, entries: 90 });
  });

  it('never drops by age what no cloud has', () => {
    const made = memoryStore();
    stopped(made.store);
    weight(made.store);
    made.clock.ageMs += 1000 * DAY_MS;
    retention(made).run(made.clock.now());
    expect(kept(made.store.log)).toEqual([1, 2]);
  });

  it('drops nothing by age while the time is not believed', () => {
    const made = memoryStore();
    const { store, clock } = made;
    clock.quality = 'unknown';
    stopped(store);
    stopped(store);
    store.log.acknowledge(2);
    clock.ageMs += 200 * DAY_MS;
    retention(made).run(clock.now());
    expect(kept(store.log)).toEqual([1, 2]);
    clock.quality = 'synchronized';
    retention(made).run(clock.now());
    expect(kept(store.log)).toEqual([1, 2]);
  });

  it('under pressure drops acknowledged entries first, then class C, then B, each as a gap', () => {
    const made = memoryStore();
    const { store, clock, reopen } = made;
    const story: EventName[] = [];
    for (let i = 0; i < 5; i++) {
      stopped(store);
      weight(store);
      weight(store);
      visit(store);
      story.push('daemon.stopped', 'weight.chunk', 'weight.chunk', 'visit.ended');
    }
    store.log.acknowledge(2);
    expect(retention(made, { entries: 18 }).run(clock.now())).toMatchObject({
      trimmed: 2,
      droppedC: 0,
    });
    expect(retention(made, { entries: 15 }).run(clock.now())).toMatchObject({
      droppedC: 3,
      droppedB: 0,
    });
    expect(retention(made, { entries: 6 }).run(clock.now())).toMatchObject({
      droppedC: 6,
      droppedB: 3,
    });
    const report = retention(made, { entries: 1 }).run(clock.now());
    expect(report).toMatchObject({ droppedC: 0, droppedB: 1, droppedA: 0 });
    expect(kept(store.log)).toEqual([5, 9, 13, 17, 20]);
    const { gaps } = store.log.page({ afterSeq: 0, limit: 100 });
    expect(gaps.map(({ fromSeq, toSeq }) => [fromSeq, toSeq])).toEqual([
      [3, 4],
      [6, 8],
      [10, 12],
      [14, 16],
      [18, 19],
    ]);
    expect(reopen().verify()).toMatchObject({ ok: true, entries: 5 });
    stopped(store);
    expect(store.log.head().seq).toBe(21);
    expect(story).toHaveLength(20);
  });

  it('drops class A that no cloud has only after 400 days', () => {
    const made = memoryStore();
    const { store, clock } = made;
    for (let i = 0; i < 4; i++) {
      stopped(store);
      clock.ageMs += 150 * DAY_MS;
    }
    const report = retention(made, { entries: 1 }).run(clock.now());
    expect(report.droppedA).toBe(2);
    expect(kept(store.log)).toEqual([3, 4]);
    expect(store.log.verify().ok).toBe(true);
  });

  /** Ten acknowledged entries of an epoch that a fork has closed, and ten of the next one. */
  function forked() {
    const made = memoryStore();
    const { store } = made;
    for (let i = 0; i < 10; i++) stopped(store);
    store.sync.nameEpoch(1);
    const opened = { epoch: 2, genesis: bytesToText(Buffer.alloc(8, 7)) };
    const cut = [{ epoch: 1, head: 10 }];
    store.sync.transact('test', () => {
      store.sync.acknowledge(1, 10);
      store.sync.fork({ cut, opened, items: [] });
    });
    for (let i = 0; i < 5; i++) {
      weight(store);
      stopped(store);
    }
    return made;
  }

  it('trims closed segments, too: by age, and before anything that no cloud has is given up', () => {
    const made = forked();
    const { store, clock, reopen } = made;
    const report = retention(made, { entries: 12 }).run(clock.now());
    expect(report).toMatchObject({ trimmed: 8, droppedC: 0, entries: 12 });
    expect(store.sync.segments()).toMatchObject([
      { epoch: 1, base: 9, head: 10 },
      { epoch: 2, base: 1, head: 10 },
    ]);
    clock.ageMs += 91 * DAY_MS;
    expect(retention(made).run(clock.now())).toMatchObject({ trimmed: 2, droppedC: 0 });
    expect(store.sync.segments()[0]).toMatchObject({ epoch: 1, base: 11, head: 10 });
    expect(store.sync.hashAt(1, 10)).toBe(store.sync.segments()[0]?.baseHash);
    expect(reopen().verify()).toMatchObject({ ok: true, entries: 10 });
  });

  it('gives up unsent entries of a closed segment before those of the present one', () => {
    const made = forked();
    const { store, clock, reopen } = made;
    store.sync.transact('test', () => {
      store.sync.fork({
        ...{ cut: [{ epoch: 2, head: 10 }], items: [] },
        opened: { epoch: 3, genesis: bytesToText(Buffer.alloc(8, 8)) },
      });
    });
    for (let i = 0; i < 5; i++) weight(store);
    const report = retention(made, { entries: 12 }).run(clock.now());
    expect(report).toMatchObject({ trimmed: 10, droppedC: 3, entries: 12 });
    expect(kept(store.log)).toHaveLength(5);
    expect(reopen().verify()).toMatchObject({ ok: true, entries: 12 });
  });

  it('stays within its bytes', () => {
    const made = memoryStore();
    for (let i = 0; i < 500; i++) weight(made.store, i);
    const report = retention(made, { bytes: 20_000 }).run(made.clock.now());
    expect(report.bytes).toBeLessThanOrEqual(20_000);
    expect(report.bytes).toBeGreaterThan(15_000);
    expect(made.store.verify().ok).toBe(true);
  });
});

describe('the ledger under any operations', () => {
  type Act = 'A' | 'B' | 'C' | 'fail' | 'ack' | 'trim' | 'squeeze' | 'restart' | 'day';
  const acts = fc.array(
    fc.constantFrom<Act>('A', 'B', 'C', 'fail', 'ack', 'trim', 'squeeze', 'restart', 'day'),
    { maxLength: 60 },
  );

  it('I6 always verifies, and its numbers have neither holes nor repeats', () => {
    fc.assert(
      fc.property(acts, (story) => {
        const made = memoryStore();
        const { clock, reopen } = made;
        let { store } = made;
        let appended = 0;
        for (const act of story) {
          if (act === 'A' || act === 'B' || act === 'C') {
            ({ A: stopped, B: visit, C: weight })[act](store);
            appended += 1;
          } else if (act === 'fail') {
            expect(() =>
              store.write('fails', () => {
                stopped(store);
                throw new RangeError('no');
              }),
            ).toThrow(RangeError);
          } else if (act === 'ack') store.log.acknowledge(Math.floor(appended / 2));
          else if (act === 'restart') store = reopen();
          else if (act === 'day') clock.ageMs += 30 * DAY_MS;
          else {
            const limits = act === 'squeeze' ? { entries: 5 } : {};
            retention({ ...made, store }, limits).run(clock.now());
          }
        }
        const { seq, baseSeq } = store.log.head();
        expect(seq).toBe(appended);
        const { entries, gaps } = store.log.page({ afterSeq: 0, limit: 500 });
        const covered = [
          ...entries.map((entry) => [entry.seq, entry.seq] as const),
          ...gaps.map((gap) => [gap.fromSeq, gap.toSeq] as const),
        ].sort((a, b) => a[0] - b[0]);
        let next = baseSeq;
        for (const [from, to] of covered) {
          expect(from).toBe(next);
          next = to + 1;
        }
        expect(next).toBe(appended + 1);
        expect(store.verify()).toMatchObject({ ok: true, entries: entries.length });
      }),
      { numRuns: 150 },
    );
  });
});
