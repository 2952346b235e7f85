import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { FeederError } from '@cat-feeder/shared';

/** What statfs says of file systems that live in memory: tmpfs and ramfs. */
const memoryFileSystems: readonly number[] = [0x01021994, 0x858458f6];

/**
 * An empty directory in memory for the segments of the feeder at `dataDir`, for its user only.
 * `ERR_CAMERA` when the place is no memory: the ring would wear out the card.
 */
export function makeRingPlace(base: string, dataDir: string): string {
  const mark = createHash('sha256').update(dataDir).digest('hex').slice(0, 12);
  const place = join(base, `cat-feeder-camera-${mark}`);
  try {
    if (!memoryFileSystems.includes(statfsSync(base).type)) {
      throw new FeederError('ERR_CAMERA', {
        message: `${base} is not in memory (tmpfs): name another place with cameraRingDir.`,
      });
    }
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { mode: 0o700 });
    return place;
  } catch (cause) {
    if (cause instanceof FeederError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FeederError('ERR_CAMERA', { message: `No place for video in memory: ${why}`, cause });
  }
}

/** The same directory with all that is in it when it is still there, else a new one. */
export function keepRingPlace(place: string | null, base: string, dataDir: string): string {
  const isThere = place !== null && lstatSync(place, { throwIfNoEntry: false })?.isDirectory();
  return isThere ? place : makeRingPlace(base, dataDir);
}

/** What is wrong when the place has less than this free; null: nothing. `ERR_CAMERA` without it. */
export function wantOfRoom(place: string, neededBytes: number): string | null {
  try {
    const { bavail, bsize } = statfsSync(place);
    const freeBytes = bavail * bsize;
    if (freeBytes >= neededBytes) return null;
    return `No room in memory for video: ${inMb(freeBytes)} MB of ${inMb(neededBytes)} MB are free at ${place}.`;
  } catch (cause) {
    throw new FeederError('ERR_CAMERA', { message: `${place} is gone from memory.`, cause });
  }
}

function inMb(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

/** Takes the directory away. A failure leaves it to the next start, which empties it. */
export function removeRingPlace(place: string): void {
  rmSync(place, { recursive: true, force: true });
}
