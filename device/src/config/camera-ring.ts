import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type { DeviceConfig } from './device-config.ts';

const MB = 1_000_000;
/** What the ring holds beyond the longest clip: the next clip's beginning while one is made. */
const RING_SPARE_MS: Milliseconds = 15_000;
/** An encoder may miss its rate by half. */
const RATE_FACTOR = 1.5;
/** Nothing may take more than this of a small board's memory. */
const RING_BYTES_MAX = 96 * MB;

/** Memory for the last seconds of video. `ERR_CONFIG` when a clip asks for more than there may be. */
export function ringBytesOf(config: DeviceConfig): number {
  const { cameraPreRollMs, cameraClipMs, cameraPostRollMs, cameraKbps } = config;
  const seconds = (cameraPreRollMs + cameraClipMs + cameraPostRollMs + RING_SPARE_MS) / 1000;
  const bytes = seconds * cameraKbps * 125 * RATE_FACTOR;
  if (bytes <= RING_BYTES_MAX) return bytes;
  const needed = `${Math.ceil(seconds)} s of video at ${cameraKbps} kbit/s need ${Math.ceil(bytes / MB)} MB of memory`;
  const message = `${needed}, but no more than ${RING_BYTES_MAX / MB} MB are taken for it: lower cameraKbps or cameraClipMs.`;
  throw new FeederError('ERR_CONFIG', {
    message: 'The configuration is not usable: the camera asks for too much memory.',
    details: [{ path: 'cameraKbps, cameraClipMs', message }],
  });
}

/** Whether the settings name a camera: `auto` is one on the simulated board only. */
export function hasCamera({ cameraSource, hardware }: DeviceConfig): boolean {
  return cameraSource === 'auto' ? hardware.kind === 'simulated' : cameraSource !== 'off';
}
