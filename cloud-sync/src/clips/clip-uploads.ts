import {
  CLIP_PART_BYTES,
  CLIP_URL_S,
  CLIP_URLS_MAX,
  type ClipComplete,
  type ClipCompleteAnswer,
  type ClipPart,
  type ClipUpload,
  type ClipUploadAnswer,
  DAY_MS,
} from '@cat-feeder/shared';
import { type Answer, accepted, refused } from '../core/answer.ts';
import { checkDevice } from '../core/cloud-context.ts';
import type { ClipRow, DeviceTransaction } from '../core/cloud-store.ts';
import type { ClipContext, ClipPlace } from './clip-context.ts';

/*
 * A clip in the cloud.
 *
 *   (none) --announced--> open --complete--> stored --its days are over--> (the store removes it)
 *                          |                   |
 *          the feeder gave |                   | its owner deleted it
 *          it up, or its   '------> removing <-'
 *          owner deleted it            | its object is removed
 *                                      '--> removed (and once more, when no address is good any more)
 *
 * B1 `stored` is said only of an object with the announced size and SHA-256.
 * B3 What was removed stays removed: no announcement of it is taken.
 * B4 No transaction is open while the store is asked; each one decides by what it reads itself.
 */

/** A feeder that has used up its room asks again after this. */
const NO_ROOM_RETRY_S = 3600;

/** Announces a clip, or asks for what is still missing of it. Safe to repeat. */
export async function announceClip(
  context: ClipContext,
  at: ClipPlace,
  asked: ClipUpload,
): Promise<Answer<ClipUploadAnswer>> {
  const noted = await context.store.onDevice(at.deviceId, (tx) => note(context, tx, { at, asked }));
  return noted.ok ? missingOf(context, at, noted.body) : noted;
}

/** What is still missing of a clip that was announced. */
export async function resumeClip(
  context: ClipContext,
  at: ClipPlace,
): Promise<Answer<ClipUploadAnswer>> {
  const known = await announced(context, at);
  return known.ok ? missingOf(context, at, known.body) : known;
}

/** Looks at what came, and takes the clip only when it is what was announced. Safe to repeat. */
export async function completeClip(
  context: ClipContext,
  at: ClipPlace,
  { parts }: ClipComplete,
): Promise<Answer<ClipCompleteAnswer>> {
  const known = await announced(context, at);
  if (!known.ok) return known;
  const row = known.body;
  if (row.state === 'stored') return accepted({ state: 'stored' });
  const count = partsOf(row);
  if (parts.length !== count || parts.some(({ n }, i) => n !== i + 1))
    return refused('bad_request');
  if (!(await isThere(context, row, parts))) {
    await beginAnew(context, at, row);
    return refused('incomplete');
  }
  const said = await context.store.onDevice(at.deviceId, async (tx) => {
    const now = await tx.clip(at.clipId);
    if (now === undefined) return refused('not_found');
    if (now.state === 'removing' || now.state === 'removed') return refused('cancelled');
    if (now.state === 'open') {
      await tx.putClip({ ...now, state: 'stored', uploadId: null, storedMs: context.now() });
    }
    return accepted({ state: 'stored' } as const);
  });
  // It was deleted while it arrived.
  if (!said.ok) await context.objects.remove(row.key);
  return said;
}

async function announced(context: ClipContext, at: ClipPlace): Promise<Answer<ClipRow>> {
  return context.store.onDevice(at.deviceId, async (tx) => {
    const device = await tx.device();
    const bar = checkDevice(device);
    if (bar !== null) return refused(bar);
    const row = await tx.clip(at.clipId);
    if (row === undefined || row.homeId !== device?.homeId) return refused('not_found');
    const isGone = row.state === 'removing' || row.state === 'removed';
    return isGone ? refused('cancelled') : accepted(row);
  });
}

async function note(
  { now, days, deviceBytesMax, keyOf }: ClipContext,
  tx: DeviceTransaction,
  { at, asked }: { readonly at: ClipPlace; readonly asked: ClipUpload },
): Promise<Answer<ClipRow>> {
  const device = await tx.device();
  const bar = checkDevice(device);
  if (bar !== null || device === undefined) return refused(bar ?? 'unclaimed');
  const { bytes, sha256 } = asked;
  const row = await tx.clip(at.clipId);
  if (row !== undefined) {
    if (row.state === 'removing' || row.state === 'removed') return refused('cancelled');
    const isSame = row.bytes === bytes && row.sha256 === sha256 && row.homeId === device.homeId;
    return isSame ? accepted(row) : refused('reused');
  }
  const createdMs = now();
  const taken = await tx.clipBytes(createdMs - days * DAY_MS);
  if (taken + bytes > deviceBytesMax) {
    return { ok: false, refusal: 'rate_limited', retryAfterS: NO_ROOM_RETRY_S };
  }
  const { clipId } = at;
  const fresh: ClipRow = {
    ...{ clipId, homeId: device.homeId ?? '', feedId: asked.feed, state: 'open', bytes, sha256 },
    ...{ key: keyOf(at, createdMs), uploadId: null, createdMs, storedMs: null, dueMs: null },
  };
  await tx.putClip(fresh);
  return accepted(fresh);
}

async function missingOf(
  context: ClipContext,
  at: ClipPlace,
  row: ClipRow,
): Promise<Answer<ClipUploadAnswer>> {
  const tell = (state: ClipUploadAnswer['state'], parts: readonly ClipPart[]) =>
    accepted({ state, part_bytes: CLIP_PART_BYTES, parts: [...parts], expires_s: CLIP_URL_S });
  if (row.state === 'stored') return tell('stored', []);
  const { objects } = context;
  if (partsOf(row) === 1) {
    return tell('open', (await hasArrived(context, row)) ? [] : [await objects.putUrl(row)]);
  }
  const upload = await openUpload(context, at, row);
  if (!upload.ok) return upload;
  const { uploadId, there } = upload.body;
  // It was put together, and the answer was lost.
  if (uploadId === null) return tell('open', []);
  const missing = Array.from({ length: partsOf(row) }, (_, i) => i + 1)
    .map((n) => ({ n, bytes: partBytes(row, n) }))
    .filter(({ n, bytes }) => there.get(n) !== bytes)
    .slice(0, CLIP_URLS_MAX);
  const place = { key: row.key, uploadId };
  return tell('open', await Promise.all(missing.map((part) => objects.partUrl(place, part))));
}

/** The upload in parts with what it has; a new one when the store has ended it. */
async function openUpload(
  context: ClipContext,
  at: ClipPlace,
  row: ClipRow,
): Promise<Answer<{ uploadId: string | null; there: ReadonlyMap<number, number> }>> {
  const { objects, store } = context;
  if (row.uploadId !== null) {
    const there = await objects.partsThere({ key: row.key, uploadId: row.uploadId });
    if (there !== null) return accepted({ uploadId: row.uploadId, there });
    if (await hasArrived(context, row)) return accepted({ uploadId: null, there: new Map() });
  }
  const begun = await objects.beginParts(row);
  const kept = await store.onDevice(at.deviceId, async (tx) => {
    const now = await tx.clip(at.clipId);
    if (now?.state !== 'open') return null;
    // Somebody else began one in the meantime: that one counts.
    if (now.uploadId !== row.uploadId) return now.uploadId;
    await tx.putClip({ ...now, uploadId: begun });
    return begun;
  });
  if (kept === begun) return accepted({ uploadId: begun, there: new Map() });
  await objects.abortParts({ key: row.key, uploadId: begun });
  if (kept === null) return refused('cancelled');
  const there = await objects.partsThere({ key: row.key, uploadId: kept });
  return accepted({ uploadId: kept, there: there ?? new Map() });
}

/** Parts that do not make what was announced are of no use. */
async function beginAnew({ objects, store }: ClipContext, at: ClipPlace, row: ClipRow) {
  const { key, uploadId } = row;
  if (uploadId === null) return;
  await objects.abortParts({ key, uploadId });
  await store.onDevice(at.deviceId, async (tx) => {
    const now = await tx.clip(at.clipId);
    if (now?.uploadId === uploadId) await tx.putClip({ ...now, uploadId: null });
  });
}

async function hasArrived({ objects }: ClipContext, row: ClipRow): Promise<boolean> {
  const found = await objects.head(row.key);
  return found !== null && found.bytes === row.bytes && found.announcedSha256 === row.sha256;
}

/** B1. What is not what was announced does not stay. */
async function isThere(
  context: ClipContext,
  row: ClipRow,
  parts: ClipComplete['parts'],
): Promise<boolean> {
  const { objects } = context;
  const { key, uploadId } = row;
  if (uploadId !== null && (await objects.completeParts({ key, uploadId }, parts)) === 'wrong') {
    return false;
  }
  const found = await objects.head(key);
  if (found === null) return false;
  const isRight = found.bytes === row.bytes && (await hasSha256(context, row, { found, parts }));
  if (!isRight) await objects.remove(key);
  return isRight;
}

/**
 * By the store's own SHA-256 where it keeps one; else by its tag, which is made of the bytes that
 * it has and proves them to be the sender's; else by reading them.
 */
async function hasSha256(
  { objects }: ClipContext,
  { key, sha256, bytes }: ClipRow,
  { found, parts }: { readonly found: FoundObject; readonly parts: ClipComplete['parts'] },
): Promise<boolean> {
  if (found.announcedSha256 !== sha256) return false;
  if (found.ownSha256 !== null) return found.ownSha256 === sha256;
  const md5s = parts.map(({ etag }) => etag);
  if (found.etag === objects.tagOf(md5s, bytes > CLIP_PART_BYTES)) return true;
  return (await objects.readSha256(key)) === sha256;
}

type FoundObject = NonNullable<Awaited<ReturnType<ClipContext['objects']['head']>>>;

function partsOf({ bytes }: ClipRow): number {
  return Math.ceil(bytes / CLIP_PART_BYTES);
}

function partBytes({ bytes }: ClipRow, n: number): number {
  return Math.min(CLIP_PART_BYTES, bytes - (n - 1) * CLIP_PART_BYTES);
}
