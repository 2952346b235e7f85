import type { ClipDropReason, EpochMs, Milliseconds } from '@cat-feeder/shared';
import type { ClipCatalogue } from './clip-catalogue.ts';
import type { ClipFiles } from './clip-files.ts';
import { type Eviction, planRetention, type RetentionLimits } from './clip-retention.ts';

/** Where clips are, and how much of them there may be. */
export interface ClipRoom {
  readonly files: ClipFiles;
  readonly catalogue: ClipCatalogue;
  readonly limits: RetentionLimits;
  /** Null while the time is not believed. */
  readonly wallMs: () => EpochMs | null;
}

/** What this run knows of clips beyond their rows. */
export interface KnownClips {
  /** Clips whose files are not there: they take no room, and stay. */
  readonly absent?: ReadonlySet<string>;
  /** How long ago a clip was made, when that was in this run: so old it is, whatever clocks say. */
  readonly livedMs?: (id: string) => Milliseconds | null;
}

const reasons: Readonly<Record<Eviction['reason'], string>> = {
  age: 'Older than clips are kept.',
  quota: 'To make room.',
  free_space: 'To make room.',
};

/**
 * Removes what is too old or too much, so that this much more would fit. Resolves with whether it
 * does. `ERR_STORAGE`.
 */
export async function makeRoom(
  room: ClipRoom,
  neededBytes: number,
  known: KnownClips = {},
): Promise<boolean> {
  const { files, catalogue, limits, wallMs } = room;
  const space = { ...(await files.space()), neededBytes };
  const nowMs = wallMs();
  const present = catalogue.all().filter(({ id }) => known.absent?.has(id) !== true);
  const clips = present.map((clip) => {
    const livedMs = known.livedMs?.(clip.id) ?? null;
    return nowMs === null || livedMs === null ? clip : { ...clip, startedMs: nowMs - livedMs };
  });
  const { evictions, fits } = planRetention(clips, space, limits, nowMs);
  for (const { id, reason } of evictions) {
    await removeClip(room, { id, reason, why: reasons[reason] });
  }
  return fits;
}

export interface Removal {
  readonly id: string;
  readonly reason: ClipDropReason;
  readonly why: string;
}

/**
 * Removes a clip, its row first: a file without a row is swept away later, a row without a file
 * would lie. `ERR_STORAGE`.
 */
export async function removeClip(
  { catalogue, files }: Pick<ClipRoom, 'catalogue' | 'files'>,
  { id, reason, why }: Removal,
): Promise<void> {
  catalogue.drop(id, reason, why);
  await files.remove(id);
}
