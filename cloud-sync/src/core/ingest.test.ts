import { createHash } from 'node:crypto';
import { type Batch, chainText, type Fill, type WireEvent, type WireGap } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { MemoryCloud } from '../../simulation/memory-cloud.ts';
import { asRanges } from './fork.ts';
import { fill, ingest } from './ingest.ts';

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
const GENESIS = 'AAAAAAAAAAA';
const BOOT = 'BBBBBBBBBBA';
const eids = ['CCCCCCCCCCA', 'DDDDDDDDDDA', 'EEEEEEEEEEA', 'FFFFFFFFFFA'];
const ignore = () => {};

const event = (i: number, part: Partial<WireEvent> = {}): WireEvent => ({
  ...{ e: eids[i] ?? '', k: 60_000, kv: 1, t: 0, tq: 0, bt: 0, mo: i, b: { n: i } },
  ...part,
});

function hashes(): string[] {
  let hash = GENESIS;
  return eids.map((eid, i) => {
    const chained = { eid, kind: 60_000, kver: 1, boot: BOOT, monoMs: i, body: `{"n":${i}}` };
    hash = chainText(sha256, hash, chained);
    return hash;
  });
}

async function bench() {
  const store = new MemoryCloud({ beforeCommit: ignore, afterCommit: ignore, committed: ignore });
  store.register({
    ...{ deviceId: 'd', homeId: 'h', status: 'active', session: 3, sessionMs: 0, boots: [] },
    ...{ clonedMs: null, maxEpoch: 1, downHead: 0, downAcked: 0 },
  });
  await store.onDevice('d', (tx) =>
    tx.putEpoch({
      ...{ epoch: 1, genesis: GENESIS, homeId: 'h', ackedSeq: 0, ackedHash: GENESIS },
      ...{ openedMs: 0, isAdopted: false },
    }),
  );
  const context = { store, now: () => 5, random: (n: number) => new Uint8Array(n), sha256 };
  const send = (part: Partial<Batch>) =>
    ingest(context, 'd', {
      ...{ v: 1, session: 3, epoch: 1, first: 1, prev: GENESIS, boots: [BOOT], dcur: 0 },
      ...{ events: [event(0)] },
      ...part,
    });
  const fillIn = (part: Partial<Fill>) =>
    fill(context, 'd', {
      ...{ v: 1, session: 3, epoch: 1, first: 1, prev: GENESIS, boots: [BOOT] },
      ...{ events: [event(0)] },
      ...part,
    });
  return { store, send, fillIn, rows: () => store.rows.get('d') };
}

describe('a batch', () => {
  const all = hashes();

  it('is stored, and acknowledged with the hash of its end', async () => {
    const { send, rows } = await bench();
    expect(await send({ events: [event(0), event(1)] })).toMatchObject({
      ok: true,
      body: { ack: { epoch: 1, seq: 2, hash: all[1] } },
    });
    expect(rows()?.events.size).toBe(2);
  });

  it('G3 may come again, in part or as a whole, and changes nothing', async () => {
    const { send, rows } = await bench();
    await send({ events: [event(0), event(1)] });
    expect(await send({ events: [event(0)] })).toMatchObject({ body: { ack: { seq: 2 } } });
    expect(await send({ events: [event(0), event(1), event(2)] })).toMatchObject({
      body: { ack: { seq: 3, hash: all[2] } },
    });
    expect(rows()?.events.size).toBe(3);
  });

  it.each([
    ['G1 of what comes later', { first: 3, prev: all[1] ?? '' }, 'gap'],
    ['G2 of another history', { first: 2, prev: 'GGGGGGGGGGA' }, 'fork'],
    ['G2 of another history that overlaps', { events: [event(3), event(1)] }, 'fork'],
    ['of an older session', { session: 2 }, 'fenced'],
    ['of an unknown epoch', { epoch: 9 }, 'unknown_epoch'],
    ['with a boot that is not named', { first: 2, prev: all[0] ?? '', boots: [] }, 'bad_request'],
    [
      'with an entry that is too large',
      { first: 2, prev: all[0] ?? '', events: [event(1, { b: 'x'.repeat(9000) })] },
      'too_large',
    ],
  ])('%s is refused, and nothing is stored', async (_, part, refusal) => {
    const { send, rows } = await bench();
    await send({});
    const before = rows()?.events;
    expect(await send(part as Partial<Batch>)).toEqual({ ok: false, refusal });
    expect(rows()?.events).toEqual(before);
  });

  it('moves over a gap by the hash of its end', async () => {
    const { send, rows } = await bench();
    const gap: WireGap = { gap: [1, 2], why: 'space', hash: all[1] ?? '' };
    expect(await send({ events: [gap, event(2)] })).toMatchObject({
      body: { ack: { seq: 3, hash: all[2] } },
    });
    expect([...(rows()?.gaps.values() ?? [])]).toMatchObject([{ from: 1, to: 2 }]);
  });

  it('is never refused for a body that its kind does not allow', async () => {
    const { send, rows } = await bench();
    expect(await send({ events: [event(0, { k: 9 })] })).toMatchObject({ ok: true });
    expect(rows()?.events.get('1:1')?.quarantined).toBe(true);
  });

  it.each([
    ['an id that is none', { id: 'breakfast' }],
    ['a kind longer than any key', { kind: 'm'.repeat(41) }],
    ['half a revision', { rev: 1.5 }],
  ])('sets a document with %s aside, since no row can hold it', async (_, part) => {
    const { send, rows } = await bench();
    const doc = { kind: 'meal', id: '0'.repeat(26), rev: 1, deleted: false, groups: {}, ...part };
    expect(await send({ events: [event(0, { k: 9, b: doc })] })).toMatchObject({ ok: true });
    expect(rows()?.events.get('1:1')?.quarantined).toBe(true);
    expect(rows()?.docs.size).toBe(0);
  });
});

describe('a fill', () => {
  const all = hashes();
  const gapTo = (from: number, to: number): WireGap => ({
    ...{ gap: [from, to], why: 'space', hash: all[to - 1] ?? '' },
  });
  const filled = async () => {
    const made = await bench();
    await made.send({ events: [gapTo(1, 2), event(2), event(3)] });
    return made;
  };

  it('puts entries where a gap was, when they lead to its hash', async () => {
    const { fillIn, rows } = await filled();
    expect(await fillIn({ events: [event(0), event(1)] })).toEqual({
      ok: true,
      body: { filled: [1, 2] },
    });
    expect(rows()?.events.size).toBe(4);
    expect(rows()?.gaps.size).toBe(0);
  });

  it('may end in a gap of the feeder that reaches beyond, if both agree at its end', async () => {
    const { fillIn, rows } = await filled();
    const events = [event(0), gapTo(2, 3)];
    expect(await fillIn({ events, gap_to: 2 })).toEqual({ ok: true, body: { filled: [1, 2] } });
    expect([...(rows()?.events.keys() ?? [])].sort()).toEqual(['1:1', '1:3', '1:4']);
    expect([...(rows()?.gaps.values() ?? [])]).toMatchObject([{ from: 2, to: 2, hash: all[1] }]);
  });

  it.each([
    ['of another history', { events: [event(1), event(0)] }],
    ['where there is no gap', { first: 3, prev: all[1] ?? '', events: [event(2)] }],
    ['beyond a gap without its end', { events: [event(0), gapTo(2, 3)] }],
    [
      'beyond a gap to a hash that is not there',
      { events: [event(0), { ...gapTo(2, 3), hash: all[0] ?? '' }], gap_to: 2 },
    ],
    ['beyond a gap by entries', { events: [event(0), event(1), event(2)], gap_to: 2 }],
    ['beyond all there is', { events: [event(0), { ...gapTo(2, 4), gap: [2, 9] }], gap_to: 2 }],
  ])('%s is refused, and changes nothing', async (_, part) => {
    const { fillIn, rows } = await filled();
    const before = structuredClone(rows());
    expect(await fillIn(part as Partial<Fill>)).toEqual({ ok: false, refusal: 'not_found' });
    expect(rows()).toEqual(before);
  });
});

describe('ranges', () => {
  it('join neighbours', () => {
    expect(asRanges([1, 2, 3, 7, 9, 10])).toEqual([
      [1, 3],
      [7, 7],
      [9, 10],
    ]);
    expect(asRanges([])).toEqual([]);
  });
});
