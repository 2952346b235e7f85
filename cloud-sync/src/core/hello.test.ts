import { createHash } from 'node:crypto';
import type { Hello } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { MemoryCloud } from '../../simulation/memory-cloud.ts';
import type { EpochRow, EventRow } from './cloud-store.ts';
import { greet } from './hello.ts';

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
const ignore = () => {};
const text = (i: number) => Buffer.alloc(8, i).toString('base64url');
const DOC = '01mcc5v3m46b5t1srn3sbn9w62';

const epochRow = (epoch: number, part: Partial<EpochRow> = {}): EpochRow => ({
  ...{ epoch, genesis: text(epoch), homeId: 'h', ackedSeq: 0, ackedHash: text(epoch) },
  ...{ openedMs: 0, isAdopted: false },
  ...part,
});

const eventRow = (epoch: number, seq: number): EventRow => ({
  ...{
    epoch,
    seq,
    eid: text(100 + seq),
    hash: text(50 + seq),
    kind: 60_000,
    kver: 1,
    boot: text(9),
  },
  ...{ monoMs: 0, occurredMs: 0, receivedMs: 0, tq: 2, quarantined: false, body: '{}' },
});

/** A cloud that has epoch 1 up to entry 4, and a document of a later epoch. */
async function bench(part: { readonly maxEpoch?: number; readonly docEpoch?: number } = {}) {
  const store = new MemoryCloud({ beforeCommit: ignore, afterCommit: ignore, committed: ignore });
  const { maxEpoch = 1, docEpoch } = part;
  store.register({
    ...{ deviceId: 'd', homeId: 'h', status: 'active', session: 3, sessionMs: 0, boots: [] },
    ...{ clonedMs: null, maxEpoch, downHead: 0, downAcked: 0 },
  });
  await store.onDevice('d', async (tx) => {
    await tx.putEpoch(epochRow(1, { ackedSeq: 4, ackedHash: text(54) }));
    if (maxEpoch > 1) await tx.putEpoch(epochRow(maxEpoch));
    await tx.addEvents([1, 2, 3, 4].map((seq) => eventRow(1, seq)));
    if (docEpoch === undefined) return;
    await tx.putEpoch(epochRow(docEpoch));
    const doc = { kind: 'meal', id: DOC, rev: 1, deleted: false, groups: {}, grevs: {} };
    await tx.putDoc({ doc, isGone: false, epoch: docEpoch, seq: 1 });
  });
  const context = { store, now: () => 5, random: (n: number) => new Uint8Array(n), sha256 };
  const hello = async (segs: Hello['segs'], session_prev = 3) => {
    const answer = await greet(context, 'd', {
      ...{ v: 1, proto: { min: 1, max: 1 }, caps: [], fw: '1', boot: text(9), session_prev },
      ...{ dcur: 0, docs: null, now: {}, t0: 0, segs },
    });
    if (!answer.ok) throw new TypeError(answer.refusal);
    return answer.body;
  };
  return { store, hello };
}

const seg = (epoch: number, head: number, gen = text(epoch)) => ({ epoch, gen, base: 1, head });

describe('the answer to a hello', () => {
  it.each([
    ['what is acknowledged, to a feeder that has more', 6, 54],
    ['the end of a feeder that has less', 3, 53],
    ['the genesis, to a feeder that has nothing', 0, 1],
  ])('has the hash of %s', async (_, head, hash) => {
    const { hello } = await bench();
    const { segs } = await hello([seg(1, head)]);
    expect(segs).toMatchObject([{ epoch: 1, acked: 4, hash: text(hash) }]);
  });

  it('begins no session a second time after a restore', async () => {
    const { hello } = await bench();
    expect((await hello([seg(1, 4)], 10)).session).toBe(11);
    expect((await hello([seg(1, 4)], 3)).session).toBe(12);
  });

  it('has no hash for a number inside a gap', async () => {
    const { store, hello } = await bench();
    await store.onDevice('d', async (tx) => {
      await tx.putEpoch(epochRow(1, { ackedSeq: 9, ackedHash: text(59) }));
      await tx.putGap({ epoch: 1, from: 5, to: 9, why: 'space', hash: text(59) });
    });
    expect((await hello([seg(1, 7)])).segs).toMatchObject([{ acked: 9, hash: null }]);
  });

  it('takes over an epoch under a number that a restored cloud has forgotten', async () => {
    const { store, hello } = await bench({ maxEpoch: 5 });
    const { segs, max_epoch } = await hello([seg(1, 4), seg(3, 2), seg(5, 0)]);
    expect(segs.map(({ epoch }) => epoch)).toEqual([1, 3, 5]);
    expect(max_epoch).toBe(5);
    expect(store.rows.get('d')?.epochs.get(3)).toMatchObject({ genesis: text(3), isAdopted: true });
  });

  it.each([
    ['the number of another history', [seg(1, 4, text(77)), seg(5, 0)]],
    ['the active segment under an old number', [seg(1, 4), seg(3, 2)]],
  ])('does not know %s', async (_, segs) => {
    const { hello } = await bench({ maxEpoch: 5 });
    expect((await hello(segs)).segs.some(({ epoch }) => epoch === null)).toBe(true);
  });

  it('offers documents of a forgotten life beside a closed segment that is empty and unknown', async () => {
    const { hello } = await bench({ maxEpoch: 5, docEpoch: 4 });
    const { segs, down } = await hello([seg(1, 0, text(77)), seg(5, 0)]);
    expect(segs.map(({ epoch }) => epoch)).toEqual([null, 5]);
    expect(down.items).toMatchObject([{ k: 'mut', b: { op: 'restore', doc: ['meal', DOC] } }]);
  });
});
