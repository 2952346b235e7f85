import type { ClipDropReason, EpochMs, Milliseconds } from '@cat-feeder/shared';
import type { ClipCatalogue, ShelfRow } from './clip-catalogue.ts';
import type { ClipFiles } from './clip-files.ts';
import {
  type Eviction,
  hasRoom,
  oldestKept,
  planRetention,
  type RetentionLimits,
} from './clip-retention.ts';

/** Where clips are, and how much of them there may be. */
export interface ClipRoom {
  readonly files: ClipFiles;
  readonly catalogue: ClipCatalogue;
  readonly limits: RetentionLimits;
  /** Null while the time is not believed. */
  readonly wallMs: () => EpochMs | null;
}

const reasons: Readonly<Record<Eviction['reason'], string>> = {
  age: 'Older than clips are kept.',
  quota: 'To make room.',
  free_space: 'To make room.',
};

/** How long ago a clip was made, when that was in this run: so old it is, whatever clocks say. */
export type LivedMs = (id: string) => Milliseconds | null;

/**
 * Removes what is too old or too much, so that this much more would fit. Resolves with whether it
 * does. `ERR_STORAGE`.
 */
export async function makeRoom(
  room: ClipRoom,
  neededBytes: number,
  lived: LivedMs = () => null,
): Promise<boolean> {
  const { files, catalogue, limits, wallMs } = room;
  const space = { ...(await files.space()), neededBytes };
  const nowMs = wallMs();
  if (hasRoom(space, limits) && !(nowMs !== null && hasOlder(room, oldestKept(nowMs, limits)))) {
    return true;
  }
  // A clip whose file is not there takes no room, and stays.
  const stored = new Map((await files.list()).map(({ id, videoBytes }) => [id, videoBytes]));
  const present = (await rowsOf(catalogue)).filter(({ id, bytes }) => stored.get(id) === bytes);
  const clips = present.map((clip) => {
    const livedMs = lived(clip.id);
    return nowMs === null || livedMs === null ? clip : { ...clip, startedMs: nowMs - livedMs };
  });
  const { evictions, fits } = planRetention(clips, space, limits, nowMs);
  for (const { id, reason } of evictions) {
    await removeClip(room, { id, reason, why: reasons[reason] });
  }
  return fits;
}

/** Every row, oldest first. */
export async function rowsOf(catalogue: ClipCatalogue): Promise<readonly ShelfRow[]> {
  const rows: ShelfRow[] = [];
  for await (const page of catalogue.shelf()) rows.push(...page);
  return rows;
}

/** Whether any clip that may go began before this; most of the time none did, and no row is read. */
function hasOlder({ catalogue }: ClipRoom, thanMs: EpochMs): boolean {
  return catalogue.list({ keep: false, toMs: thanMs, limit: 1 }).length > 0;
}

export interface Removal {
  readonly id: string;
  readonly reason: ClipDropReason;
  readonly why: string;
}

/**
 * Removes a clip. First what says what it is, so that it is never taken in again; then its row,
 * since a row without a file would lie; then its files, which go at the latest when rows and files
 * are next held against each other. `ERR_STORAGE`.
 */
export async function removeClip(
  { catalogue, files }: Pick<ClipRoom, 'catalogue' | 'files'>,
  { id, reason, why }: Removal,
): Promise<void> {
  await files.disown(id);
  catalogue.drop(id, reason, why);
  await files.remove(id);
}
