import type { EpochMs } from '@cat-feeder/shared';
import type { ClipPlace } from '../../clips/clip-context.ts';
import { dayOf } from '../../platform/system.ts';
import { partyToBytes } from '../mysql/row-values.ts';

/** What every key begins with: the store's rules hold for it. */
export const CLIP_PREFIX = 'clips/';

/** The name of a clip's object: spread by the device, then by day. */
export function clipKey({ deviceId, clipId }: ClipPlace, nowMs: EpochMs): string {
  const [first = 0] = partyToBytes(deviceId);
  const spread = first.toString(16).padStart(2, '0');
  return `${CLIP_PREFIX}${spread}/${deviceId}/${dayOf(nowMs)}/${clipId}.mp4`;
}
