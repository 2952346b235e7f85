import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeUlid } from '@cat-feeder/shared';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clipOf } from '../../../test/support/clip-fixtures.ts';
import { testCapture } from '../../../test/support/test-capture.ts';
import type { CaptureProcess, Segment } from '../../camera/capture.ts';
import type { ClipOrder } from '../../camera/clip-making.ts';
import { safeRandomBytes } from '../../platform/safe-random.ts';
import { SystemClock } from '../../platform/system-clock.ts';
import { ClipDirectory } from '../../storage/clip-directory.ts';
import { FfmpegCapture } from './ffmpeg-capture.ts';
import { FfmpegClipMaker } from './ffmpeg-clip-maker.ts';
import { FfmpegSource, type FfmpegSourceOptions } from './ffmpeg-source.ts';
import { countFrames } from './media-facts.ts';

const clock = new SystemClock();
let folder = '';
/** A place in memory of each test's own. */
let memory = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'feeder-camera-'));
  memory = mkdtempSync('/dev/shm/feeder-camera-');
});
afterEach(() => {
  for (const dir of [folder, memory]) rmSync(dir, { recursive: true, force: true });
});

const sourceOf = (more: Partial<FfmpegSourceOptions> = {}) =>
  new FfmpegSource({
    clock,
    settings: testCapture,
    ffmpeg: 'ffmpeg',
    encoder: 'auto',
    ringBase: memory,
    dataDir: folder,
    ...more,
  });

function emptied(dir: string): void {
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
}

/** Captures until `wanted` segments are there; resolves with them and the running child. */
function capture(source: FfmpegSource, wanted: number) {
  const segments: Segment[] = [];
  let frames = 0;
  let end: (why: string) => void = () => {};
  const ended = new Promise<string>((resolve) => {
    end = resolve;
  });
  return new Promise<{
    segments: Segment[];
    child: CaptureProcess;
    frames: () => number;
    ended: Promise<string>;
  }>((resolve, reject) => {
    const child = source.open({
      onSegment: (segment) => {
        segments.push(segment);
        if (segments.length === wanted) resolve({ segments, child, frames: () => frames, ended });
      },
      onFrames: (count) => {
        frames = count;
      },
      onEnd: (why) => {
        end(why);
        reject(new Error(`It ended: ${why}`));
      },
    });
  });
}

/** Four seconds of one capture, looked at while it runs: for all tests that only look at it. */
describe('A capture of FFmpeg', () => {
  const place = mkdtempSync('/dev/shm/feeder-camera-');
  const source = sourceOf({ ringBase: place, dataDir: place });
  const files = new ClipDirectory(join(place, 'clips'));
  const maker = new FfmpegClipMaker({ clock, ffmpeg: 'ffmpeg' });
  let readiness: unknown;
  let segments: readonly Segment[] = [];
  let frames = 0;
  let standing = { priority: 0, policy: '', oomScore: '', group: '', ownGroup: '' };

  beforeAll(async () => {
    readiness = await source.probe();
    // It goes on though its place in memory is taken away.
    emptied(place);
    await files.sweep();
    const captured = await capture(source, 5);
    // A test picture makes up at once for the time of its own start.
    segments = captured.segments.slice(2);
    standing = standingOf(join(segments[0]?.path ?? '', '..'));
    captured.child.terminate();
    await captured.ended;
    frames = captured.frames();
  }, 30_000);
  afterAll(() => {
    source.close();
    rmSync(place, { recursive: true, force: true });
  });

  type Bowl = Pick<ClipOrder, 'beforeAtMs' | 'afterAtMs'>;
  /** A clip of these segments under a new id. */
  async function make(of: readonly Segment[], bowl: Bowl = { beforeAtMs: 500, afterAtMs: 2500 }) {
    const id = makeUlid(clock.wallMs(), safeRandomBytes);
    return { id, made: await maker.make({ id, segments: of, ...bowl }, files.work(id)) };
  }

  it('is segments of a second in memory', () => {
    expect(readiness).toMatchObject({ kind: 'ready', encoder: 'libx264' });
    expect(frames).toBeGreaterThan(20);
    expect(segments[0]?.path).toContain('/dev/shm/');
    const apart = segments
      .slice(1)
      .map((one, at) => one.endedMonoMs - (segments[at]?.endedMonoMs ?? 0));
    for (const ms of apart) expect(Math.abs(ms - 1000)).toBeLessThan(600);
  });

  it('is joined into a clip with its pictures', async () => {
    const { id, made } = await make(segments);
    await files.publish(clipOf({ id }));
    expect(made).toMatchObject({
      ...{ codec: 'h264', width: 320, height: 240, hasAudio: false },
      ...{ frames: 30, durationMs: 3000, pictures: ['thumbnail', 'before', 'after'] },
    });
    const prober = { clock, ffprobe: 'ffprobe' };
    expect(await countFrames(prober, files.path(id, 'video') ?? '')).toBe(30);
    expect(await files.list()).toEqual([
      { id, videoBytes: made.bytes, pictures: ['thumbnail', 'before', 'after'] },
    ]);
    const picture = await maker.snapshot(segments[0] as Segment);
    expect([...picture.subarray(0, 2)]).toEqual([0xff, 0xd8]);
  }, 30_000);

  it('FMEA-57 is joined without a spoilt segment rather than not at all', async () => {
    const [first, , last] = segments as readonly [Segment, Segment, Segment];
    const spoilt = { ...last, path: join(place, 'spoilt.mp4') };
    writeFileSync(spoilt.path, 'no video at all');
    const bowl = { beforeAtMs: null, afterAtMs: null };
    const { made } = await make([first, spoilt], bowl);
    expect(made).toMatchObject({ frames: 10, durationMs: 1000, pictures: ['thumbnail'] });
    await expect(make([spoilt], bowl)).rejects.toMatchObject({ code: 'ERR_CAMERA' });
  }, 30_000);

  it('FMEA-61, FMEA-64 yields the processor, and is the first that memory costs', () => {
    // Policy 5 is SCHED_IDLE: whoever wakes up has the processor at once.
    expect(standing).toMatchObject({ priority: 15, policy: '5', oomScore: '900' });
    // Without a service manager each session is one of equals, whatever its programs' own niceness.
    if (existsSync('/proc/self/autogroup')) {
      expect(standing.group).toMatch(/ nice 5$/m);
      expect(standing.ownGroup).toMatch(/ nice 0$/m);
    }
  });
});

/** What the kernel makes of the program that writes into a place. */
function standingOf(place: string) {
  const [pid = 0] = programsThatName(place);
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').trim();
  const hasGroups = existsSync('/proc/self/autogroup');
  return {
    priority: getPriority(pid),
    policy: read('stat').split(') ')[1]?.split(' ')[38] ?? '',
    oomScore: read('oom_score_adj'),
    group: hasGroups ? read('autogroup') : '',
    ownGroup: hasGroups ? readFileSync('/proc/self/autogroup', 'utf8') : '',
  };
}

describe('FFmpeg as a camera', () => {
  it('makes its place in memory anew when it was taken away', async () => {
    const source = sourceOf({ ffmpeg: join(folder, 'no-ffmpeg') });
    for (let look = 0; look < 2; look++) {
      expect(await source.probe()).toMatchObject({ why: expect.stringMatching(/is missing/) });
      expect(readdirSync(memory)).toHaveLength(1);
      emptied(memory);
    }
    source.close();
  });

  it('ends though its place in memory is taken away while it captures', async () => {
    const ffmpeg = join(folder, 'ffmpeg');
    writeFileSync(ffmpeg, '#!/bin/sh\nexec sleep 100\n', { mode: 0o755 });
    const ended = new Promise<string>((onEnd) => {
      const child = new FfmpegCapture(
        { clock, settings: testCapture, ffmpeg, encoder: 'libx264', dir: memory, format: 'a' },
        { onSegment: () => {}, onFrames: () => {}, onEnd },
      );
      rmSync(memory, { recursive: true });
      child.terminate();
    });
    expect(await ended).toContain('SIGTERM');
  });

  it('says so when memory is full, and blames no encoder', async () => {
    const source = sourceOf({ settings: { ...testCapture, kbps: 1e12 } });
    expect(await source.probe()).toEqual({
      kind: 'unusable',
      why: expect.stringMatching(/^No room in memory for video: /),
    });
    source.close();
  });

  it('tells the end of a child that cannot open its camera, with its own words', async () => {
    const source = sourceOf({
      // It encodes by itself, so no encoder is tried.
      settings: { ...testCapture, source: 'v4l2', input: 'h264', device: '/dev/no-camera' },
    });
    expect((await source.probe()).kind).toBe('ready');
    const why = await new Promise<string>((resolve) =>
      source.open({ onSegment: () => {}, onFrames: () => {}, onEnd: resolve }),
    );
    expect(why).toContain('/dev/no-camera');
    source.close();
  }, 30_000);

  it('leaves nothing in memory when it closes', async () => {
    const source = sourceOf({ ffmpeg: join(folder, 'no-ffmpeg') });
    await source.probe();
    expect(readdirSync(memory)).toHaveLength(1);
    source.close();
    expect(readdirSync(memory)).toEqual([]);
  });
});

describe('a daemon that is killed', () => {
  it('FMEA-56 takes the capture with it', async () => {
    const program = join(import.meta.dirname, '../../../test/support/capture-program.ts');
    const daemon = spawn(process.execPath, [program, folder, memory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(daemon.stdout, 'data')) as [Buffer];
    const place = join(line.toString().trim(), '..');
    expect(programsThatName(place)).toHaveLength(1);
    daemon.kill('SIGKILL');
    await once(daemon, 'close');
    for (let look = 0; look < 50 && programsThatName(place).length > 0; look++) {
      await new Promise((resolve) => clock.after('look', 100, () => resolve(null)));
    }
    expect(programsThatName(place)).toEqual([]);
  }, 30_000);
});

/** Living programs in whose command line this text stands. */
function programsThatName(text: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(text);
      } catch {
        return false; // It has just ended.
      }
    });
}

describe('A-45 FFmpeg that is not as it should be', () => {
  /** A folder with these programs as shell scripts. */
  function programs(scripts: Readonly<Record<string, string>>): string {
    const bin = join(folder, 'bin');
    mkdirSync(bin, { recursive: true });
    for (const [name, script] of Object.entries(scripts)) {
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    return join(bin, 'ffmpeg');
  }
  const good = 'echo "ffprobe version 7.1.5 Copyright"';
  const cases = [
    ['is missing', {}, 'apt-get install ffmpeg'],
    ['lacks ffprobe', { ffmpeg: 'echo "ffmpeg version 7.1.5"' }, 'ffprobe is missing'],
    ['is too old', { ffmpeg: 'echo "ffmpeg version 4.4.2-0ubuntu"', ffprobe: good }, '5 or newer'],
    ['is another program', { ffmpeg: 'echo hello', ffprobe: good }, 'is not FFmpeg'],
    ['crashes', { ffmpeg: 'kill -SEGV $$', ffprobe: good }, 'is not FFmpeg'],
    [
      'cannot encode',
      { ffmpeg: 'echo "ffmpeg version 7.1.5"', ffprobe: good },
      'no H.264 encoder that works',
    ],
    [
      'has encoders that fail their trial',
      {
        ffmpeg:
          'case "$*" in *version*) echo "ffmpeg version n7.1";; *encoders*) echo " V....D libx264 x"; echo " V..... h264_v4l2m2m x";; *) exit 1;; esac',
        ffprobe: good,
      },
      'no H.264 encoder that works',
    ],
    ['hangs', { ffmpeg: 'sleep 100', ffprobe: good }, 'hangs'],
  ] as const;
  it.each(cases)(
    '%s',
    async (_what, scripts, why) => {
      const source = sourceOf({ ffmpeg: programs(scripts) });
      const readiness = await source.probe();
      expect(readiness).toMatchObject({ kind: 'unusable', why: expect.stringContaining(why) });
      source.close();
    },
    20_000,
  );

  it('falls back to software when the hardware encoder fails its trial', async () => {
    const ffmpeg = programs({
      ffmpeg:
        'case "$*" in *-encoders*) ffmpeg "$@"; echo " V..... h264_v4l2m2m x";; *h264_v4l2m2m*) exit 1;; *) exec ffmpeg "$@";; esac',
      ffprobe: 'exec ffprobe "$@"',
    });
    const source = sourceOf({ ffmpeg });
    expect(await source.probe()).toMatchObject({ kind: 'ready', encoder: 'libx264' });
    source.close();
  }, 20_000);

  it.each([
    ['is missing', () => {}],
    ['cannot be started', (path: string) => writeFileSync(path, '', { mode: 0o644 })],
  ])('is not what is told of when the wrapper %s', async (what, put) => {
    const wrapper = join(folder, 'step-back');
    put(wrapper);
    const source = sourceOf({ wrapper });
    const why = `${wrapper}, through which FFmpeg starts, ${what}. Install the feeder again.`;
    expect(await source.probe()).toEqual({ kind: 'unusable', why });
    source.close();
  });

  it('has no place in memory', async () => {
    const source = sourceOf({ ringBase: folder });
    expect(await source.probe()).toMatchObject({
      kind: 'unusable',
      why: expect.stringContaining('cameraRingDir'),
    });
  });
});
