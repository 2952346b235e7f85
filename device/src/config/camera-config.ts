import * as v from 'valibot';
import { oneOf, plain, wholeNumber, words } from './setting.ts';

/** The camera's settings. What the owner switches in daily life is in the database instead. */
export const cameraEntries = {
  cameraSource: v.pipe(
    v.optional(oneOf(['auto', 'off', 'synthetic', 'v4l2', 'rpicam', 'rtsp']), 'auto'),
    v.description(
      'Where pictures come from: a USB camera (v4l2), the Raspberry Pi’s own (rpicam), a network camera (rtsp), or a test picture with a clock (synthetic). `auto` is synthetic on the simulated board and off elsewhere.',
    ),
    v.metadata(plain),
  ),
  cameraDevice: v.pipe(
    v.optional(words(255), '/dev/video0'),
    v.description('Device of a USB camera.'),
    v.metadata(plain),
  ),
  cameraInput: v.pipe(
    v.optional(oneOf(['h264', 'mjpeg', 'yuyv422']), 'mjpeg'),
    v.description('What a USB camera delivers; H.264 needs no encoder.'),
    v.metadata(plain),
  ),
  cameraUrl: v.pipe(
    v.optional(v.nullable(words(1024)), null),
    v.description('Address of a network camera, rtsp://user:password@host/path.'),
    v.metadata({ ...plain, secret: true }),
  ),
  cameraSize: v.pipe(
    v.optional(oneOf(['640x480', '1280x720', '1920x1080']), '1280x720'),
    v.description('Size of the picture.'),
    v.metadata(plain),
  ),
  cameraFps: v.pipe(
    v.optional(wholeNumber(1, 30), 15),
    v.description('Pictures in a second.'),
    v.metadata({ ...plain, unit: '1/s' }),
  ),
  cameraKbps: v.pipe(
    v.optional(wholeNumber(100, 8000), 1500),
    v.description('Size of the encoded video.'),
    v.metadata({ ...plain, unit: 'kbit/s' }),
  ),
  cameraEncoder: v.pipe(
    v.optional(oneOf(['auto', 'h264_v4l2m2m', 'libx264']), 'auto'),
    v.description(
      'Encoder where the camera does not encode by itself; `auto` takes the hardware’s when it passes a test, else software.',
    ),
    v.metadata(plain),
  ),
  cameraAudio: v.pipe(
    v.optional(v.boolean('must be true or false'), false),
    v.description('Whether the sound of a network camera is recorded, too.'),
    v.metadata(plain),
  ),
  cameraPreRollMs: v.pipe(
    v.optional(wholeNumber(0, 20_000), 5000),
    v.description('How much a clip shows of the time before its event.'),
    v.metadata({ ...plain, unit: 'ms' }),
  ),
  cameraPostRollMs: v.pipe(
    v.optional(wholeNumber(0, 60_000), 5000),
    v.description('How much a clip shows of the time after its event.'),
    v.metadata({ ...plain, unit: 'ms' }),
  ),
  cameraClipMs: v.pipe(
    v.optional(wholeNumber(10_000, 300_000), 60_000),
    v.description('The longest clip; what is longer goes on in the next one.'),
    v.metadata({ ...plain, unit: 'ms' }),
  ),
  cameraRingDir: v.pipe(
    v.optional(v.nullable(words(4096)), null),
    v.description(
      'Directory in memory (tmpfs) for the last seconds of video; empty means the service’s runtime directory or /dev/shm.',
    ),
    v.metadata(plain),
  ),
  ffmpegPath: v.pipe(
    v.optional(words(4096), 'ffmpeg'),
    v.description('The FFmpeg program, version 5 or newer; ffprobe is looked for beside it.'),
    v.metadata(plain),
  ),
  clipQuotaMb: v.pipe(
    v.optional(wholeNumber(16, 1_000_000), 2048),
    v.description('The most that all clips may take.'),
    v.metadata({ ...plain, unit: 'MB' }),
  ),
  clipFreeMb: v.pipe(
    v.optional(wholeNumber(64, 1_000_000), 512),
    v.description('Clips leave at least this much free on the disk, for what matters more.'),
    v.metadata({ ...plain, unit: 'MB' }),
  ),
  clipDays: v.pipe(
    v.optional(wholeNumber(1, 3650), 30),
    v.description('Clips older than this are removed, unless they are to be kept.'),
    v.metadata({ ...plain, unit: 'days' }),
  ),
};
