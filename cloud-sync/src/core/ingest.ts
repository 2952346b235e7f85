import {
  type Batch,
  type BatchAnswer,
  EVENT_BODY_BYTES_MAX,
  type Fill,
  type FillAnswer,
  utf8Length,
} from '@cat-feeder/shared';
import { type Answer, accepted, refused } from './answer.ts';
import { type ChainedItem, walkChain } from './chain-walk.ts';
import { type CloudContext, inSession } from './cloud-context.ts';
import type { DeviceTransaction, EpochRow, GapRow } from './cloud-store.ts';
import { project } from './projection.ts';

/*
 * The uplink's one transaction: fence, chain, rows, projections, acknowledgement. The answer leaves
 * after the commit, since `inSession` resolves after it.
 *
 * G1 What is acknowledged is exactly 1 to `acked`: a batch begins at most one after it.
 * G2 The chain leads through the hash at `acked`, so nothing foreign is appended.
 * G3 What is stored stays: only numbers beyond `acked` are written.
 */

/** Takes a batch. */
export function ingest(
  context: CloudContext,
  deviceId: string,
  batch: Batch,
): Promise<Answer<BatchAnswer>> {
  return inSession(context, { deviceId, session: batch.session }, async (tx, device) => {
    const epoch = await tx.epoch(batch.epoch);
    if (epoch === undefined) return refused('unknown_epoch');
    if (batch.first > epoch.ackedSeq + 1) return refused('gap');
    const walked = walk(context, batch);
    if (walked === null) return refused('bad_request');
    if (walked === 'too_large') return refused('too_large');
    const { ackedSeq, ackedHash } = epoch;
    if (batch.first === ackedSeq + 1 && batch.prev !== ackedHash) return refused('fork');
    const overlap = walked.find((item) => item.to === ackedSeq);
    if (overlap !== undefined && overlap.row.hash !== ackedHash) return refused('fork');
    const beyond = walked.filter((item) => item.to > ackedSeq);
    // Only what comes late, to an epoch that is closed or was forgotten, can be in another one.
    const isLate = batch.epoch < device.maxEpoch || epoch.isAdopted;
    const fresh = isLate ? await withoutHeld(tx, beyond) : beyond;
    const moved = await store(tx, epoch, fresh);
    if (batch.dcur > device.downAcked && batch.dcur <= device.downHead) {
      await tx.putDevice({ ...device, downAcked: batch.dcur });
    }
    const ack = { epoch: epoch.epoch, seq: moved.ackedSeq, hash: moved.ackedHash };
    return accepted({ ack, next_ms: 0, poke: device.downHead });
  });
}

/**
 * Takes entries for numbers that are a gap so far. Proven by the gap's hash at their end; or, when
 * they end in a gap of the feeder that reaches beyond, by what is stored at that gap's end.
 */
export function fill(
  context: CloudContext,
  deviceId: string,
  request: Fill,
): Promise<Answer<FillAnswer>> {
  return inSession(context, { deviceId, session: request.session }, async (tx) => {
    const epoch = await tx.epoch(request.epoch);
    if (epoch === undefined) return refused('unknown_epoch');
    const { first, prev } = request;
    const walked = walk(context, request);
    if (walked === null || walked === 'too_large') return refused('not_found');
    const end = walked.at(-1)?.to ?? first;
    const to = request.gap_to ?? end;
    const gap = await tx.gapEndingAt(request.epoch, to);
    if (gap === undefined || first < gap.from) return refused('not_found');
    const run = end > to ? await cutAt(tx, walked, gap) : walked;
    if (run?.at(-1)?.row.hash !== gap.hash) return refused('not_found');
    if (first === gap.from && (await hashBefore(tx, epoch, first)) !== prev) {
      return refused('not_found');
    }
    await tx.removeGap(request.epoch, to);
    if (first > gap.from) await tx.putGap({ ...gap, to: first - 1, hash: prev });
    const items = await withoutHeld(tx, run);
    for (const one of items) if (one.item === 'gap') await tx.putGap(one.row);
    await addRows(tx, items);
    return accepted({ filled: [first, to] });
  });
}

/** The run up to the gap's end; null: its last item is no gap over it, or ends in another history. */
async function cutAt(
  tx: DeviceTransaction,
  walked: readonly ChainedItem[],
  { epoch, to, hash }: GapRow,
): Promise<readonly ChainedItem[] | null> {
  const last = walked.at(-1);
  if (last?.item !== 'gap' || last.from > to) return null;
  const stored = (await tx.hashes(epoch, last.to, last.to)).get(last.to);
  if (stored !== last.row.hash) return null;
  return [...walked.slice(0, -1), { ...last, to, row: { ...last.row, to, hash } }];
}

/** What a fork has brought to another epoch since stays there, and a gap here. */
async function withoutHeld(
  tx: DeviceTransaction,
  items: readonly ChainedItem[],
): Promise<readonly ChainedItem[]> {
  const eids = items.flatMap((one) => (one.item === 'event' ? [one.row.eid] : []));
  const held = await tx.heldEids(eids);
  return items.map((one) => {
    if (one.item === 'gap' || !held.has(one.row.eid)) return one;
    const { from, to, row } = one;
    const { epoch, hash } = row;
    return { item: 'gap', from, to, row: { epoch, from, to, why: 'elsewhere', hash } };
  });
}

async function hashBefore(tx: DeviceTransaction, epoch: EpochRow, seq: number) {
  if (seq === 1) return epoch.genesis;
  return (await tx.hashes(epoch.epoch, seq - 1, seq - 1)).get(seq - 1);
}

function walk(context: CloudContext, request: Batch | Fill) {
  const { epoch, first, prev, boots, events } = request;
  const start = { epoch, first, prev, boots, receivedMs: context.now() };
  const walked = walkChain(context.sha256, start, events);
  const isTooLarge = walked?.some(
    (one) => one.item === 'event' && utf8Length(one.row.body) > EVENT_BODY_BYTES_MAX,
  );
  return isTooLarge === true ? 'too_large' : walked;
}

/** Writes what is new and moves the acknowledgement. */
async function store(
  tx: DeviceTransaction,
  epoch: EpochRow,
  fresh: readonly ChainedItem[],
): Promise<EpochRow> {
  const last = fresh.at(-1);
  if (last === undefined) return epoch;
  for (const one of fresh) {
    if (one.item !== 'gap') continue;
    await tx.putGap({ ...one.row, from: Math.max(one.from, epoch.ackedSeq + 1) });
  }
  await addRows(tx, fresh);
  const moved = { ...epoch, ackedSeq: last.to, ackedHash: last.row.hash };
  await tx.putEpoch(moved);
  return moved;
}

async function addRows(tx: DeviceTransaction, items: readonly ChainedItem[]): Promise<void> {
  const rows = items.flatMap((one) => (one.item === 'event' ? [one.row] : []));
  await tx.addEvents(await project(tx, rows));
}
