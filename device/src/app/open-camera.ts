import { join } from 'node:path';
import { hasCamera, ringBytesOf } from '../config/camera-ring.ts';
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

/** The camera that the settings name; undefined: none. Touches nothing yet. */
export function openCamera(config: DeviceConfig, clock: Clock): CameraDoors | undefined {
  const settings = captureSettings(config);
  if (settings === null) return undefined;
  const { cameraPreRollMs: preRollMs, cameraPostRollMs: postRollMs, dataDir } = config;
  const clipMs = config.cameraClipMs;
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
    ringBytesMax: ringBytesOf(config),
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
  const { cameraSource } = config;
  if (!hasCamera(config) || cameraSource === 'off') return null;
  const source = cameraSource === 'auto' ? 'synthetic' : cameraSource;
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
