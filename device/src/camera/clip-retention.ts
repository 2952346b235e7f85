import {
  type Clip,
  type ClipDropReason,
  type ClipRank,
  DAY_MS,
  type EpochMs,
} from '@cat-feeder/shared';

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
 * (null) makes nothing old.
 */
export function planRetention(
  clips: readonly Clip[],
  room: Room,
  limits: RetentionLimits,
  nowMs: EpochMs | null,
): RetentionPlan {
  const whole = evictions(clips, room, limits, nowMs);
  if (whole.fits || room.neededBytes === 0) return whole;
  // Nothing goes for a clip that does not fit all the same.
  const without = evictions(clips, { ...room, neededBytes: 0 }, limits, nowMs);
  return { evictions: without.evictions, fits: false };
}

function evictions(
  clips: readonly Clip[],
  room: Room,
  limits: RetentionLimits,
  nowMs: EpochMs | null,
): RetentionPlan {
  const mayGo = clips.filter(({ keep }) => !keep);
  const oldestMs = nowMs === null ? Number.NEGATIVE_INFINITY : nowMs - limits.daysMax * DAY_MS;
  const gone: Eviction[] = [];
  let overQuota = room.usedBytes + room.neededBytes - limits.quotaBytes;
  let underFree = limits.freeBytesMin + room.neededBytes - room.freeBytes;
  const evict = (clip: Clip, reason: Eviction['reason']) => {
    gone.push({ id: clip.id, reason });
    overQuota -= clip.bytes;
    underFree -= clip.bytes;
  };
  for (const clip of mayGo) if (clip.startedMs < oldestMs) evict(clip, 'age');
  for (const clip of mayGo.filter((one) => one.startedMs >= oldestMs).sort(leastFirst)) {
    if (overQuota > 0) evict(clip, 'quota');
    else if (underFree > 0) evict(clip, 'free_space');
    else break;
  }
  return { evictions: gone, fits: overQuota <= 0 && underFree <= 0 };
}

function leastFirst(a: Clip, b: Clip): number {
  const sent = Number(a.sentAtMs === null) - Number(b.sentAtMs === null);
  // Among those that are here only, failed feedings are the last of all.
  if (sent !== 0) return sent;
  if (a.rank !== b.rank) return worth[a.rank] - worth[b.rank];
  return a.id < b.id ? -1 : 1;
}
