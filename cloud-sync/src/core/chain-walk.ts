import {
  bytesToText,
  canonicalJson,
  chainHash,
  type Sha256,
  textToBytes,
  type WireEvent,
  type WireGap,
} from '@cat-feeder/shared';
import type { EventRow, GapRow } from './cloud-store.ts';

/** Where a run of items begins. */
export interface WalkStart {
  readonly epoch: number;
  readonly first: number;
  readonly prev: string;
  readonly boots: readonly string[];
  readonly receivedMs: number;
}

/** One item with its place in the chain. */
export type ChainedItem =
  | { readonly item: 'event'; readonly from: number; readonly to: number; readonly row: EventRow }
  | { readonly item: 'gap'; readonly from: number; readonly to: number; readonly row: GapRow };

/** Computes the chain over the items; null when they are no run: a hole, or a boot without name. */
export function walkChain(
  sha256: Sha256,
  start: WalkStart,
  items: readonly (WireEvent | WireGap)[],
): readonly ChainedItem[] | null {
  const chained: ChainedItem[] = [];
  let seq = start.first;
  let hash = textToBytes(start.prev);
  for (const item of items) {
    const next =
      'gap' in item ? gapAt(start, item, seq) : eventAt(sha256, start, item, { seq, hash });
    if (next === null) return null;
    hash = textToBytes(next.row.hash);
    seq = next.to + 1;
    chained.push(next);
  }
  return chained;
}

function gapAt({ epoch }: WalkStart, item: WireGap, seq: number): ChainedItem | null {
  const [from, to] = item.gap;
  if (from !== seq || to < from) return null;
  return { item: 'gap', from, to, row: { epoch, from, to, why: item.why, hash: item.hash } };
}

function eventAt(
  sha256: Sha256,
  start: WalkStart,
  item: WireEvent,
  place: { readonly seq: number; readonly hash: Uint8Array },
): ChainedItem | null {
  const boot = start.boots[item.bt];
  if (boot === undefined) return null;
  const { e: eid, k: kind, kv: kver, mo: monoMs } = item;
  const body = canonicalJson(item.b ?? null);
  const chained = { eid: textToBytes(eid), boot: textToBytes(boot), kind, kver, monoMs, body };
  const row: EventRow = {
    epoch: start.epoch,
    seq: place.seq,
    eid,
    hash: bytesToText(chainHash(sha256, place.hash, chained)),
    kind,
    kver,
    boot,
    monoMs,
    occurredMs: item.t,
    receivedMs: start.receivedMs,
    tq: item.tq,
    quarantined: false,
    body,
  };
  return { item: 'event', from: place.seq, to: place.seq, row };
}
