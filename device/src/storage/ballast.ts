import { closeSync, fsyncSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { FeederError } from '@cat-feeder/shared';

/** Room for some hundred commits and a checkpoint. */
const BALLAST_BYTES = 4 * 1024 * 1024;
/** The ballast is only taken aboard while this much is free besides. */
const FREE_BYTES_MIN = 64 * 1024 * 1024;

/** A file of no use but its size: given up on a full disk, so that claims can still be written. */
export class Ballast {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  isAboard(): boolean {
    return (statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0) >= BALLAST_BYTES;
  }

  /** Gives up the room; false when there was none to give. */
  drop(): boolean {
    if (!this.isAboard()) return false;
    rmSync(this.#path);
    return true;
  }

  /** Takes ballast aboard when the disk has plenty of room. Throws `ERR_STORAGE`. */
  take(): void {
    if (this.isAboard()) return;
    try {
      const { bavail, bsize } = statfsSync(dirname(this.#path));
      if (bavail * bsize >= FREE_BYTES_MIN + BALLAST_BYTES) this.#fill();
    } catch (error) {
      throw new FeederError('ERR_STORAGE', {
        message: 'The ballast file cannot be written.',
        cause: error,
      });
    }
  }

  #fill(): void {
    const handle = openSync(this.#path, 'w', 0o600);
    try {
      // Written, not only reserved: some file systems store zeros as nothing.
      const chunk = Buffer.alloc(64 * 1024, 0x5a);
      for (let at = 0; at < BALLAST_BYTES; at += chunk.length) writeSync(handle, chunk);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}
