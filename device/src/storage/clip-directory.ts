import { existsSync, lstatSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { ClipIdSchema, type ClipPicture, ClipPictureSchema, FeederError } from '@cat-feeder/shared';
import * as v from 'valibot';
import type { ClipFiles, ClipSpace, StoredClip } from '../camera/clip-files.ts';
import type { ClipWork } from '../camera/clip-making.ts';

type What = 'video' | ClipPicture;

const pictures = ClipPictureSchema.options;
const all: readonly What[] = ['video', ...pictures];

/**
 * The directory of clips. Nothing but ids of 26 letters and digits ever becomes part of a path, and
 * nothing that is not a plain file by a clip's name is served.
 */
export class ClipDirectory implements ClipFiles {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  space(): Promise<ClipSpace> {
    return this.#guarded(async () => {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      const { bavail, bsize } = await statfs(this.#dir);
      const names = await readdir(this.#dir);
      const sizes = await Promise.all(names.map((name) => sizeOf(join(this.#dir, name))));
      const usedBytes = sizes.reduce((sum, bytes) => sum + bytes, 0);
      return { freeBytes: bavail * bsize, usedBytes };
    });
  }

  work(id: string): ClipWork {
    const part = (what: What) => `${this.#name(id, what)}.part`;
    return {
      video: part('video'),
      pictures: {
        thumbnail: part('thumbnail'),
        before: part('before'),
        after: part('after'),
      },
    };
  }

  publish(id: string): Promise<void> {
    return this.#guarded(async () => {
      // The video last: where it is, everything that belongs to it is.
      for (const what of [...pictures, 'video'] as const) {
        const part = `${this.#name(id, what)}.part`;
        if (what !== 'video' && !existsSync(part)) continue;
        await synced(part);
        await rename(part, this.#name(id, what));
      }
      await synced(this.#dir);
    });
  }

  list(): Promise<readonly StoredClip[]> {
    return this.#guarded(async () => {
      const names = new Set(await this.#names());
      const clips: StoredClip[] = [];
      for (const name of names) {
        const id = name.slice(0, -'.mp4'.length);
        if (!name.endsWith('.mp4') || !v.is(ClipIdSchema, id)) continue;
        const videoBytes = await sizeOf(join(this.#dir, name));
        const made = pictures.filter((picture) => names.has(fileName(id, picture)));
        clips.push({ id, videoBytes, pictures: made });
      }
      return clips;
    });
  }

  remove(id: string): Promise<void> {
    return this.#guarded(async () => {
      for (const what of all) {
        await rm(this.#name(id, what), { force: true });
        await rm(`${this.#name(id, what)}.part`, { force: true });
      }
    });
  }

  sweep(): Promise<number> {
    return this.#guarded(async () => {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      const names = await this.#names();
      const present = new Set(names);
      const ofNoClip = names.filter((name) => !isClipFile(name, present));
      for (const name of ofNoClip)
        await rm(join(this.#dir, name), { force: true, recursive: true });
      return ofNoClip.length;
    });
  }

  path(id: string, what: What): string | null {
    if (!v.is(ClipIdSchema, id)) return null;
    const path = this.#name(id, what);
    return lstatSync(path, { throwIfNoEntry: false })?.isFile() ? path : null;
  }

  #name(id: string, what: What): string {
    if (!v.is(ClipIdSchema, id)) throw new FeederError('ERR_NOT_FOUND');
    return join(this.#dir, fileName(id, what));
  }

  async #names(): Promise<string[]> {
    return (await readdir(this.#dir)).sort();
  }

  /** What the disk refuses is `ERR_STORAGE`. */
  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof FeederError || !(cause instanceof Error && 'code' in cause)) throw cause;
      const message = `The directory of clips: ${cause.message}`;
      throw new FeederError('ERR_STORAGE', { message, cause });
    }
  }
}

function fileName(id: string, what: What): string {
  return what === 'video' ? `${id}.mp4` : `${id}.${what}.jpg`;
}

/** A video by its id, or a picture of a video that is there. */
function isClipFile(name: string, present: ReadonlySet<string>): boolean {
  const id = name.split('.', 1)[0] ?? '';
  if (!v.is(ClipIdSchema, id) || !present.has(fileName(id, 'video'))) return false;
  return all.some((what) => name === fileName(id, what));
}

async function synced(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    // Removed in the meantime: it takes nothing any more.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
}
