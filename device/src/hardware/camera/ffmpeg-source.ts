import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { FeederError, type Milliseconds } from '@cat-feeder/shared';
import type {
  CameraSource,
  CaptureProcess,
  CaptureWatch,
  Readiness,
  Segment,
} from '../../camera/capture.ts';
import type { Clock } from '../../platform/clock.ts';
import { type CaptureSettings, isCopied, sourceName, trialArguments } from './capture-command.ts';
import { FfmpegCapture } from './ffmpeg-capture.ts';
import { type FfmpegTools, findTools } from './ffmpeg-tools.ts';
import { countFrames } from './media-facts.ts';
import { wrapperProblem } from './process-group.ts';
import { keepRingPlace, removeRingPlace, wantOfRoom } from './ring-place.ts';
import { runTool } from './run-tool.ts';

/** The trial of an encoder: two seconds of picture, on a slow board. */
const TRIAL_MS: Milliseconds = 20_000;
/** With less room than for so many seconds of video it is not tried: it would fail with a false reason. */
const ROOM_SECONDS = 5;
const hardwareEncoder = 'h264_v4l2m2m';
const softwareEncoder = 'libx264';

export interface FfmpegSourceOptions {
  readonly clock: Clock;
  readonly settings: CaptureSettings;
  readonly ffmpeg: string;
  /** `auto`, or the encoder that the installer wants. */
  readonly encoder: 'auto' | 'h264_v4l2m2m' | 'libx264';
  /** A directory in memory, in which the ring makes its own. */
  readonly ringBase: string;
  readonly dataDir: string;
  /** The program through which all others start; missing: that of this release. */
  readonly wrapper?: string;
}

/** A camera that FFmpeg reads. Touches nothing until it is asked for the first time. */
export class FfmpegSource implements CameraSource {
  readonly name: string;
  readonly #options: FfmpegSourceOptions;
  #place: string | null = null;
  #ready: { readonly tools: FfmpegTools; readonly encoder: string } | null = null;
  #opened = 0;

  constructor(options: FfmpegSourceOptions) {
    this.#options = options;
    this.name = sourceName(options.settings);
  }

  async probe(): Promise<Readiness> {
    const { clock, ffmpeg, settings } = this.#options;
    if (settings.source === 'rtsp' && settings.url === null) {
      return { kind: 'unusable', why: 'No address of the network camera: set cameraUrl.' };
    }
    let place: string;
    try {
      place = this.#keepPlace();
      const why = wantOfRoom(place, ROOM_SECONDS * settings.kbps * 125);
      if (why !== null) return { kind: 'unusable', why };
    } catch (error) {
      if (!(error instanceof FeederError)) throw error;
      return { kind: 'unusable', why: error.message };
    }
    const problem = wrapperProblem(this.#options.wrapper);
    if (problem !== null) return { kind: 'unusable', why: problem };
    const found = await findTools(clock, ffmpeg);
    if (found.kind === 'unusable') return found;
    const { tools } = found;
    const encoder = isCopied(settings) ? 'copy' : await this.#chooseEncoder(tools, place);
    if (encoder === null) {
      return { kind: 'unusable', why: `FFmpeg ${tools.version} has no H.264 encoder that works.` };
    }
    this.#ready = { tools, encoder };
    return { kind: 'ready', encoder, ffmpegVersion: tools.version };
  }

  /** `ERR_CAMERA` when there is no place in memory any more. */
  open(watch: CaptureWatch): CaptureProcess {
    if (this.#ready === null) {
      throw new FeederError('ERR_INTERNAL', { message: 'The camera was not probed.' });
    }
    const { clock, settings } = this.#options;
    const { tools, encoder } = this.#ready;
    const dir = this.#keepPlace();
    this.#opened += 1;
    // A camera that encodes may do so in another way after each start.
    const format = encoder === 'copy' ? `copy ${this.#opened}` : encoder;
    return new FfmpegCapture(
      { clock, settings, ffmpeg: tools.ffmpeg, encoder, dir, format },
      watch,
    );
  }

  discard({ path }: Segment): void {
    rmSync(path, { force: true });
  }

  close(): void {
    if (this.#place !== null) removeRingPlace(this.#place);
    this.#place = null;
  }

  /** Whoever cleans up memory may have taken the place away. */
  #keepPlace(): string {
    const { ringBase, dataDir } = this.#options;
    this.#place = keepRingPlace(this.#place, ringBase, dataDir);
    return this.#place;
  }

  /** The first that makes whole pictures, hardware before software; null: none. */
  async #chooseEncoder(tools: FfmpegTools, place: string): Promise<string | null> {
    const { encoder } = this.#options;
    const candidates = encoder === 'auto' ? [hardwareEncoder, softwareEncoder] : [encoder];
    for (const candidate of candidates) {
      if (tools.encoders.has(candidate) && (await this.#works(candidate, tools, place))) {
        return candidate;
      }
    }
    return null;
  }

  async #works(encoder: string, tools: FfmpegTools, place: string): Promise<boolean> {
    const { clock, settings } = this.#options;
    const path = join(place, 'trial.mp4');
    const args = trialArguments(settings, encoder, path);
    const { end } = await runTool(clock, [tools.ffmpeg, ...args], TRIAL_MS);
    const frames = end === 'ok' ? await countFrames({ clock, ffprobe: tools.ffprobe }, path) : 0;
    rmSync(path, { force: true });
    return frames === 2 * settings.fps;
  }
}
