import { bytesToText, type DocState, makeHlc } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { renumber } from '../sync/fork-work.ts';
import type { LogItem } from '../sync/sync-store.ts';
import { sha256 } from './event-encoding.ts';
import type { DeviceStore } from './store.ts';

const GENESIS = bytesToText(new Uint8Array(8).fill(9));
const NONCE = bytesToText(new Uint8Array(8).fill(1));

function filled(count: number): DeviceStore {
  const store = memoryStore().store;
  for (let n = store.log.head().seq; n < count; n++) {
    store.record('daemon.stopped', { reason: `test ${n}` });
  }
  return store;
}

const meal = (part: Partial<DocState> = {}): DocState => ({
  ...{ kind: 'meal', id: '1'.repeat(26), rev: 3, deleted: false, groups: { label: { name: 'a' } } },
  stamps: { label: { rev: 2, hlc: makeHlc(5), tq: 2 } },
  ...part,
});

describe('the ledger as the link sees it', () => {
  it('gets its number with all its entries, and goes on in it', () => {
    const { sync, log, record } = filled(1200);
    const before = sync.items(0, 1, 2000);
    sync.nameEpoch(7);
    record('daemon.stopped', { reason: 'after' });
    expect(sync.items(0, 1, 10)).toEqual([]);
    expect(sync.items(7, 1, 1200)).toEqual(before);
    expect(sync.segments()).toMatchObject([{ epoch: 7, head: 1201, base: 1, closed: false }]);
    expect(log.verify()).toMatchObject({ ok: true, entries: 1201 });
  });

  it('knows the hash at its base, at entries and at the ends of gaps', () => {
    const { sync, log } = filled(5);
    const [first] = sync.segments();
    expect(sync.hashAt(0, 0)).toBe(first?.genesis);
    expect(sync.hashAt(0, 5)).toBe(bytesToText(log.head().hash));
    expect(sync.hashAt(0, 6)).toBe(undefined);
    expect(sync.hashAt(3, 1)).toBe(undefined);
  });

  it('forks: what is before the cut stays, the rest is chained from a new genesis', () => {
    const store = filled(1500);
    const { sync, log } = store;
    sync.nameEpoch(1);
    const turn = { context: { sha256 } } as Parameters<typeof renumber>[0];
    const page = function* (): Generator<LogItem> {
      for (let from = 1001; from <= 1500; from += 100) yield* sync.items(1, from, 100);
    };
    sync.transact('test', () =>
      sync.fork({
        cut: [{ epoch: 1, head: 1000 }],
        opened: { epoch: 4, genesis: GENESIS },
        items: renumber(turn, GENESIS, page()),
      }),
    );
    store.record('daemon.stopped', { reason: 'after' });
    expect(sync.segments()).toMatchObject([
      { epoch: 1, head: 1000, closed: true },
      { epoch: 4, head: 501, closed: false, genesis: GENESIS },
    ]);
    const [last] = sync.items(4, 500, 1);
    expect(last).toMatchObject({ item: 'event', seq: 500 });
    expect(sync.items(1, 1001, 1)).toEqual([]);
    expect(log.verify()).toMatchObject({ ok: true, entries: 1501 });
    expect(store.verify().ok).toBe(true);
  });

  it('leaves everything as it was when a fork fails in the middle', () => {
    const { sync, log, record } = filled(20);
    const before = [sync.segments(), sync.items(0, 1, 100)];
    const broken = function* (): Generator<LogItem> {
      yield* sync.items(0, 11, 3);
      throw new RangeError('on purpose');
    };
    const plan = { cut: [{ epoch: 0, head: 10 }], opened: { epoch: 2, genesis: GENESIS } };
    expect(() => sync.transact('test', () => sync.fork({ ...plan, items: broken() }))).toThrow(
      'on purpose',
    );
    expect([sync.segments(), sync.items(0, 1, 100)]).toEqual(before);
    record('daemon.stopped', { reason: 'after' });
    expect(log.verify()).toMatchObject({ ok: true, entries: 21 });
  });

  it('remembers acknowledgements of closed segments, too', () => {
    const { sync } = filled(10);
    sync.nameEpoch(1);
    const fork = {
      cut: [{ epoch: 1, head: 6 }],
      opened: { epoch: 2, genesis: GENESIS },
      items: [],
    };
    sync.transact('test', () => sync.fork(fork));
    sync.transact('test', () => sync.acknowledge(1, 6));
    expect(sync.segments()).toMatchObject([
      { epoch: 1, acked: 6 },
      { epoch: 2, acked: 0 },
    ]);
  });
});

describe('documents as the link sees them', () => {
  it('are written without an entry of their own, and those who use them are told', () => {
    const store = memoryStore().store;
    const told: string[] = [];
    store.documents.onChange(({ kind }) => told.push(kind));
    const head = store.log.head().seq;
    store.sync.transact('test', () => store.sync.putDoc(meal()));
    expect(store.log.head().seq).toBe(head);
    expect(store.sync.doc('meal', meal().id)).toEqual(meal());
    expect(store.meals.get(meal().id)).toMatchObject({ name: 'a', rev: 3 });
    expect(told).toEqual(['meal']);
  });

  it('of a kind that nobody knows here are left out', () => {
    const { sync } = memoryStore().store;
    sync.transact('test', () => sync.putDoc(meal({ kind: 'robot' })));
    expect(sync.doc('robot', meal().id)).toBe(undefined);
    expect(sync.docs().map(({ kind }) => kind)).not.toContain('robot');
  });

  it('are unacknowledged as long as an entry about one is', () => {
    const store = memoryStore().store;
    store.pets.add({ name: 'Mia', bodyKg: 4, lifeStage: null, rationGrams: null, note: '' });
    expect(store.sync.hasUnackedDocs()).toBe(true);
    store.log.acknowledge(store.log.head().seq);
    store.record('daemon.stopped', { reason: 'test' });
    expect(store.sync.hasUnackedDocs()).toBe(false);
  });
});

describe('commands and mutations', () => {
  it('are remembered, open ones in their order', () => {
    const { sync } = memoryStore().store;
    const command = (n: number, state: 'claiming' | 'ended') => ({
      ...{ id: `${n}`.repeat(26), state, nonce: NONCE, order: { op: 'stop' } as const },
      notAfterMs: 5,
    });
    sync.transact('test', () => {
      for (const n of [3, 1, 2]) sync.putCommand(command(n, 'claiming'));
      sync.putCommand(command(1, 'ended'));
      sync.closeMutation('1'.repeat(26), 4, { label: 'applied' });
      sync.setNumber('cursor', 4);
    });
    expect(sync.openCommands()).toEqual([command(3, 'claiming'), command(2, 'claiming')]);
    expect(sync.command('1'.repeat(26))).toEqual(command(1, 'ended'));
    expect(sync.mutationOutcomes('1'.repeat(26))).toEqual({ label: 'applied' });
    expect(sync.mutationOutcomes('2'.repeat(26))).toBe(undefined);
    expect([sync.number('cursor'), sync.number('session')]).toEqual([4, 0]);
  });
});
