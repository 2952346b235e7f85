import { DAY_MS } from '@cat-feeder/shared';
import { type Answer, accepted, refused } from '../core/answer.ts';
import type { ClipRow } from '../core/cloud-store.ts';
import type { ClipContext, ClipPlace } from './clip-context.ts';

/** A clip as members see it. */
export interface ClipView {
  readonly clip: string;
  readonly feed: string | null;
  readonly bytes: number;
  readonly sha256: string;
  readonly stored_ms: number;
  /** Until when it is kept. */
  readonly ends_ms: number;
}

const PAGE_MAX = 100;

/** The clips of a feeder that this home has, newest first. */
export function readClips(
  context: ClipContext,
  who: { readonly deviceId: string; readonly homeId: string },
  before: string | null,
): Promise<Answer<{ readonly clips: readonly ClipView[] }>> {
  return context.store.onDevice(who.deviceId, async (tx) => {
    const rows = await tx.clipsIn('stored', { before, limit: PAGE_MAX });
    const own = rows.filter((row) => row.homeId === who.homeId);
    const clips = own.map((row) => clipView(context, row));
    return accepted({ clips: clips.filter(({ ends_ms }) => ends_ms > context.now()) });
  });
}

/** Where a member gets the video of a clip, for a short time. */
export async function readClip(
  context: ClipContext,
  at: ClipPlace,
  homeId: string,
): Promise<Answer<ClipView & { readonly url: string }>> {
  const row = await context.store.onDevice(at.deviceId, (tx) => tx.clip(at.clipId));
  if (row?.state !== 'stored' || row.homeId !== homeId) return refused('not_found');
  const view = clipView(context, row);
  if (view.ends_ms <= context.now()) return refused('not_found');
  return accepted({ ...view, url: await context.objects.getUrl(row.key) });
}

function clipView({ days }: ClipContext, row: ClipRow): ClipView {
  const { clipId: clip, feedId: feed, bytes, sha256, createdMs, storedMs } = row;
  const stored_ms = storedMs ?? createdMs;
  return { clip, feed, bytes, sha256, stored_ms, ends_ms: stored_ms + days * DAY_MS };
}
