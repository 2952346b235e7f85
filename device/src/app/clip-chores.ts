import { HOUR_MS } from '@cat-feeder/shared';
import { believedWall } from '../camera/believed-wall.ts';
import { makeRoom } from '../camera/clip-room.ts';
import { orderShelf } from '../camera/clip-shelf.ts';
import type { StationClock } from '../platform/clock.ts';
import type { DeviceStore } from '../storage/store.ts';
import type { ClipShelf } from './device-parts.ts';
import type { Chore } from './housekeeping.ts';

export interface ClipChoresParts {
  readonly store: Pick<DeviceStore, 'clips'>;
  readonly time: StationClock;
  /** A camera sees to its clips by itself. */
  readonly camera: object | null;
}

/** Clips grow old also when the camera that made them was taken away. */
export function clipChores(
  shelf: ClipShelf | undefined,
  { store, time, camera }: ClipChoresParts,
): readonly Chore[] {
  if (shelf === undefined || camera !== null) return [];
  const room = {
    files: shelf.files,
    limits: shelf.retention,
    catalogue: store.clips,
    wallMs: believedWall(time),
  };
  const run = async () => {
    await orderShelf(room);
    await makeRoom(room, 0);
  };
  return [{ name: 'clips', everyMs: HOUR_MS, run }];
}
