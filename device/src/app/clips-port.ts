import { FeederError } from '@cat-feeder/shared';
import type { ClipsPort } from '../api/deps.ts';
import type { ClipFiles } from '../camera/clip-files.ts';
import { removeClip } from '../camera/clip-room.ts';
import type { LiveEvents } from '../platform/live-events.ts';
import type { DeviceStore } from '../storage/store.ts';

export interface ClipsPortParts {
  readonly store: Pick<DeviceStore, 'clips'>;
  /** Null: clips have no place on this feeder. */
  readonly files: ClipFiles | null;
  readonly live: LiveEvents;
}

/** Clips in the words of the API; also those of a camera that is not there any more. */
export function clipsPort({ store: { clips }, files, live }: ClipsPortParts): ClipsPort {
  return {
    get: (id) => clips.get(id),
    list: (filter) => clips.list(filter),
    setKeep: (id, keep) => {
      const clip = clips.setKeep(id, keep);
      live.publish('clip', clip);
      return clip;
    },
    remove: async (id) => {
      if (clips.get(id) === undefined) throw new FeederError('ERR_NOT_FOUND');
      if (files === null) throw new FeederError('ERR_UNAVAILABLE');
      await removeClip(
        { catalogue: clips, files },
        { id, reason: 'person', why: 'Removed by hand.' },
      );
    },
    path: (id, what) => files?.path(id, what) ?? null,
  };
}
