import { copyFile, rm, stat } from 'node:fs/promises';
import type { ClipPicture, Milliseconds } from '@cat-feeder/shared';
import type { Segment } from '../../camera/capture.ts';
import type { ClipOrder, ClipWork } from '../../camera/clip-making.ts';

/** Wide enough for a page on a phone; the height follows. */
const PICTURE_WIDTH = 640;
/** Nearer than this to its end a video may have no picture any more. */
const LAST_MS: Milliseconds = 200;

/** A video and a moment in it. */
export interface Moment {
  readonly path: string;
  readonly atMs: Milliseconds;
}

type Footage = Pick<Segment, 'path' | 'durationMs'>;
type Run = (args: readonly string[]) => Promise<unknown>;

/**
 * Makes the pictures of a clip out of its footage, all with one program. Resolves with those that
 * could be made: a clip without its preview is still a clip.
 */
export async function makePictures(
  run: Run,
  { beforeAtMs, afterAtMs }: ClipOrder,
  work: ClipWork,
  footage: readonly Footage[],
): Promise<ClipPicture[]> {
  const lengthMs = footage.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const shown = afterAtMs === null ? 'before' : 'after';
  const hasBowl = beforeAtMs !== null || afterAtMs !== null;
  const wanted: readonly (readonly [ClipPicture, Milliseconds | null])[] = [
    ['thumbnail', hasBowl ? null : lengthMs / 2],
    ['before', beforeAtMs],
    ['after', afterAtMs],
  ];
  const shots = wanted.flatMap(([picture, atMs]) => {
    const moment = atMs === null ? null : momentIn(footage, atMs);
    return moment === null ? [] : [{ moment, path: work.pictures[picture] }];
  });
  await run(['-y', ...shotArguments(shots)]);
  if (hasBowl && (await isMade(work.pictures[shown]))) {
    // The preview is the bowl after the feeding: the same picture, not made twice.
    await copyFile(work.pictures[shown], work.pictures.thumbnail);
  }
  const made: ClipPicture[] = [];
  for (const picture of ['thumbnail', 'before', 'after'] as const) {
    if (await isMade(work.pictures[picture])) made.push(picture);
    else await rm(work.pictures[picture], { force: true });
  }
  return made;
}

/** What makes FFmpeg write the picture of each moment as a JPEG. */
export function shotArguments(
  shots: readonly { readonly moment: Moment; readonly path: string }[],
): readonly string[] {
  return [
    ...shots.flatMap(({ moment }) => [
      ...['-threads', '1', '-ss', (moment.atMs / 1000).toFixed(3), '-i', moment.path],
    ]),
    ...shots.flatMap(({ path }, input) => [
      ...['-map', `${input}:v:0`, '-frames:v', '1', '-vf', `scale=${PICTURE_WIDTH}:-2`],
      ...['-f', 'image2', '-c:v', 'mjpeg', '-q:v', '5', path],
    ]),
  ];
}

/** Where in the footage this moment is; null without footage. */
function momentIn(footage: readonly Footage[], atMs: Milliseconds): Moment | null {
  let beganMs = 0;
  for (const [index, { path, durationMs }] of footage.entries()) {
    if (atMs < beganMs + durationMs || index === footage.length - 1) {
      return { path, atMs: Math.max(0, Math.min(atMs - beganMs, durationMs - LAST_MS)) };
    }
    beganMs += durationMs;
  }
  return null;
}

async function isMade(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => null);
  return stats !== null && stats.size > 0;
}
