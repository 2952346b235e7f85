import { bytesToText, type DocState, makeHlc, type SyncDoc, toSyncDoc } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blankDisk, MemoryDisk } from '../../../cloud-sync/simulation/memory-disk.ts';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { SeededRandom } from '../platform/random.ts';
import { renumber } from '../sync/fork-work.ts';
import type { LogItem, SyncStore } from '../sync/sync-store.ts';
import { sha256 } from './event-encoding.ts';
import { LogRetention } from './log-retention.ts';

/*
 * The card of the simulation and the feeder's database answer the link alike, whatever was done to
 * them before: what the simulation finds of the protocol holds for the product.
 */

const text8 = (n: number) => bytesToText(new Uint8Array(8).fill(n));
const ulid = (n: number) => `${n}`.repeat(26);
const small = fc.integer({ min: 1, max: 4 });

type Act =
  | { readonly act: 'entry'; readonly kind: 'A' | 'B' | 'C' }
  | { readonly act: 'doc'; readonly n: number; readonly deleted: boolean }
  | { readonly act: 'settle'; readonly n: number }
  | { readonly act: 'command'; readonly n: number; readonly state: 'claiming' | 'ended' }
  | { readonly act: 'ack'; readonly share: number; readonly segment: number }
  | { readonly act: 'name' | 'pending' }
  | { readonly act: 'fork'; readonly share: number }
  | { readonly act: 'trim'; readonly share: number };

const share = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);
const one = {
  entry: fc.record({ act: fc.constant('entry'), kind: fc.constantFrom('A', 'B', 'C') }),
  doc: fc.record({ act: fc.constant('doc'), n: small, deleted: fc.boolean() }),
  settle: fc.record({ act: fc.constant('settle'), n: small }),
  command: fc.record({
    act: fc.constant('command'),
    n: small,
    state: fc.constantFrom('claiming', 'ended'),
  }),
  ack: fc.record({ act: fc.constant('ack'), share, segment: fc.nat({ max: 3 }) }),
  mark: fc.record({ act: fc.constantFrom('name', 'pending') }),
  fork: fc.record({ act: fc.constant('fork'), share }),
  trim: fc.record({ act: fc.constant('trim'), share }),
};
const { entry, doc, ack, fork, trim } = one;
const acts = fc.oneof(...Object.values(one), entry, doc, ack, ack, fork, trim) as fc.Arbitrary<Act>;

const meal = (n: number, deleted: boolean): DocState => ({
  ...{ kind: 'meal', id: ulid(n), rev: n, deleted },
  groups: deleted ? {} : { label: { name: 'a' } },
  stamps: { [deleted ? 'deleted' : 'label']: { rev: 1, hlc: makeHlc(5), tq: 2 } },
});

/** A card, and how retention takes acknowledged entries off it. */
interface Card {
  readonly store: SyncStore;
  trim(count: number): void;
}

function simulated(): Card {
  const random = new SeededRandom('card');
  const bytes = (length: number) => random.bytes(length);
  const nothing = () => {};
  const now = () => ({ monoMs: 0, wallMs: 0, tq: 2, boot: text8(1) });
  const disk = new MemoryDisk(blankDisk(bytes), {
    ...{ random: bytes, sha256, now, beforeCommit: nothing, afterCommit: nothing },
    ...{ created: nothing, opened: nothing, letGo: nothing, docPut: nothing, cursorMoved: nothing },
  });
  const trim = (count: number) => {
    let left = count;
    for (const { epoch, base, acked } of disk.segments()) {
      const end = Math.min(acked, base + left - 1);
      if (left > 0) left -= disk.transact('trim', () => disk.trim(epoch, end)).length;
    }
  };
  return { store: disk, trim };
}

function real(): Card {
  const { store, db, clock } = memoryStore();
  const trim = (count: number) => {
    const { n } = db.prepare('SELECT count(*) AS n FROM event_log').get() as { n: number };
    const limits = { ackedDays: 1e6, bytes: 1e12, entries: n - count, ownDays: 1e6 };
    const { log, touched } = store;
    if (count > 0)
      new LogRetention({ db, transactor: store, log, touched, limits }).run(clock.now());
  };
  return { store: store.sync, trim };
}

const told = (doc: SyncDoc | null, n: number) => ({
  ...{ mid: ulid(n), target: ['meal', ulid(n)] as [string, string] },
  outcomes: { label: 'applied' as const },
  ...{ reason: null, superseded: {}, doc },
});

function entryOf(store: SyncStore, kind: 'A' | 'B' | 'C'): void {
  const visit = { startedMs: 0, endedMs: 1, eatenMg: 1, sigmaMg: 1, petId: null, confidence: 0 };
  if (kind === 'A') store.append('daemon.stopped', { reason: 'test' });
  else if (kind === 'B') store.append('visit.ended', visit);
  else store.append('weight.chunk', { fromMs: 0, everyMs: 1000, firstMg: 1, deltasMg: [1] });
}

/** How many acknowledged entries there are to trim. */
function trimmable(store: SyncStore): number {
  return store.segments().reduce((sum, { base, acked }) => sum + Math.max(0, acked - base + 1), 0);
}

function itemsAfter(store: SyncStore, epoch: number, head: number): LogItem[] {
  return store.items(epoch, head + 1, 1000).slice();
}

/** What the stories came to: without these they would show nothing. */
const reached = { forks: 0, trimmed: 0, forgotten: 0 };

function perform({ store, trim }: Card, act: Act): void {
  const segments = store.segments();
  const active = segments.at(-1);
  if (active === undefined) return;
  if (act.act === 'trim') {
    trim(Math.floor(act.share * trimmable(store)));
    return;
  }
  store.transact('test', () => {
    if (act.act === 'entry') entryOf(store, act.kind);
    else if (act.act === 'doc') {
      const doc = meal(act.n, act.deleted);
      store.putDoc(doc);
      store.append('mutation.closed', told(toSyncDoc(doc), act.n));
    } else if (act.act === 'settle') {
      store.closeMutation(ulid(act.n), act.n, { label: 'applied' });
      store.setNumber('cursor', act.n);
    } else if (act.act === 'command') {
      const order = { op: 'stop' } as const;
      const rest = { nonce: text8(2), order, notAfterMs: 5 };
      store.putCommand({ id: ulid(act.n), state: act.state, ...rest });
    } else if (act.act === 'ack') {
      const { epoch, base, head } = segments[act.segment % segments.length] ?? active;
      store.acknowledge(epoch, base - 1 + Math.round(act.share * (head - base + 1)));
    } else if (act.act === 'name' && active.epoch === 0) store.nameEpoch(1);
    else if (act.act === 'pending') store.setPendingGenesis(text8(3));
    else if (act.act === 'fork' && active.epoch > 0) {
      const head = active.base - 1 + Math.floor(act.share * (active.head - active.base + 1));
      const turn = { context: { sha256 } } as Parameters<typeof renumber>[0];
      const genesis = text8(active.epoch);
      const items = renumber(turn, genesis, itemsAfter(store, active.epoch, head));
      const opened = { epoch: active.epoch + 1, genesis };
      store.fork({ cut: [{ epoch: active.epoch, head }], opened, items });
    }
  });
}

/** Everything that the link can ask, without what chance has made. */
function seen({ store }: Card): unknown {
  const bare = (item: LogItem) => {
    if (item.item === 'gap') return { from: item.from, to: item.to };
    return { seq: item.seq, kind: item.kind, cls: item.cls, body: item.body };
  };
  return {
    segments: store.segments().map(({ epoch, base, head, acked, closed, pendingGenesis }) => {
      const items = store.items(epoch, 1, 1000);
      const known = Array.from(
        { length: head + 2 },
        (_, seq) => store.hashAt(epoch, seq) !== undefined,
      );
      const ends = items.map((item) =>
        store.hashAt(epoch, item.item === 'gap' ? item.to : item.seq),
      );
      expect(ends).toEqual(items.map(({ hash }) => hash));
      const some = store.items(epoch, base + 1, 2).map(bare);
      return {
        epoch,
        base,
        head,
        acked,
        closed,
        pendingGenesis,
        items: items.map(bare),
        known,
        some,
      };
    }),
    docs: store
      .docs()
      .filter(({ kind }) => kind === 'meal')
      .sort((a, b) => a.rev - b.rev),
    isUnacked: store.hasUnackedDocs(),
    touched: [1, 2, 3, 4].map((n) =>
      [0, 1, 2, 3].map((at) => store.isTouched('meal', ulid(n), at)),
    ),
    outcomes: [1, 2, 3, 4].map((n) => store.mutationOutcomes(ulid(n))),
    open: store.openCommands(),
    cursor: store.number('cursor'),
  };
}

describe('the simulated card and the real one', () => {
  it('answer alike', () => {
    fc.assert(
      fc.property(fc.array(acts, { minLength: 10, maxLength: 60 }), (drawn) => {
        // A feeder that is linked once stays so: its ledger has a number from the beginning.
        const story: readonly Act[] = [{ act: 'entry', kind: 'A' }, { act: 'name' }, ...drawn];
        const cards = [simulated(), real()] as const;
        for (const act of story) {
          for (const card of cards) perform(card, act);
          expect(seen(cards[1])).toEqual(seen(cards[0]));
        }
        const segments = cards[1].store.segments();
        if (segments.length > 1) reached.forks += 1;
        if (segments.some(({ base }) => base > 1)) reached.trimmed += 1;
        if (segments.length > 2 && segments.some(({ base }) => base > 1)) reached.forgotten += 1;
      }),
      { numRuns: 150 },
    );
    for (const count of Object.values(reached)) expect(count).toBeGreaterThan(10);
  });
});
