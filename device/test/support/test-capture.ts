import type { CaptureSettings } from '../../src/hardware/camera/capture-command.ts';

/** A small test picture, cheap enough for many tests at a time. */
export const testCapture: CaptureSettings = {
  source: 'synthetic',
  device: '/dev/video0',
  input: 'mjpeg',
  url: null,
  width: 320,
  height: 240,
  fps: 10,
  kbps: 300,
  hasAudio: false,
};
