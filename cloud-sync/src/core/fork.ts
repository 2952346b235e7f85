import type { Fork, ForkAnswer } from '@cat-feeder/shared';
import { type Answer, accepted } from './answer.ts';
import { type ClaimedDevice, type CloudContext, inSession } from './cloud-context.ts';
import type { DeviceTransaction } from './cloud-store.ts';
import { openEpoch } from './epochs.ts';

/**
 * Compares one page of a diverged segment with what is stored, and opens the epoch that the rest
 * will go to. The new genesis makes it safe to repeat.
 */
export function compareFork(
  context: CloudContext,
  deviceId: string,
  request: Fork,
): Promise<Answer<ForkAnswer>> {
  return inSession(context, { deviceId, session: request.session }, async (tx, device) => {
    const epoch = await newEpoch(context, tx, device, request.gen_new);
    const page = numbered(request);
    const common = await commonSeq(tx, request);
    const eids = page.flatMap(({ eid }) => (eid === null ? [] : [eid]));
    const held = await tx.heldEids(eids);
    const have = page.filter(({ eid }) => eid !== null && held.has(eid)).map(({ seq }) => seq);
    return accepted({ epoch, common, have: asRanges(have) });
  });
}

async function newEpoch(
  context: CloudContext,
  tx: DeviceTransaction,
  device: ClaimedDevice,
  genesis: string,
): Promise<number> {
  const known = (await tx.epochs()).find(
    (row) => row.genesis === genesis && row.homeId === device.homeId,
  );
  if (known !== undefined) return known.epoch;
  const epoch = device.maxEpoch + 1;
  const fresh = { epoch, genesis, nowMs: context.now(), isAdopted: false };
  const opened = await openEpoch(tx, device, fresh);
  await tx.putDevice(opened.device);
  return opened.row.epoch;
}

interface PageItem {
  /** The number of the item, or the last one of a gap. */
  readonly seq: number;
  readonly eid: string | null;
  readonly hash: string;
}

function numbered({ from, items }: Fork): readonly PageItem[] {
  let seq = from - 1;
  return items.map(([what, hash]) => {
    seq += typeof what === 'number' ? what : 1;
    return { seq, eid: typeof what === 'number' ? null : what, hash };
  });
}

/** The last number of the page at which the stored chain and the feeder's are the same. */
async function commonSeq(tx: DeviceTransaction, request: Fork): Promise<number | null> {
  const row = await tx.epoch(request.epoch);
  if (row === undefined || row.genesis !== request.gen) return null;
  const page = numbered(request);
  const stored = await tx.hashes(request.epoch, request.from, page.at(-1)?.seq ?? request.from);
  return page.findLast(({ seq, hash }) => stored.get(seq) === hash)?.seq ?? null;
}

/** Numbers in rising order as ranges. */
export function asRanges(numbers: readonly number[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const n of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  return ranges;
}
