import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeUlid } from '@cat-feeder/shared';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSegments } from '../../../test/support/segment-maker.ts';
import type { Segment } from '../../camera/capture.ts';
import { safeRandomBytes } from '../../platform/safe-random.ts';
import { SystemClock } from '../../platform/system-clock.ts';
import { ClipDirectory } from '../../storage/clip-directory.ts';
import { FfmpegClipMaker } from './ffmpeg-clip-maker.ts';

const clock = new SystemClock();
let folder: string;
let segments: readonly Segment[];
let files: ClipDirectory;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'feeder-maker-'));
  segments = makeSegments(folder, 5).map((path, index) => ({
    path,
    bytes: statSync(path).size,
    durationMs: 1000,
    endedMonoMs: 1000 * (index + 1),
    endedWallMs: 1000 * (index + 1),
    format: 'libx264',
  }));
  files = new ClipDirectory(join(folder, 'clips'));
  await files.sweep();
});

afterAll(() => rmSync(folder, { recursive: true }));

/** FFmpeg and ffprobe that note in a file what they are asked. */
function notingPrograms(): { readonly ffmpeg: string; readonly asked: () => readonly string[] } {
  const log = join(folder, 'asked.txt');
  writeFileSync(log, '');
  for (const name of ['ffmpeg', 'ffprobe']) {
    writeFileSync(join(folder, name), `#!/bin/sh\necho "${name} $*" >>${log}\nexec ${name} "$@"\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const asked = () => readFileSync(log, 'utf8').trim().split('\n');
  return { ffmpeg: join(folder, 'ffmpeg'), asked };
}

describe('the maker of clips', () => {
  it('needs three programs: one joins, one checks, one makes all pictures out of memory', async () => {
    const { ffmpeg, asked } = notingPrograms();
    const maker = new FfmpegClipMaker({ clock, ffmpeg });
    const id = makeUlid(clock.wallMs(), safeRandomBytes);
    const work = files.work(id);
    const made = await maker.make({ id, segments, beforeAtMs: 1500, afterAtMs: 3900 }, work);
    expect(made).toMatchObject({ frames: 75, pictures: ['thumbnail', 'before', 'after'] });
    expect(asked()).toHaveLength(3);
    const pictures = asked().find((line) => line.includes('mjpeg')) ?? '';
    expect(pictures).toContain(segments[1]?.path);
    expect(pictures).toContain(segments[3]?.path);
    expect(pictures).not.toContain(work.video);
    const bytesOf = (what: 'thumbnail' | 'before' | 'after') => readFileSync(work.pictures[what]);
    expect(bytesOf('thumbnail').equals(bytesOf('after'))).toBe(true);
    expect(bytesOf('before').equals(bytesOf('after'))).toBe(false);
  }, 30_000);

  it('leaves no picture behind when no clip comes of it', async () => {
    const spoilt = join(folder, 'spoilt.mp4');
    writeFileSync(spoilt, 'no video');
    const before = await files.space();
    const id = makeUlid(clock.wallMs(), safeRandomBytes);
    const one = { ...(segments[0] as Segment), path: spoilt };
    const order = { id, segments: [one], beforeAtMs: 100, afterAtMs: null };
    const made = new FfmpegClipMaker({ clock, ffmpeg: 'ffmpeg' }).make(order, files.work(id));
    await expect(made).rejects.toMatchObject({ code: 'ERR_CAMERA' });
    await files.remove(id);
    expect(await files.list()).toEqual([]);
    expect((await files.space()).usedBytes).toBe(before.usedBytes);
  }, 30_000);
});
