import { describe, expect, it } from 'vitest';
import { testCapture } from '../../../test/support/test-capture.ts';
import {
  type CaptureSettings,
  cameraProgram,
  captureArguments,
  isCopied,
  sourceName,
  trialArguments,
} from './capture-command.ts';

const line = (more: Partial<CaptureSettings>, encoder: string) =>
  captureArguments({ ...testCapture, ...more }, encoder, '/ring').join(' ');

describe('the command line of a capture', () => {
  const cases = [
    ['synthetic', { source: 'synthetic' }, 'libx264', ['-re -f lavfi', 'localtime', '-threads 1']],
    [
      'a USB camera with MJPEG',
      { source: 'v4l2', input: 'mjpeg', device: '/dev/video2' },
      'h264_v4l2m2m',
      [
        '-f v4l2 -input_format mjpeg -video_size 320x240 -framerate 10 -i /dev/video2',
        '-c:v h264_v4l2m2m -pix_fmt yuv420p -b:v 300k -g 10',
      ],
    ],
    [
      'a USB camera with YUYV',
      { source: 'v4l2', input: 'yuyv422' },
      'libx264',
      ['-input_format yuyv422', '-preset ultrafast -tune zerolatency'],
    ],
    [
      'a USB camera with H.264',
      { source: 'v4l2', input: 'h264' },
      'copy',
      ['-input_format h264', '-an -c:v copy -f segment'],
    ],
    [
      'the Raspberry Pi’s camera',
      { source: 'rpicam' },
      'copy',
      ['-f h264 -framerate 10 -i pipe:0'],
    ],
    [
      'a network camera',
      { source: 'rtsp', url: 'rtsp://cam/1' },
      'copy',
      ['-rtsp_transport tcp -timeout 5000000 -i rtsp://cam/1', '-an -c:v copy'],
    ],
    [
      'a network camera with its sound',
      { source: 'rtsp', url: 'rtsp://cam/1', hasAudio: true },
      'copy',
      ['-map 0:a:0? -c:a aac'],
    ],
  ] as const;
  it.each(cases)('of %s', (_what, more, encoder, parts) => {
    const text = line(more, encoder);
    for (const part of parts) expect(text).toContain(part);
    // What every capture needs: it never asks, tells its frames, and its ring is bounded.
    for (const part of ['-nostdin', '-progress pipe:3', '-segment_wrap 40', '/ring/raw%03d.mp4']) {
      expect(text).toContain(part);
    }
  });

  it('has no sound unless it is asked for, and only where there is any', () => {
    for (const source of ['synthetic', 'v4l2', 'rpicam'] as const) {
      expect(line({ source, hasAudio: true }, 'copy')).toContain('-an');
    }
  });

  it('copies what is H.264 already', () => {
    expect(isCopied({ ...testCapture, source: 'v4l2', input: 'h264' })).toBe(true);
    expect(isCopied({ ...testCapture, source: 'v4l2', input: 'mjpeg' })).toBe(false);
    expect(isCopied({ ...testCapture, source: 'rtsp' })).toBe(true);
    expect(isCopied(testCapture)).toBe(false);
  });

  it('names a source without its password', () => {
    const url = 'rtsp://me:secret@cam/1';
    expect(sourceName({ ...testCapture, source: 'rtsp', url })).toBe('rtsp');
    expect(sourceName(testCapture)).toBe('synthetic 320x240 at 10/s');
  });

  it('begins each second of the Raspberry Pi’s camera with a whole picture', () => {
    const program = cameraProgram({ ...testCapture, source: 'rpicam' })?.join(' ');
    expect(program).toContain('rpicam-vid --timeout 0 --nopreview --inline --intra 10');
    expect(cameraProgram(testCapture)).toBeNull();
  });

  it('tries an encoder with the settings of the capture', () => {
    const trial = trialArguments(testCapture, 'h264_v4l2m2m', '/ring/trial.mp4').join(' ');
    expect(trial).toContain('-frames:v 20 -c:v h264_v4l2m2m -pix_fmt yuv420p -b:v 300k -g 10');
  });
});
