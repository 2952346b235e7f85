import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { rm, stat, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { type ClipPicture, FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { Segment } from '../../camera/capture.ts';
import type { ClipMaker, ClipOrder, ClipWork, MadeClip } from '../../camera/clip-making.ts';
import type { Clock } from '../../platform/clock.ts';
import { makePictures, shotArguments } from './clip-pictures.ts';
import { probePath } from './ffmpeg-tools.ts';
import { countFrames, type MediaFacts, mediaFacts } from './media-facts.ts';
import { runTool } from './run-tool.ts';

/** Copying a few megabytes, onto a card that stalls. */
const JOIN_MS: Milliseconds = 30_000;
const PICTURE_MS: Milliseconds = 10_000;
/** The joined clip may be this much shorter than its segments promised. */
const SHORT_MS_MAX: Milliseconds = 700;

export interface FfmpegClipMakerOptions {
  readonly clock: Clock;
  readonly ffmpeg: string;
}

/** Joins segments with FFmpeg. Nothing is encoded again but the pictures. */
export class FfmpegClipMaker implements ClipMaker {
  readonly #clock: Clock;
  readonly #ffmpeg: string;
  readonly #ffprobe: string;

  constructor({ clock, ffmpeg }: FfmpegClipMakerOptions) {
    this.#clock = clock;
    this.#ffmpeg = ffmpeg;
    this.#ffprobe = probePath(ffmpeg);
  }

  async make(order: ClipOrder, work: ClipWork): Promise<MadeClip> {
    // Beside the join and from memory: a clip is waited for, its pictures are not.
    const early = this.#pictures(order, work, order.segments);
    try {
      const facts = await this.#joined(order.segments, work.video);
      const file = await this.#file(work.video);
      const made = await early;
      // A spoilt segment that is not in the clip shows nothing.
      const joined = [{ path: work.video, durationMs: facts.durationMs }];
      const pictures = made.length > 0 ? made : await this.#pictures(order, work, joined);
      return { ...facts, ...file, pictures };
    } catch (cause) {
      if (cause instanceof FeederError || !(cause instanceof Error && 'code' in cause)) throw cause;
      throw new FeederError('ERR_CAMERA', { message: `No clip was made: ${cause.message}`, cause });
    } finally {
      await early;
    }
  }

  async snapshot({ path, durationMs }: Segment): Promise<Uint8Array> {
    const { end, stdout, why } = await this.#run(
      // From shortly before the end: the last picture of the segment.
      shotArguments([{ moment: { path, atMs: Math.max(0, durationMs - 100) }, path: 'pipe:1' }]),
      PICTURE_MS,
    );
    if (end === 'ok' && stdout.length > 0) return stdout;
    throw new FeederError('ERR_CAMERA', { message: `There is no picture: ${why}` });
  }

  /** All segments, or, when one of them is spoilt, those that are whole. */
  async #joined(segments: readonly Segment[], path: string): Promise<MediaFacts> {
    const whole = await this.#join(segments, path);
    if (whole !== null) return whole;
    const prober = { clock: this.#clock, ffprobe: this.#ffprobe };
    const good: Segment[] = [];
    for (const segment of segments) {
      if ((await countFrames(prober, segment.path)) > 0) good.push(segment);
    }
    const rest = good.length === 0 ? null : await this.#join(good, path);
    if (rest !== null) return rest;
    throw new FeederError('ERR_CAMERA', { message: 'The segments could not be joined.' });
  }

  /** Null: what came of it is not what the segments promised. */
  async #join(segments: readonly Segment[], path: string): Promise<MediaFacts | null> {
    const list = `${segments[0]?.path}.txt`;
    await writeFile(list, segments.map((segment) => `file '${segment.path}'\n`).join(''));
    const { end, why } = await this.#run(
      [
        ...['-y', '-f', 'concat', '-safe', '0', '-i', list, '-c', 'copy'],
        ...['-movflags', '+faststart', '-f', 'mp4', path],
      ],
      JOIN_MS,
    );
    await rm(list, { force: true });
    if (/No space left/.test(why)) {
      throw new FeederError('ERR_STORAGE', { message: 'The disk is full.' });
    }
    if (end !== 'ok') return null;
    try {
      const facts = await mediaFacts({ clock: this.#clock, ffprobe: this.#ffprobe }, path);
      const promisedMs = segments.reduce((sum, { durationMs }) => sum + durationMs, 0);
      return facts.durationMs >= promisedMs - SHORT_MS_MAX ? facts : null;
    } catch (error) {
      if (error instanceof FeederError) return null;
      throw error;
    }
  }

  async #file(path: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return { bytes: (await stat(path)).size, sha256: hash.digest('hex') };
  }

  async #pictures(
    order: ClipOrder,
    work: ClipWork,
    footage: Parameters<typeof makePictures>[3],
  ): Promise<ClipPicture[]> {
    try {
      return await makePictures((args) => this.#run(args, PICTURE_MS), order, work, footage);
    } catch (error) {
      // The disk refused a picture; if it refuses the clip, too, that is told.
      if (error instanceof Error && 'code' in error) return [];
      throw error;
    }
  }

  #run(args: readonly string[], limitMs: Milliseconds) {
    const command = [this.#ffmpeg, '-hide_banner', '-nostdin', '-loglevel', 'error'] as const;
    return runTool(this.#clock, [...command, ...args], limitMs);
  }
}
