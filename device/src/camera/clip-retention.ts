import { type ClipDropReason, type ClipRank, DAY_MS, type EpochMs } from '@cat-feeder/shared';
import type { ShelfRow } from './clip-catalogue.ts';

export interface RetentionLimits {
  /** The most that all files of clips may take. */
  readonly quotaBytes: number;
  /** What stays free on the disk, clips or not. */
  readonly freeBytesMin: number;
  readonly daysMax: number;
}

/** What is known of the room for clips now. */
export interface Room {
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** What is to be written next. */
  readonly neededBytes: number;
}

export interface Eviction {
  readonly id: string;
  readonly reason: ClipDropReason & ('age' | 'quota' | 'free_space');
}

export interface RetentionPlan {
  /** In the order in which they go. */
  readonly evictions: readonly Eviction[];
  /** Whether what is to be written fits when they are gone. */
  readonly fits: boolean;
}

/** The order of worth: the lowest goes first. Failed feedings stay longest. */
const worth: Readonly<Record<ClipRank, number>> = { visit: 0, feeding: 1, failed_feeding: 2 };

/**
 * What has to go: everything too old, then as many clips as the room asks for. Clips that the
 * cloud has go before those that exist here only, visits before feedings before failed feedings,
 * older ones before younger ones. Clips to keep never go. A wall clock that is not believed
 * (null) makes nothing old. For a limit that would not be met though all went, nothing goes.
 */
export function planRetention(
  clips: readonly ShelfRow[],
  room: Room,
  limits: RetentionLimits,
  nowMs: EpochMs | null,
): RetentionPlan {
  const mayGo = clips.filter(({ keep }) => !keep);
  const oldestMs = nowMs === null ? Number.NEGATIVE_INFINITY : oldestKept(nowMs, limits);
  const evictions: Eviction[] = [];
  let goneBytes = 0;
  const evict = ({ id, bytes }: ShelfRow, reason: Eviction['reason']) => {
    evictions.push({ id, reason });
    goneBytes += bytes;
  };
  for (const clip of mayGo) if (clip.startedMs < oldestMs) evict(clip, 'age');
  const mostBytes = mayGo.reduce((sum, { bytes }) => sum + bytes, 0);
  const asked = excess(room, limits);
  const fits = asked.quota <= mostBytes && asked.free_space <= mostBytes;
  // Nothing goes for a clip that does not fit all the same.
  const toFree = fits ? asked : excess({ ...room, neededBytes: 0 }, limits);
  const reachable = (bytes: number) => (bytes <= mostBytes ? bytes : 0);
  const quota = reachable(toFree.quota);
  const free = reachable(toFree.free_space);
  for (const clip of mayGo.filter((one) => one.startedMs >= oldestMs).sort(leastFirst)) {
    if (goneBytes < quota) evict(clip, 'quota');
    else if (goneBytes < free) evict(clip, 'free_space');
    else break;
  }
  return { evictions, fits };
}

/** Whether what is to be written fits without anything going. */
export function hasRoom(room: Room, limits: RetentionLimits): boolean {
  return Object.values(excess(room, limits)).every((bytes) => bytes <= 0);
}

/** What begins before this is too old to be kept. */
export function oldestKept(nowMs: EpochMs, { daysMax }: RetentionLimits): EpochMs {
  return nowMs - daysMax * DAY_MS;
}

/** How much too much is taken of the quota, and how much too little is free for others. */
function excess(
  { usedBytes, freeBytes, neededBytes }: Room,
  { quotaBytes, freeBytesMin }: RetentionLimits,
): Readonly<Record<'quota' | 'free_space', number>> {
  return {
    quota: usedBytes + neededBytes - quotaBytes,
    free_space: freeBytesMin + neededBytes - freeBytes,
  };
}

function leastFirst(a: ShelfRow, b: ShelfRow): number {
  const sent = Number(a.sentAtMs === null) - Number(b.sentAtMs === null);
  // Among those that are here only, failed feedings are the last of all.
  if (sent !== 0) return sent;
  if (a.rank !== b.rank) return worth[a.rank] - worth[b.rank];
  return a.id < b.id ? -1 : 1;
}
