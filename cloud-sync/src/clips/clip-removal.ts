import { CLIP_URL_S, DAY_MS, HOUR_MS } from '@cat-feeder/shared';
import { type Answer, accepted, refused } from '../core/answer.ts';
import type { ClipRow } from '../core/cloud-store.ts';
import type { ClipContext, ClipPlace } from './clip-context.ts';

/** Objects removed in one go; the rest has its turn at the next. */
const SWEPT_MAX = 20;
/** An address may have been used in its last second, by a slow line. */
const AGAIN_MS = CLIP_URL_S * 1000 + HOUR_MS;
/** Rows are remembered this much longer than clips are kept: what was removed stays removed. */
const REMEMBERED_MS = 90 * DAY_MS;

/**
 * A member deletes a clip of the cloud; the feeder keeps its own. Nobody sees it any more; its object
 * goes with the next sweep. Safe to repeat.
 */
export async function removeClip(
  context: ClipContext,
  at: ClipPlace,
  homeId: string,
): Promise<Answer<{ readonly state: 'removed' }>> {
  return context.store.onDevice(at.deviceId, async (tx) => {
    const row = await tx.clip(at.clipId);
    if (row === undefined || row.homeId !== homeId) return refused('not_found');
    if (row.state === 'open' || row.state === 'stored') {
      await tx.putClip({ ...row, state: 'removing', dueMs: context.now() });
    }
    return accepted({ state: 'removed' });
  });
}

/**
 * Removes the objects of one feeder's clips that are to go. What fails stays due, and has its turn
 * again; several nodes may do it at once.
 */
export async function sweepClips(context: ClipContext, deviceId: string): Promise<number> {
  const { store, objects, now } = context;
  const due = await store.onDevice(deviceId, async (tx) => {
    await tx.forgetClips(now() - context.days * DAY_MS - REMEMBERED_MS);
    return tx.dueClips(now(), SWEPT_MAX);
  });
  for (const row of due) {
    const { key, uploadId } = row;
    if (uploadId !== null) await objects.abortParts({ key, uploadId });
    await objects.remove(key);
    await store.onDevice(deviceId, async (tx) => {
      const present = await tx.clip(row.clipId);
      if (present !== undefined) await tx.putClip(swept(present, row, now()));
    });
  }
  return due.length;
}

/** After the first time its object may come once more, by an address that was given before. */
function swept(present: ClipRow, row: ClipRow, nowMs: number): ClipRow {
  const isFirst = row.state === 'removing';
  return { ...present, state: 'removed', uploadId: null, dueMs: isFirst ? nowMs + AGAIN_MS : null };
}
