import type { ChildProcess } from 'node:child_process';
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { CaptureProcess, CaptureWatch } from '../../camera/capture.ts';
import type { Clock } from '../../platform/clock.ts';
import {
  type CaptureSettings,
  cameraProgram,
  captureArguments,
  RAW_SEGMENT,
} from './capture-command.ts';
import { signalGroup, spawnGroup } from './process-group.ts';
import { lastWords } from './run-tool.ts';

/** A file's time may lie this far back when its segment is noticed; beyond it the clock was set. */
const NOTICE_MS_MAX = 3000;
const LINE_CHARS_MAX = 4096;

export interface FfmpegCaptureOptions {
  readonly clock: Clock;
  readonly settings: CaptureSettings;
  readonly ffmpeg: string;
  readonly encoder: string;
  /** Directory of the segments. */
  readonly dir: string;
  readonly format: string;
}

/** One FFmpeg child, with the camera's own program before it where there is one. */
export class FfmpegCapture implements CaptureProcess {
  readonly #options: FfmpegCaptureOptions;
  readonly #watch: CaptureWatch;
  readonly #children: ChildProcess[] = [];
  #alive = 0;
  #words = '';
  #segments = 0;

  constructor(options: FfmpegCaptureOptions, watch: CaptureWatch) {
    this.#options = options;
    this.#watch = watch;
    const { settings, ffmpeg, encoder, dir } = options;
    const program = cameraProgram(settings);
    const before = program === null ? null : this.#start(program, ['ignore', 'pipe', 'pipe']);
    const child = this.#start(
      [ffmpeg, ...captureArguments(settings, encoder, dir)],
      [before?.stdout ?? 'ignore', 'pipe', 'pipe', 'pipe'],
    );
    // FFmpeg has it now; read here, it would lose pictures.
    before?.stdout?.destroy();
    onLines(child.stdout, (line) => this.#listed(line));
    onLines(child.stdio[3] as Readable | null, (line) => this.#reported(line));
  }

  terminate(): void {
    for (const child of this.#children) signalGroup(child, 'SIGTERM');
  }

  kill(): void {
    for (const child of this.#children) signalGroup(child, 'SIGKILL');
  }

  #start(
    command: readonly [string, ...string[]],
    stdio: readonly ('ignore' | 'pipe' | Readable)[],
  ): ChildProcess {
    const child = spawnGroup(command, { stdio: [...stdio] });
    this.#children.push(child);
    this.#alive += 1;
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#words = lastWords(this.#words + chunk.toString());
    });
    let isOver = false;
    const over = (why: string) => {
      if (isOver) return;
      isOver = true;
      this.#over(why);
    };
    child.once('error', () => over('setpriv (util-linux) is missing.'));
    // Whatever it started goes with it, and what it has said is heard before its end is told.
    child.once('exit', () => signalGroup(child, 'SIGKILL'));
    child.once('close', (code, signal) => over(`${command[0]} ended with ${signal ?? code}.`));
    return child;
  }

  /** One of them is gone: the others are of no use. */
  #over(why: string): void {
    this.#alive -= 1;
    this.kill();
    if (this.#alive > 0) return;
    this.#sweep();
    this.#watch.onEnd(`${this.#words.trim().split('\n').at(-1) ?? ''} ${why}`.trim());
  }

  /** FFmpeg has finished a segment: `raw003.mp4,3.000000,4.000000`. */
  #listed(line: string): void {
    const [name = '', from, until] = line.split(',');
    if (!RAW_SEGMENT.test(name)) return;
    const { clock, dir, format } = this.#options;
    this.#segments += 1;
    const path = join(dir, `${process.pid}-${clock.monoMs().toFixed(0)}-${this.#segments}.mp4`);
    try {
      // Out of FFmpeg's way, which will use the name again.
      renameSync(join(dir, name), path);
      const { size, mtimeMs } = statSync(path);
      const durationMs = Math.round((Number(until) - Number(from)) * 1000);
      if (size === 0 || !(durationMs > 0)) {
        rmSync(path, { force: true });
        return;
      }
      const lagMs = clock.wallMs() - mtimeMs;
      const agoMs = lagMs >= 0 && lagMs <= NOTICE_MS_MAX ? lagMs : 0;
      this.#watch.onSegment({
        path,
        bytes: size,
        durationMs,
        format,
        endedMonoMs: clock.monoMs() - agoMs,
        endedWallMs: clock.wallMs() - agoMs,
      });
    } catch (error) {
      // Somebody emptied the directory. No segments come of it, which is a stall.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }

  #reported(line: string): void {
    const frames = /^frame=\s*(\d+)$/.exec(line)?.[1];
    if (frames !== undefined) this.#watch.onFrames(Number(frames));
  }

  /** What it left unfinished. */
  #sweep(): void {
    const { dir } = this.#options;
    try {
      for (const name of readdirSync(dir)) if (RAW_SEGMENT.test(name)) rmSync(join(dir, name));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
}

/** Whole lines of a stream; what is longer than any that is expected is thrown away. */
function onLines(stream: Readable | null, listen: (line: string) => void): void {
  let rest = '';
  stream?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = (lines.pop() ?? '').slice(-LINE_CHARS_MAX);
    for (const line of lines) listen(line.trimEnd());
  });
  // A pipe that breaks has nothing more to say; the end of the child is told by its own event.
  stream?.on('error', () => {});
}
