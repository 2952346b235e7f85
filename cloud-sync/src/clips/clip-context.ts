import type { EpochMs } from '@cat-feeder/shared';
import type { CloudContext } from '../core/cloud-context.ts';
import type { ObjectStore } from './object-store.ts';

/** What the rules of clips use besides requests. */
export interface ClipContext extends Pick<CloudContext, 'store' | 'now'> {
  readonly objects: ObjectStore;
  /** The name of a clip's object. */
  readonly keyOf: (at: ClipPlace, nowMs: EpochMs) => string;
  /** How long a clip is kept; the store's own rule removes it then. */
  readonly days: number;
  /** The most that the clips of one feeder may take. */
  readonly deviceBytesMax: number;
}

/** One clip of one feeder. */
export interface ClipPlace {
  readonly deviceId: string;
  readonly clipId: string;
}
