import { existsSync, lstatSync } from 'node:fs';
import {
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Clip,
  ClipIdSchema,
  type ClipPicture,
  ClipPictureSchema,
  ClipSchema,
  FeederError,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { ClipFiles, ClipSpace, StoredClip } from '../camera/clip-files.ts';
import type { ClipWork } from '../camera/clip-making.ts';

/** `record` says what the clip is. */
type What = 'video' | 'record' | ClipPicture;

const pictures = ClipPictureSchema.options;
const all: readonly What[] = ['video', 'record', ...pictures];
/** A record is far smaller; what is not is none. */
const RECORD_BYTES_MAX = 64_000;
/** What an unfinished file's name ends with. */
const PART = '.part';

/**
 * The directory of clips. Nothing but ids of 26 letters and digits ever becomes part of a path, and
 * nothing that is not a plain file by a clip's name is served, counted or removed: whatever else
 * lies in the directory is somebody else's. A link in its place is not followed.
 */
export class ClipDirectory implements ClipFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  space(): Promise<ClipSpace> {
    return this.#guarded(async () => {
      const { bavail, bsize } = await statfs(this.#dir);
      const sizes = [...(await this.#ours()).values()];
      const usedBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
      return { freeBytes: bavail * bsize, usedBytes };
    });
  }

  work(id: string): ClipWork {
    const part = (what: What) => this.#name(id, what) + PART;
    return {
      video: part('video'),
      pictures: {
        thumbnail: part('thumbnail'),
        before: part('before'),
        after: part('after'),
      },
    };
  }

  publish(clip: Clip): Promise<void> {
    const { id } = clip;
    return this.#guarded(async () => {
      await writeFile(this.#name(id, 'record') + PART, JSON.stringify(clip), { mode: 0o600 });
      // The video last: where it is, everything that belongs to it is.
      for (const what of [...pictures, 'record', 'video'] as const) {
        const part = this.#name(id, what) + PART;
        if (what !== 'video' && !existsSync(part)) continue;
        await synced(part);
        await rename(part, this.#name(id, what));
      }
      await synced(this.#dir);
    });
  }

  record(id: string): Promise<Clip | null> {
    return this.#guarded(async () => {
      const path = this.#name(id, 'record');
      const bytes = await plainBytes(path);
      if (bytes === null || bytes > RECORD_BYTES_MAX) return null;
      const read = v.safeParse(ClipSchema, parsed(await readFile(path, 'utf8')));
      return read.success && read.output.id === id ? read.output : null;
    });
  }

  disown(id: string): Promise<void> {
    return this.#guarded(async () => {
      await rm(this.#name(id, 'record'), { force: true });
      await synced(this.#dir);
    });
  }

  list(): Promise<readonly StoredClip[]> {
    return this.#guarded(async () => {
      const ours = await this.#ours();
      const clips: StoredClip[] = [];
      for (const [name, videoBytes] of ours) {
        const id = idOf(name);
        if (name !== fileName(id, 'video')) continue;
        const made = pictures.filter((picture) => ours.has(fileName(id, picture)));
        clips.push({ id, videoBytes, pictures: made });
      }
      return clips;
    });
  }

  remove(id: string): Promise<void> {
    return this.#guarded(async () => {
      for (const what of all) {
        await rm(this.#name(id, what), { force: true });
        await rm(this.#name(id, what) + PART, { force: true });
      }
    });
  }

  sweep(): Promise<number> {
    return this.#guarded(async () => {
      const ours = await this.#ours();
      const ofNoClip = [...ours.keys()].filter(
        (name) => name.endsWith(PART) || !ours.has(fileName(idOf(name), 'video')),
      );
      for (const name of ofNoClip) await rm(join(this.#dir, name), { force: true });
      return ofNoClip.length;
    });
  }

  path(id: string, what: 'video' | ClipPicture): string | null {
    if (!v.is(ClipIdSchema, id)) return null;
    if (lstatSync(this.#dir, { throwIfNoEntry: false })?.isDirectory() !== true) return null;
    const path = this.#name(id, what);
    return lstatSync(path, { throwIfNoEntry: false })?.isFile() ? path : null;
  }

  #name(id: string, what: What): string {
    if (!v.is(ClipIdSchema, id)) throw new FeederError('ERR_NOT_FOUND');
    return join(this.#dir, fileName(id, what));
  }

  /** Plain files by names that only this class gives, in the order of their names, with their sizes. */
  async #ours(): Promise<ReadonlyMap<string, number>> {
    const ours = new Map<string, number>();
    for (const name of (await readdir(this.#dir)).sort()) {
      const bytes = isOurName(name) ? await plainBytes(join(this.#dir, name)) : null;
      if (bytes !== null) ours.set(name, bytes);
    }
    return ours;
  }

  /** Makes the directory. What stands in its place belongs to somebody else: `ERR_STORAGE`. */
  async #claim(): Promise<void> {
    const stats = lstatSync(this.#dir, { throwIfNoEntry: false });
    if (stats === undefined) await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    else if (!stats.isDirectory()) {
      const what = stats.isSymbolicLink() ? 'a link' : 'no directory';
      throw new FeederError('ERR_STORAGE', {
        message: `${this.#dir} is ${what}. Clips need a directory of their own there: remove it, or mount a disk on a directory of that name.`,
      });
    }
  }

  /** What the disk refuses is `ERR_STORAGE`. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.#claim();
      return await work();
    } catch (cause) {
      if (cause instanceof FeederError || !(cause instanceof Error && 'code' in cause)) throw cause;
      const message = `The directory of clips: ${cause.message}`;
      throw new FeederError('ERR_STORAGE', { message, cause });
    }
  }
}

function fileName(id: string, what: What): string {
  if (what === 'record') return `${id}.json`;
  return what === 'video' ? `${id}.mp4` : `${id}.${what}.jpg`;
}

function idOf(name: string): string {
  return name.split('.', 1)[0] ?? '';
}

/** Whether only a clip's file, finished or not, has such a name. */
function isOurName(name: string): boolean {
  const id = idOf(name);
  const finished = name.endsWith(PART) ? name.slice(0, -PART.length) : name;
  return v.is(ClipIdSchema, id) && all.some((what) => finished === fileName(id, what));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Whatever stands there, it says nothing of a clip.
  }
}

async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Null: it is no plain file, or is removed in the meantime. */
async function plainBytes(path: string): Promise<number | null> {
  try {
    const stats = await lstat(path);
    return stats.isFile() ? stats.size : null;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}
