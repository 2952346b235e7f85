import { join } from 'node:path';
import type { Milliseconds } from '@cat-feeder/shared';
import type { DeviceConfig } from '../config/device-config.ts';
import type { CaptureSettings } from '../hardware/camera/capture-command.ts';
import { FfmpegClipMaker } from '../hardware/camera/ffmpeg-clip-maker.ts';
import { FfmpegSource } from '../hardware/camera/ffmpeg-source.ts';
import type { Clock } from '../platform/clock.ts';
import { environment } from '../platform/environment.ts';
import { safeChance } from '../platform/safe-random.ts';
import { ClipDirectory } from '../storage/clip-directory.ts';
import type { CameraDoors, ClipShelf } from './device-parts.ts';

const MB = 1_000_000;
/** What the ring holds beyond the longest clip: the next clip's beginning while one is made. */
const RING_SPARE_MS: Milliseconds = 15_000;
/** An encoder may miss its rate by half; nothing may take more than this of a small board. */
const RING_BYTES_MAX = 96 * MB;

/** The camera that the settings name; undefined: none. Touches nothing yet. */
export function openCamera(config: DeviceConfig, clock: Clock): CameraDoors | undefined {
  const settings = captureSettings(config);
  if (settings === null) return undefined;
  const { cameraPreRollMs: preRollMs, cameraPostRollMs: postRollMs, dataDir } = config;
  const clipMs = config.cameraClipMs;
  const seconds = (preRollMs + clipMs + postRollMs + RING_SPARE_MS) / 1000;
  return {
    source: new FfmpegSource({
      clock,
      settings,
      ffmpeg: config.ffmpegPath,
      encoder: config.cameraEncoder,
      ringBase: config.cameraRingDir ?? memoryDir(),
      dataDir,
    }),
    maker: new FfmpegClipMaker({ clock, ffmpeg: config.ffmpegPath }),
    ...clipShelf(config),
    chance: safeChance,
    takes: { preRollMs, postRollMs, clipMs },
    ringBytesMax: Math.min(RING_BYTES_MAX, seconds * config.cameraKbps * 125 * 1.5),
  };
}

/** Where the clips are, whatever camera there is. Touches nothing yet. */
export function clipShelf(config: DeviceConfig): ClipShelf {
  return {
    files: new ClipDirectory(join(config.dataDir, 'clips')),
    retention: {
      quotaBytes: config.clipQuotaMb * MB,
      freeBytesMin: config.clipFreeMb * MB,
      daysMax: config.clipDays,
    },
  };
}

function captureSettings(config: DeviceConfig): CaptureSettings | null {
  const { cameraSource, hardware } = config;
  const source =
    cameraSource === 'auto' ? (hardware.kind === 'simulated' ? 'synthetic' : 'off') : cameraSource;
  if (source === 'off') return null;
  const [width = 0, height = 0] = config.cameraSize.split('x').map(Number);
  return {
    ...{ source, width, height },
    device: config.cameraDevice,
    input: config.cameraInput,
    url: config.cameraUrl,
    fps: config.cameraFps,
    kbps: config.cameraKbps,
    hasAudio: config.cameraAudio,
  };
}

/** The service's own directory, which goes with it, else the one that everybody has. */
function memoryDir(): string {
  return environment()['RUNTIME_DIRECTORY'] || '/dev/shm';
}
