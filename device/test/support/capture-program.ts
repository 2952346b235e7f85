/*
 * A program that captures until it is killed: `node capture-program.ts DATA_DIR MEMORY_DIR`. Prints a line
 * when the first segment is there.
 */
import { FfmpegSource } from '../../src/hardware/camera/ffmpeg-source.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';
import { testCapture } from './test-capture.ts';

const source = new FfmpegSource({
  clock: new SystemClock(),
  settings: testCapture,
  ffmpeg: 'ffmpeg',
  encoder: 'auto',
  ringBase: process.argv[3] ?? '',
  dataDir: process.argv[2] ?? '',
});
const readiness = await source.probe();
if (readiness.kind === 'unusable') throw new Error(readiness.why);
source.open({
  onSegment: ({ path }) => console.log(path),
  onFrames: () => {},
  onEnd: (why) => console.log(why),
});
