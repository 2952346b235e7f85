import { createHash } from 'node:crypto';
import { CLAIM_WINDOW_MS, makeUlid } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blankDisk, MemoryDisk } from '../../../cloud-sync/simulation/memory-disk.ts';
import { SeededRandom } from '../platform/random.ts';
import { initialLink, step } from './link.ts';
import type { CommandWord, LinkInput, LinkOutput } from './link-io.ts';

const random = new SeededRandom('link');
const bytes = (length: number) => random.bytes(length);
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
const ignore = () => {};

/** A core on a fresh card, with a clock that the test moves, and a book of feedings that it writes. */
function bench() {
  const book = new Map<string, CommandWord | 'running'>();
  let monoMs = 0;
  let state = initialLink;
  const now = () => ({ monoMs, wallMs: 1_800_000_000_000 + monoMs, tq: 2, boot: 'AAAAAAAAAAA' });
  const store = new MemoryDisk(blankDisk(bytes), {
    ...{ random: bytes, sha256, now, beforeCommit: ignore, afterCommit: ignore },
    ...{ created: ignore, opened: ignore, letGo: ignore, docPut: ignore, cursorMoved: ignore },
  });
  const context = () => ({
    ...{ store, now: now(), random: bytes, sha256 },
    ...{ validate: () => null, present: () => ({}) },
    outcomeOf: (id: string) => book.get(id) ?? null,
  });
  const take = (input: LinkInput): readonly LinkOutput[] => {
    const done = step(state, input, context());
    state = done.state;
    return done.outputs;
  };
  const request = (outputs: readonly LinkOutput[]) =>
    outputs.find((one) => one.kind === 'request') ?? { id: -1, path: '', body: undefined };
  return {
    store,
    book,
    take,
    request,
    state: () => state,
    wait: (ms: number) => {
      monoMs += ms;
      return take({ kind: 'tick' });
    },
  };
}

type Bench = ReturnType<typeof bench>;

function helloAnswer(of: Bench, part: object = {}) {
  return {
    ...{ v: 1, proto: 1, session: 7, max_epoch: 1, need_docs: false, t1: 0, t2: 0 },
    segs: [{ ...segmentOf(of), asked: 0 }],
    down: { items: [], upto: 0, head: 0 },
    limits: { max_events: 500, max_bytes: 262_144, backoff_cap_s: 300, spread_s: 60, poll_s: 60 },
    ...part,
  };
}

/** What the cloud says of the first segment when it has nothing of it. */
function segmentOf(of: Bench) {
  return { epoch: 1, acked: 0, hash: of.store.segments()[0]?.genesis, gaps: [] };
}

/** Brings it to life: hello asked and answered. */
function live(part: object = {}) {
  const of = bench();
  of.take({ kind: 'started', boot: 'AAAAAAAAAAA', firmware: '1' });
  const hello = of.request(of.wait(3000));
  const outputs = of.take({
    kind: 'answer',
    id: hello.id,
    status: 200,
    body: helloAnswer(of, part),
  });
  return { of, hello, outputs };
}

describe('the link', () => {
  it('says hello after a start, and is live after the answer', () => {
    const { of, hello } = live();
    expect(hello).toMatchObject({ path: '/v1/sync/hello', body: { session_prev: 0, dcur: 0 } });
    expect(of.state()).toMatchObject({ phase: 'live', session: 7 });
    expect(of.store.segments()[0]?.epoch).toBe(1);
    expect(of.store.number('session')).toBe(7);
  });

  it('H1 sends what the cloud does not have, and counts only its word', () => {
    const { of } = live();
    of.store.transact('fact', () => of.store.append('storage.trouble', { reason: 'x' }));
    of.take({ kind: 'appended', cls: 'A' });
    const batch = of.request(of.wait(300));
    expect(batch).toMatchObject({ path: '/v1/sync/events', body: { session: 7, first: 1 } });
    of.take({ kind: 'answer', id: batch.id, status: 200, body: { portal: true } });
    expect(of.store.segments()[0]?.acked).toBe(0);
    expect(of.state().phase).toBe('resting');
  });

  it('B1 takes an acknowledgement with its own hash, and no other', () => {
    const seen = [true, false].map((isOwn) => {
      const { of } = live();
      of.store.transact('fact', () => of.store.append('storage.trouble', { reason: 'x' }));
      of.take({ kind: 'appended', cls: 'A' });
      const batch = of.request(of.wait(300));
      const hash = isOwn ? of.store.hashAt(1, 1) : 'AAAAAAAAAAA';
      of.take({
        kind: 'answer',
        id: batch.id,
        status: 200,
        body: { ack: { epoch: 1, seq: 1, hash } },
      });
      return [of.store.segments()[0]?.acked, of.state().phase];
    });
    expect(seen).toEqual([
      [1, 'live'],
      [0, 'resting'],
    ]);
  });

  const place = { url: 'mqtts://broker.test', user: 'me', token: 'secret' };

  it('hangs the doorbell where hello says, and keeps it until the next word about it', () => {
    const { of } = live({ mqtt: place });
    expect(of.state().bell).toEqual({ ...place, session: 7 });
    const poll = of.request(of.wait(60_000));
    of.take({ kind: 'failed', id: poll.id });
    expect(of.state()).toMatchObject({ phase: 'resting', bell: place });
    const hello = of.request(of.wait(2_000));
    const body = helloAnswer(of, { session: 8, segs: [{ ...segmentOf(of), asked: 1 }] });
    of.take({ kind: 'answer', id: hello.id, status: 200, body });
    expect(of.state()).toMatchObject({ phase: 'live', session: 8, bell: null });
  });

  it('hangs it nowhere once the feeder has no rights', () => {
    const { of } = live({ mqtt: place });
    const poll = of.request(of.wait(60_000));
    of.take({ kind: 'answer', id: poll.id, status: 403, body: { err: 'revoked' } });
    expect(of.state()).toMatchObject({ phase: 'local', bell: null });
  });

  it('asks at once when the doorbell hears again, and when it rings for something new', () => {
    const { of } = live({ mqtt: place });
    const asked = of.request(of.take({ kind: 'listening' }));
    expect(asked.path).toBe('/v1/sync/down?session=7&after=0');
    const body = { items: [], upto: 3, head: 3 };
    of.take({ kind: 'answer', id: asked.id, status: 200, body });
    expect(of.request(of.take({ kind: 'pushed', body: { down: 3 } })).id).toBe(-1);
    const again = of.request(of.take({ kind: 'pushed', body: { down: 4, watch_s: 60 } }));
    expect(again.path).toBe('/v1/sync/down?session=7&after=3');
  });

  it('says hello within twenty minutes, and not at once, when the broker refuses it', () => {
    const { of } = live({ mqtt: place, limits: { ...helloAnswer(bench()).limits, poll_s: 7_200 } });
    expect(of.request(of.take({ kind: 'unheard' })).id).toBe(-1);
    expect(of.request(of.wait(599_000)).id).toBe(-1);
    expect(of.request(of.wait(602_000)).path).toBe('/v1/sync/hello');
  });

  it('H2 forks when the cloud has another history', () => {
    const { of, outputs } = live({
      segs: [{ asked: 0, epoch: 1, acked: 9, hash: 'AAAAAAAAAAA', gaps: [] }],
    });
    expect(of.request(outputs)).toMatchObject({ path: '/v1/sync/fork', body: { epoch: 1 } });
    expect(of.store.segments()[0]?.pendingGenesis).not.toBe(null);
  });

  /** A feeder with a closed segment of two entries and an empty active one. */
  function forked() {
    const { of } = live();
    for (const reason of ['x', 'y']) {
      of.store.transact('fact', () => of.store.append('storage.trouble', { reason }));
    }
    const opened = { epoch: 2, genesis: 'BBBBBBBBBBA' };
    of.store.transact('fork', () =>
      of.store.fork({ cut: [{ epoch: 1, head: 2 }], opened, items: [] }),
    );
    of.take({ kind: 'started', boot: 'AAAAAAAAAAE', firmware: '1' });
    const hello = of.request(of.wait(3000));
    const answer = (closed: object) => {
      const active = { asked: 2, epoch: 2, acked: 0, hash: opened.genesis, gaps: [] };
      const segs = [{ asked: 1, epoch: 1, acked: 9, gaps: [], ...closed }, active];
      const body = helloAnswer(of, { segs, max_epoch: 2 });
      return of.take({ kind: 'answer', id: hello.id, status: 200, body });
    };
    return { of, answer };
  }

  it('H2 forks a closed segment when the cloud has other entries under its numbers', () => {
    for (const hash of ['CCCCCCCCCCA', null]) {
      const { of, answer } = forked();
      const fork = of.request(answer({ hash }));
      expect(fork).toMatchObject({ path: '/v1/sync/fork', body: { epoch: 1 } });
    }
  });

  it('takes younger segments along when an older one has diverged', () => {
    const { of } = live();
    const genesis = ['', '', 'BBBBBBBBBBA', 'CCCCCCCCCCA'];
    for (const epoch of [2, 3]) {
      of.store.transact('fork', () => {
        of.store.append('storage.trouble', { reason: 'x' });
        const cut = [{ epoch: epoch - 1, head: 1 }];
        of.store.fork({ cut, opened: { epoch, genesis: genesis[epoch] ?? '' }, items: [] });
      });
    }
    of.take({ kind: 'started', boot: 'AAAAAAAAAAE', firmware: '1' });
    const hello = of.request(of.wait(3000));
    const segs = [1, 2, 3].map((epoch) => {
      const hash = epoch === 1 ? 'DDDDDDDDDDA' : genesis[epoch];
      return { asked: epoch, epoch, acked: epoch === 1 ? 1 : 0, hash, gaps: [] };
    });
    const body = helloAnswer(of, { segs, max_epoch: 3 });
    of.take({ kind: 'answer', id: hello.id, status: 200, body });
    expect(of.state().fork?.epochs).toEqual([1, 2, 3]);
  });

  it('H2 leaves a closed segment alone when the cloud has more of the same history', () => {
    const { of, answer } = forked();
    answer({ hash: of.store.hashAt(1, 2) });
    expect(of.state()).toMatchObject({ phase: 'live', fork: null });
    expect(of.store.segments()[0]).toMatchObject({ epoch: 1, acked: 2 });
  });

  it('H1 counts nothing of a segment that the cloud does not know', () => {
    const { of, answer } = forked();
    of.store.transact('acked', () => {
      of.store.acknowledge(1, 2);
      of.store.trim(1, 2);
    });
    answer({ epoch: null, acked: 0, hash: 'AAAAAAAAAAA' });
    expect(of.store.segments()[0]).toMatchObject({ epoch: 1, head: 2, acked: 0 });
    expect(of.state().phase).toBe('live');
  });

  it('M5 takes no older copy of a document whose entry retention has taken', () => {
    const outcomes = [false, true].map((isTrimmed) => {
      const { of } = live();
      const id = makeUlid(1_800_000_000_000, bytes);
      const stamps = { label: { rev: 1, hlc: '0'.repeat(16), tq: 2 } };
      const doc = { kind: 'meal', id, rev: 1, deleted: false, groups: { label: { name: 'a' } } };
      of.store.transact('edit', () => {
        of.store.putDoc({ ...doc, stamps });
        of.store.append('doc.changed', { ...doc, grevs: { label: 1 } });
        of.store.acknowledge(1, 1);
        if (isTrimmed) of.store.trim(1, 1);
      });
      const copy = { doc: ['meal', id], op: 'restore', rev: 3, groups: {}, epoch: 0 };
      const mid = makeUlid(1_800_000_000_000, bytes);
      const b = { ...copy, hlc: 'f'.repeat(16) };
      of.take({ kind: 'pushed', body: { d: 1, k: 'mut', ref: mid, b } });
      return of.store.mutationOutcomes(mid);
    });
    expect(outcomes).toEqual([{ '*': 'superseded' }, { '*': 'superseded' }]);
  });

  it('backs off longer and longer, durably, up to the cap', () => {
    const { of } = live();
    for (let i = 0; i < 20; i++) {
      of.wait(400_000);
      const { busy } = of.state();
      if (busy !== null) of.take({ kind: 'failed', id: busy.id });
    }
    expect(of.store.number('attempt')).toBe(12);
    expect(of.state().phase).toBe('resting');
  });

  const ref = makeUlid(1_800_000_000_000, bytes);
  const command = { d: 1, k: 'cmd', ref, na: 1_800_000_060_000, b: { op: 'feed', mg: 5000 } };

  it.each([
    ['in time', CLAIM_WINDOW_MS, 'execute', 'executing'],
    ['too late', CLAIM_WINDOW_MS + 1, undefined, 'ended'],
  ])('K3 uses a grant that came %s', (_, waitMs, expected, state) => {
    const { of, outputs } = live({ down: { items: [command], upto: 1, head: 1 } });
    const claim = of.request(outputs);
    expect(claim.path).toBe(`/v1/commands/${ref}/claim`);
    const { nonce } = claim.body as { nonce: string };
    of.wait(waitMs);
    const done = of.take({ kind: 'answer', id: claim.id, status: 200, body: { ok: true, nonce } });
    expect(done.find(({ kind }) => kind === 'execute')?.kind).toBe(expected);
    expect(of.store.command(ref)?.state).toBe(state);
  });

  const served = { end: 'done', reason: '', feedingId: 'f1' } as const;
  it.each([
    ['the book knows nothing of', undefined, 'ended', { state: 'failed', reason: 'interrupted' }],
    ['the book says was served', served, 'ended', { state: 'done', reason: '', feedingId: 'f1' }],
    ['this very daemon is at', 'running', 'executing', undefined],
  ] as const)('K2 ends what %s as it is, and repeats nothing', (_, known, state, told) => {
    const { of, outputs } = live({ down: { items: [command], upto: 1, head: 1 } });
    if (known !== undefined) of.book.set(ref, known);
    const claim = of.request(outputs);
    const { nonce } = claim.body as { nonce: string };
    of.take({ kind: 'answer', id: claim.id, status: 200, body: { ok: true, nonce } });
    const again = of.take({ kind: 'started', boot: 'AAAAAAAAAAE', firmware: '1' });
    expect(of.store.command(ref)?.state).toBe(state);
    expect(again.some(({ kind }) => kind === 'execute')).toBe(false);
    const last = of.store
      .items(0, 1, 99)
      .concat(of.store.items(1, 1, 99))
      .at(-1);
    const body = last?.item === 'event' ? JSON.parse(last.body) : undefined;
    if (told !== undefined) expect(body).toMatchObject({ commandId: ref, ...told });
    // The word of the one that is running is still taken.
    of.take({ kind: 'executed', commandId: ref, ...served });
    expect(of.store.command(ref)?.state).toBe('ended');
  });

  it('D1 takes an item once, whatever is pushed', () => {
    const { of } = live();
    const item = { d: 1, k: 'dance', ref, b: null };
    for (let i = 0; i < 3; i++) of.take({ kind: 'pushed', body: item });
    of.take({ kind: 'pushed', body: { ...item, d: 5 } });
    expect(of.store.number('cursor')).toBe(1);
    expect(of.store.mutationOutcomes(ref)).toEqual({ '*': 'unsupported' });
  });

  it('survives whatever it is told, and always says when it wants to be woken', () => {
    const inputs = fc.oneof(
      fc.record({
        kind: fc.constant('answer' as const),
        id: fc.nat({ max: 12 }),
        status: fc.constantFrom(0, 200, 302, 401, 403, 409, 410, 413, 426, 429, 500, 503),
        body: fc.oneof(
          fc.jsonValue(),
          fc.record({ err: fc.constantFrom('fenced', 'fork', 'too_large', 'revoked', 'proto') }),
        ),
      }),
      fc.record({ kind: fc.constant('failed' as const), id: fc.nat({ max: 12 }) }),
      fc.record({ kind: fc.constant('pushed' as const), body: fc.jsonValue() }),
      fc.record({ kind: fc.constantFrom('tick' as const, 'reachable' as const) }),
      fc.record({
        kind: fc.constant('appended' as const),
        cls: fc.constantFrom('A' as const, 'B' as const, 'C' as const),
      }),
    );
    fc.assert(
      fc.property(fc.array(inputs, { maxLength: 30 }), (all) => {
        const { of } = live();
        for (const input of all) {
          const outputs = of.take(input);
          expect(outputs.at(-1)?.kind).toBe('wake');
          expect(outputs.length).toBeLessThan(10);
          of.wait(100);
        }
      }),
      { numRuns: 100 },
    );
  });
});
