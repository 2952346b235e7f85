import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CaptureSettings,
  captureArguments,
} from '../../src/hardware/camera/capture-command.ts';

const settings: CaptureSettings = {
  source: 'synthetic',
  device: '',
  input: 'mjpeg',
  url: null,
  width: 320,
  height: 240,
  fps: 15,
  kbps: 300,
  hasAudio: false,
};

/** Segments as the camera makes them, in their order, made at once instead of second by second. */
export function makeSegments(dir: string, seconds: number): string[] {
  const [...args] = captureArguments(settings, 'libx264', dir);
  const live = args.indexOf('-re');
  args.splice(live, 1);
  args.splice(args.indexOf('-map'), 0, '-t', String(seconds));
  const silent = args.map((arg) => (arg.startsWith('pipe:') ? '/dev/null' : arg));
  execFileSync('ffmpeg', ['-y', ...silent], { stdio: 'ignore', timeout: 60_000 });
  return readdirSync(dir)
    .filter((name) => /^raw\d+\.mp4$/.test(name))
    .sort()
    .map((name) => join(dir, name));
}

/** The first picture of a video, as a JPEG. */
export function makePicture(video: string, path: string): void {
  execFileSync('ffmpeg', ['-y', '-i', video, '-frames:v', '1', path], {
    stdio: 'ignore',
    timeout: 60_000,
  });
}

/** An MP4 that a browser can play, as clips are: H.264 with its index first. */
export function makeVideo(path: string, seconds: number): void {
  const source = `testsrc2=size=320x240:rate=15,format=yuv420p`;
  const args = ['-y', '-f', 'lavfi', '-i', source, '-t', String(seconds), '-c:v', 'libx264'];
  execFileSync('ffmpeg', [...args, '-movflags', '+faststart', path], {
    stdio: 'ignore',
    timeout: 60_000,
  });
}
