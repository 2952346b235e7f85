import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FfmpegSource } from '../../src/hardware/camera/ffmpeg-source.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { SimulatedCamera } from '../support/simulated-camera.ts';
import { testCapture } from '../support/test-capture.ts';
import { describeCameraSource, existsOnDisk, type SourceBench } from './camera-source.ts';

describeCameraSource('the simulator', () => {
  const clock = new VirtualClock({ wallMs: 1_800_000_000_000, monoMs: 5_000 });
  const source = new SimulatedCamera(clock);
  return {
    source,
    nowMs: () => clock.monoMs(),
    pass: async (ms) => clock.advance(ms),
    exists: ({ path }) => source.memory.files.has(path),
    close: () => {},
  };
});

function realBench(source: 'synthetic' | 'rpicam'): SourceBench {
  const clock = new SystemClock();
  const memory = mkdtempSync('/dev/shm/feeder-camera-');
  const path = process.env['PATH'];
  if (source === 'rpicam') {
    // A stand-in for the camera's own program: H.264 without a container, a whole picture a second.
    const program = join(memory, 'rpicam-vid');
    writeFileSync(
      program,
      '#!/bin/sh\nexec ffmpeg -v error -nostdin -re -f lavfi -i testsrc2=size=320x240:rate=10 ' +
        '-c:v libx264 -preset ultrafast -tune zerolatency -g 10 -f h264 pipe:1\n',
    );
    chmodSync(program, 0o755);
    process.env['PATH'] = `${memory}:${path}`;
  }
  return {
    source: new FfmpegSource({
      ...{ clock, ffmpeg: 'ffmpeg', encoder: 'auto', ringBase: memory, dataDir: memory },
      settings: { ...testCapture, source },
    }),
    nowMs: () => clock.monoMs(),
    pass: (ms) => new Promise((resolve) => clock.after('test', ms, () => resolve())),
    exists: existsOnDisk,
    close: () => {
      process.env['PATH'] = path;
      rmSync(memory, { recursive: true, force: true });
    },
  };
}

describeCameraSource('FFmpeg with its test picture', () => realBench('synthetic'));
describeCameraSource('FFmpeg behind a camera program', () => realBench('rpicam'));
