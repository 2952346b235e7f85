import type { Clip, ClipPicture, Milliseconds } from '@cat-feeder/shared';
import type { Segment } from './capture.ts';

/** What a clip is to be made of. */
export interface ClipOrder {
  readonly id: string;
  /** In order, one after the other; held in memory until the order is done. */
  readonly segments: readonly Segment[];
  /** Pictures of the bowl, by their distance from the first picture of the clip. */
  readonly beforeAtMs: Milliseconds | null;
  readonly afterAtMs: Milliseconds | null;
}

/** What came of it; measured on the finished file, not taken from the order. */
export type MadeClip = Pick<
  Clip,
  'bytes' | 'sha256' | 'durationMs' | 'codec' | 'width' | 'height' | 'frames' | 'hasAudio'
> & { readonly pictures: ClipPicture[] };

/** Joins segments, without encoding them again, into the work files of a clip. */
export interface ClipMaker {
  /** Limited in time. Rejects with `ERR_CAMERA` when no playable clip came of it, `ERR_STORAGE` when the disk refused. */
  make(order: ClipOrder, work: ClipWork): Promise<MadeClip>;
  /** The last picture of a segment as a JPEG; `ERR_CAMERA`. */
  snapshot(segment: Segment): Promise<Uint8Array>;
}

/** Paths of the unfinished files of one clip. */
export interface ClipWork {
  readonly video: string;
  readonly pictures: Readonly<Record<ClipPicture, string>>;
}
