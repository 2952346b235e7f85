import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import * as v from 'valibot';
import type { Clock } from '../../platform/clock.ts';
import { runTool } from './run-tool.ts';

/** Decoding two seconds of picture, or reading the index of the longest clip, on a slow board. */
const PROBE_MS: Milliseconds = 20_000;

export interface Prober {
  readonly clock: Clock;
  readonly ffprobe: string;
}

/** What is in a file, as it was read. */
export interface MediaFacts {
  readonly codec: string;
  readonly width: number;
  readonly height: number;
  readonly frames: number;
  readonly durationMs: Milliseconds;
  readonly hasAudio: boolean;
}

const ReportSchema = v.object({
  streams: v.array(
    v.object({
      codec_type: v.string(),
      codec_name: v.optional(v.string(), 'unknown'),
      width: v.optional(v.number(), 0),
      height: v.optional(v.number(), 0),
      nb_read_frames: v.optional(v.string(), '0'),
      nb_read_packets: v.optional(v.string(), '0'),
    }),
  ),
  format: v.object({ duration: v.optional(v.string(), '0') }),
});

/**
 * Reads a whole file; pictures are counted by their packets, or, at many times the cost, by
 * decoding each. `ERR_CAMERA` when it has none.
 */
export async function mediaFacts(
  { clock, ffprobe }: Prober,
  path: string,
  isDecoded = false,
): Promise<MediaFacts> {
  const shown =
    'stream=codec_type,codec_name,width,height,nb_read_frames,nb_read_packets:format=duration';
  const count = isDecoded ? '-count_frames' : '-count_packets';
  const { end, stdout, why } = await runTool(
    clock,
    [ffprobe, '-v', 'error', count, '-show_entries', shown, '-of', 'json', path],
    PROBE_MS,
  );
  const report = v.safeParse(ReportSchema, end === 'ok' ? parsed(stdout) : null);
  const streams = report.success ? report.output.streams : [];
  const video = streams.find((stream) => stream.codec_type === 'video');
  const frames = Number((isDecoded ? video?.nb_read_frames : video?.nb_read_packets) ?? 0);
  if (!report.success || video === undefined || !(frames > 0)) {
    throw new FeederError('ERR_CAMERA', { message: `The video cannot be read: ${why}` });
  }
  return {
    codec: video.codec_name,
    width: video.width,
    height: video.height,
    frames,
    durationMs: Math.round(Number(report.output.format.duration) * 1000),
    hasAudio: streams.some((stream) => stream.codec_type === 'audio'),
  };
}

/** How many pictures can be decoded; 0 for what is no video. */
export async function countFrames(prober: Prober, path: string): Promise<number> {
  try {
    return (await mediaFacts(prober, path, true)).frames;
  } catch (error) {
    if (error instanceof FeederError) return 0;
    throw error;
  }
}

function parsed(json: Buffer): unknown {
  try {
    return JSON.parse(json.toString());
  } catch {
    return null; // Cut off in the middle: as good as nothing.
  }
}
