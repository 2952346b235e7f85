import type { Clip, ClipPicture } from '@cat-feeder/shared';
import type { ClipWork } from './clip-making.ts';

/** The room for clips. */
export interface ClipSpace {
  /** Free for the feeder's user on the file system that holds the clips. */
  readonly freeBytes: number;
  /** Taken by files of clips, finished or not; what others put there does not count. */
  readonly usedBytes: number;
}

/** A finished clip in the directory. */
export interface StoredClip {
  readonly id: string;
  /** The video alone. */
  readonly videoBytes: number;
  readonly pictures: readonly ClipPicture[];
}

/**
 * The directory of clips: `<id>.mp4`, `<id>.thumbnail.jpg`, `<id>.before.jpg`, `<id>.after.jpg`,
 * `<id>.json`, which says what the clip is, and `*.part` for what is not finished. Only ids reach into it. Every call may reject with
 * `ERR_STORAGE`.
 */
export interface ClipFiles {
  space(): Promise<ClipSpace>;
  /** Names for the unfinished files of a clip. */
  work(id: string): ClipWork;
  /** Makes the unfinished files durable and gives them their names, the video last. */
  publish(clip: Clip): Promise<void>;
  /** What a clip's own file says that it is; null: it has none, or one that cannot be believed. */
  record(id: string): Promise<Clip | null>;
  /** Removes what says what a clip is, durably: without it nobody takes the clip in again. */
  disown(id: string): Promise<void>;
  list(): Promise<readonly StoredClip[]>;
  /** Removes all files of a clip, finished or not; what is gone already is no error. */
  remove(id: string): Promise<void>;
  /** Removes unfinished files, and what belongs to no video; nothing else. Returns how many. */
  sweep(): Promise<number>;
  /** Path of a finished file, for serving; null: there is none. */
  path(id: string, what: 'video' | ClipPicture): string | null;
}
