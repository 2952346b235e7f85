import { spawnSync } from 'node:child_process';
import { CLOCK_BAR_SHARE } from '../../src/hardware/camera/capture-command.ts';

const MINUTE_MS = 60_000;
/** Brighter than this is the bar, darker is the strip that it moves on. */
const BRIGHT = 128;

/** The wall clock in the first and the last picture of a clip, modulo a minute. */
export function picturedMs(path: string, width: number): { first: number; last: number } {
  // One row of the strip for each picture, as a byte for each of its points.
  const rows = spawnSync(
    'ffmpeg',
    [
      ...['-v', 'error', '-i', path, '-vf', 'crop=iw:2:0:ih-4,scale=iw:1,format=gray'],
      ...['-f', 'rawvideo', 'pipe:1'],
    ],
    { maxBuffer: 100_000_000 },
  ).stdout;
  const count = rows.length / width;
  return { first: barMs(rows.subarray(0, width)), last: barMs(rows.subarray((count - 1) * width)) };
}

/** From `a` to `b`, both modulo a minute, the short way round. */
export function differenceMs(a: number, b: number): number {
  const ms = (((b - a) % MINUTE_MS) + MINUTE_MS) % MINUTE_MS;
  return ms > MINUTE_MS / 2 ? ms - MINUTE_MS : ms;
}

function barMs(row: Uint8Array): number {
  const bar = Math.round(row.length * CLOCK_BAR_SHARE);
  const bright = [...row.keys()].filter((at) => (row[at] ?? 0) > BRIGHT);
  if (Math.abs(bright.length - bar) > bar / 2) return Number.NaN;
  const middle = bright.reduce((sum, at) => sum + at, 0) / bright.length;
  return ((middle - (bar - 1) / 2) / (row.length - bar)) * MINUTE_MS;
}
