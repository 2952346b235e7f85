import type { Milliseconds } from '@cat-feeder/shared';

/*
 * A segment of the camera is a fragmented MP4 that is whole by itself and begins at zero:
 *
 *   ftyp moov  moof mdat  [moof mdat ...]  mfra
 *
 * Several of them become one endless video when the first keeps its head (ftyp, moov), all keep
 * their fragments (moof, mdat), and each fragment's time is moved to the end of the one before.
 * ISO/IEC 14496-12; sizes and times are big-endian.
 */

/** Deeper and longer than what any encoder writes. */
const BOXES_MAX = 4096;

interface Box {
  readonly type: string;
  readonly from: number;
  /** Where its content begins. */
  readonly bodyFrom: number;
  readonly until: number;
}

/** The ticks of a second, for each track. */
export type TimeScales = ReadonlyMap<number, number>;

/** What a segment is made of. */
export interface SegmentParts {
  /** What a player must have before the first fragment. */
  readonly head: Uint8Array;
  readonly fragments: Uint8Array;
  readonly scales: TimeScales;
}

/** Takes a segment apart; null when it is none. Works on a copy of the fragments. */
export function partsOf(segment: Uint8Array): SegmentParts | null {
  const boxes = boxesIn(segment, 0, segment.length);
  const moov = boxes?.find(({ type }) => type === 'moov');
  if (boxes === null || moov === undefined) return null;
  const pick = (types: readonly string[]) =>
    joined(boxes.filter(({ type }) => types.includes(type)).map((box) => bytesIn(segment, box)));
  const scales = scalesIn(segment, moov);
  const fragments = pick(['moof', 'mdat']);
  if (scales.size === 0 || fragments.length === 0) return null;
  return { head: pick(['ftyp', 'moov']), fragments, scales };
}

/** Moves every fragment so much later, in place, and counts them on from `sequence`. Returns the next number. */
export function moveFragments(
  { fragments, scales }: SegmentParts,
  laterMs: Milliseconds,
  sequence: number,
): number {
  const view = new DataView(fragments.buffer, fragments.byteOffset, fragments.byteLength);
  let next = sequence;
  for (const moof of boxesIn(fragments, 0, fragments.length) ?? []) {
    if (moof.type !== 'moof') continue;
    for (const box of childrenOf(fragments, moof)) {
      if (box.type === 'mfhd') view.setUint32(box.bodyFrom + 4, next);
      if (box.type === 'traf') moveTrack(fragments, box, { view, scales, laterMs });
    }
    next += 1;
  }
  return next;
}

interface Move {
  readonly view: DataView;
  readonly scales: TimeScales;
  readonly laterMs: Milliseconds;
}

function moveTrack(bytes: Uint8Array, traf: Box, { view, scales, laterMs }: Move): void {
  const boxes = childrenOf(bytes, traf);
  const tfhd = boxes.find(({ type }) => type === 'tfhd');
  const tfdt = boxes.find(({ type }) => type === 'tfdt');
  if (tfhd === undefined || tfdt === undefined) return;
  const scale = scales.get(view.getUint32(tfhd.bodyFrom + 4)) ?? 0;
  const ticks = Math.round((laterMs * scale) / 1000);
  const at = tfdt.bodyFrom + 4;
  if (view.getUint8(tfdt.bodyFrom) === 1) {
    view.setBigUint64(at, view.getBigUint64(at) + BigInt(ticks));
  } else {
    view.setUint32(at, view.getUint32(at) + ticks);
  }
}

function scalesIn(bytes: Uint8Array, moov: Box): TimeScales {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const scales = new Map<number, number>();
  for (const trak of childrenOf(bytes, moov)) {
    const boxes = childrenOf(bytes, trak);
    const tkhd = boxes.find(({ type }) => type === 'tkhd');
    const mdia = boxes.find(({ type }) => type === 'mdia');
    if (trak.type !== 'trak' || tkhd === undefined || mdia === undefined) continue;
    const mdhd = childrenOf(bytes, mdia).find(({ type }) => type === 'mdhd');
    if (mdhd === undefined) continue;
    // Version 1 has times of 64 bits before the field, version 0 of 32.
    const skip = (box: Box) => box.bodyFrom + 4 + (view.getUint8(box.bodyFrom) === 1 ? 16 : 8);
    scales.set(view.getUint32(skip(tkhd)), view.getUint32(skip(mdhd)));
  }
  return scales;
}

function childrenOf(bytes: Uint8Array, { type, bodyFrom, until }: Box): readonly Box[] {
  const isParent = ['moov', 'trak', 'mdia', 'moof', 'traf'].includes(type);
  return isParent ? (boxesIn(bytes, bodyFrom, until) ?? []) : [];
}

/** The boxes between two places; null when they are not whole. */
function boxesIn(bytes: Uint8Array, from: number, until: number): Box[] | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Box[] = [];
  let at = from;
  while (at < until && boxes.length < BOXES_MAX) {
    if (at + 8 > until) return null;
    const size = view.getUint32(at);
    // Sizes of 64 bits and boxes without an end are not for seconds of video.
    if (size < 8 || at + size > until) return null;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    boxes.push({ type, from: at, bodyFrom: at + 8, until: at + size });
    at += size;
  }
  return boxes;
}

function bytesIn(bytes: Uint8Array, { from, until }: Box): Uint8Array {
  return bytes.subarray(from, until);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
