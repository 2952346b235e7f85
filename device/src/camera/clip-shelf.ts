import type { Clip } from '@cat-feeder/shared';
import type { ShelfRow } from './clip-catalogue.ts';
import type { StoredClip } from './clip-files.ts';
import { type ClipRoom, removeClip, rowsOf } from './clip-room.ts';

/** What rows and files make of each other. */
export interface ShelfDifference {
  /** Rows without their file that stay: it may come back. */
  readonly absent: ReadonlySet<string>;
  /** Rows to drop, with the files that they have. */
  readonly damaged: readonly { readonly id: string; readonly why: string }[];
  /** Files without a row. */
  readonly strays: readonly string[];
}

/**
 * Compares rows, oldest first, with files. A clip to keep is never damaged, only absent. Neither is
 * any that is older than every clip whose file is there: a directory that was emptied, exchanged or
 * not mounted lacks all that came before it, and a clip that is merely lost lies among others.
 */
export function compareShelf(
  rows: readonly ShelfRow[],
  stored: readonly StoredClip[],
): ShelfDifference {
  const files = new Map(stored.map(({ id, videoBytes }) => [id, videoBytes]));
  const first = rows.findIndex(({ id }) => files.has(id));
  const absent = new Set<string>();
  const damaged: { id: string; why: string }[] = [];
  for (const [at, { id, bytes, keep }] of rows.entries()) {
    const found = files.get(id);
    files.delete(id);
    if (found === bytes) continue;
    if (keep || first === -1 || at < first) absent.add(id);
    else {
      const what = found === undefined ? 'is gone' : `has ${found} bytes, not ${bytes}`;
      damaged.push({ id, why: `The file of the clip ${what}.` });
    }
  }
  return { absent, damaged, strays: [...files.keys()] };
}

/** What came of holding rows and files against each other. */
export interface ShelfOrder {
  /** Rows without their file that stay. */
  readonly absent: ReadonlySet<string>;
  /** Clips that had no row and have one again. */
  readonly adopted: readonly Clip[];
}

/**
 * Brings rows and files together again. A row whose file is lost is dropped, unless it may come
 * back. A video without a row that says itself what it is, is taken in again: its row was lost in a
 * crash or with a database. One that does not was being removed, and goes. `ERR_STORAGE`.
 */
export async function orderShelf({
  files,
  catalogue,
}: Pick<ClipRoom, 'files' | 'catalogue'>): Promise<ShelfOrder> {
  // Files first: what is removed in between has no row any more, and no row lacks its file.
  const stored = await files.list();
  const { absent, damaged, strays } = compareShelf(await rowsOf(catalogue), stored);
  for (const { id, why } of damaged) {
    await removeClip({ files, catalogue }, { id, reason: 'damaged', why });
  }
  const adopted: Clip[] = [];
  const bytesOf = new Map(stored.map(({ id, videoBytes }) => [id, videoBytes]));
  for (const id of strays) {
    const clip = await files.record(id);
    if (clip === null || clip.bytes !== bytesOf.get(id)) await files.remove(id);
    else {
      catalogue.add(clip);
      adopted.push(clip);
    }
  }
  return { absent, adopted };
}

/** What people are told of clips that are not there. */
export function absenceTold(count: number): string {
  return `The clips are not there: the files of ${count} are missing or damaged. Bring back the directory \`clips\`, or delete these clips.`;
}
