import { dirname, join } from 'node:path';
import type { Milliseconds } from '@cat-feeder/shared';
import type { Clock } from '../../platform/clock.ts';
import { runTool } from './run-tool.ts';

/** Older ones lack options that are used here. */
export const FFMPEG_MAJOR_MIN = 5;
/** A program that does not say its version by then hangs. */
const LOOK_MS: Milliseconds = 8_000;
const INSTALL = 'Install it with: apt-get install ffmpeg';

/** The programs, as they were found. */
export interface FfmpegTools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly version: string;
  readonly encoders: ReadonlySet<string>;
}

export type FoundTools =
  | { readonly kind: 'found'; readonly tools: FfmpegTools }
  | { readonly kind: 'unusable'; readonly why: string };

/** ffprobe stands beside the ffmpeg that was named, or on the path like it. */
export function probePath(ffmpeg: string): string {
  return ffmpeg.includes('/') ? join(dirname(ffmpeg), 'ffprobe') : 'ffprobe';
}

/** Looks whether FFmpeg and ffprobe are there, new enough, and what they can encode. */
export async function findTools(clock: Clock, ffmpeg: string): Promise<FoundTools> {
  const ffprobe = probePath(ffmpeg);
  const versions: string[] = [];
  for (const program of [ffmpeg, ffprobe]) {
    const found = await versionOf(clock, program);
    if (found.version === null) return { kind: 'unusable', why: found.why };
    versions.push(found.version);
  }
  const listed = await runTool(clock, [ffmpeg, '-hide_banner', '-encoders'], LOOK_MS);
  if (listed.end !== 'ok') {
    return { kind: 'unusable', why: `${ffmpeg} does not list its encoders: ${listed.why}` };
  }
  const encoders = encodersIn(listed.stdout.toString());
  return { kind: 'found', tools: { ffmpeg, ffprobe, version: versions[0] ?? '', encoders } };
}

async function versionOf(
  clock: Clock,
  program: string,
): Promise<{ readonly version: string | null; readonly why: string }> {
  const { end, stdout, why } = await runTool(clock, [program, '-version'], LOOK_MS);
  if (end === 'missing') return { version: null, why: `${why} ${INSTALL}` };
  if (end === 'hung') return { version: null, why: `${program} hangs. ${INSTALL} again.` };
  const version = /^ff(?:mpeg|probe) version (\S+)/m.exec(stdout.toString())?.[1];
  if (end !== 'ok' || version === undefined) {
    return { version: null, why: `${program} is not FFmpeg: ${why} ${INSTALL}` };
  }
  // Builds from a repository have no number: they are new.
  const major = Number(/^n?(\d+)\./.exec(version)?.[1] ?? FFMPEG_MAJOR_MIN);
  if (major < FFMPEG_MAJOR_MIN) {
    const wanted = `version ${FFMPEG_MAJOR_MIN} or newer is needed`;
    return { version: null, why: `${program} is ${version}, but ${wanted}.` };
  }
  return { version, why: '' };
}

/** Names of video encoders in the list that FFmpeg prints: ` V....D libx264  ...`. */
export function encodersIn(list: string): ReadonlySet<string> {
  return new Set([...list.matchAll(/^\s*V[A-Z.]{5}\s+(\S+)/gm)].map((match) => match[1] ?? ''));
}
