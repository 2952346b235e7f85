import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { errorOf } from '../../test/contracts/fake-parts.ts';
import { testDir } from '../../test/contracts/store-fixture.ts';
import { makeSegments } from '../../test/support/segment-maker.ts';
import type { Segment } from '../camera/capture.ts';
import { VIEWERS_MAX } from '../camera/live-seats.ts';
import { partsOf } from './fragmented-mp4.ts';

const watch = (feeder: FakeFeeder, method = 'GET') => feeder.request(method, '/api/v1/camera/live');

function segmentOf(path: string, format = 'a'): Segment {
  return { path, format, bytes: 1, durationMs: 1000, endedMonoMs: 0, endedWallMs: 0 };
}

type Reader = ReadableStreamDefaultReader<Uint8Array> | undefined;

/** The next so many pieces of a stream. */
async function piecesOf(reader: Reader, count: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  while (pieces.length < count) pieces.push(Buffer.from((await reader?.read())?.value ?? []));
  return pieces;
}

describe('A-60 the live view', () => {
  it('is one video without a break, made of segments that each begin at zero', async () => {
    const dir = testDir();
    const paths = makeSegments(dir, 4);
    expect(paths.length).toBeGreaterThanOrEqual(4);
    const feeder = new FakeFeeder();
    const response = await watch(feeder);
    expect(response.headers.get('content-type')).toBe('video/mp4');
    const reader = response.body?.getReader();
    const pieces: Buffer[] = [];
    for (const [at, path] of paths.entries()) {
      feeder.camera.live.show(segmentOf(path));
      pieces.push(...(await piecesOf(reader, at === 0 ? 2 : 1)));
    }
    feeder.camera.live.clear();
    expect((await reader?.read())?.done).toBe(true);
    const whole = join(dir, 'whole.mp4');
    writeFileSync(whole, Buffer.concat(pieces));
    const shown = ['-show_entries', 'packet=pts_time', '-of', 'csv=p=0', whole];
    const report = execFileSync('ffprobe', ['-v', 'error', '-select_streams', 'v', ...shown]);
    const times = report.toString().trim().split('\n').map(Number.parseFloat);
    expect(times).toHaveLength(60);
    const steps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(Math.min(...steps)).toBeGreaterThan(0.05);
    expect(Math.max(...steps)).toBeLessThan(0.09);
  });

  it('has so many seats, a code for those who come later, and a free one when a viewer leaves', async () => {
    const feeder = new FakeFeeder();
    const views: Response[] = [];
    while (views.length < VIEWERS_MAX) views.push(await watch(feeder));
    const refused = await watch(feeder);
    expect([refused.status, (await errorOf(refused)).code]).toEqual([503, 'ERR_UNAVAILABLE']);
    await views[0]?.body?.cancel();
    expect(feeder.camera.view().viewers).toBe(VIEWERS_MAX - 1);
    expect((await watch(feeder, 'HEAD')).status).toBe(200);
    expect(feeder.camera.view().viewers).toBe(VIEWERS_MAX - 1);
    feeder.api.close('The feeder stops.');
    expect(feeder.camera.view().viewers).toBe(0);
  });

  it('tells at once that there is nothing to see, and takes no seat for it', async () => {
    const feeder = new FakeFeeder();
    feeder.camera.unseen = 'The camera is switched off.';
    const refused = await watch(feeder);
    expect([refused.status, await errorOf(refused)]).toEqual([
      503,
      expect.objectContaining({ code: 'ERR_CAMERA', message: 'The camera is switched off.' }),
    ]);
    expect(feeder.camera.view().viewers).toBe(0);
  });

  it('leaves out what is gone or spoilt, and ends when the picture takes another form', async () => {
    const dir = testDir();
    const [first = '', second = ''] = makeSegments(dir, 2);
    writeFileSync(join(dir, 'spoilt'), readFileSync(first).subarray(0, 300));
    const feeder = new FakeFeeder();
    const response = await watch(feeder);
    const shown = [join(dir, 'gone'), join(dir, 'spoilt'), first, second];
    for (const path of shown) feeder.camera.live.show(segmentOf(path));
    const reader = response.body?.getReader();
    const pieces = await piecesOf(reader, 3);
    feeder.camera.live.show(segmentOf(first, 'other'));
    expect((await reader?.read())?.done).toBe(true);
    const parts = [first, second].map((path) => partsOf(readFileSync(path)));
    const wanted = [parts[0]?.head, ...parts.map((part) => part?.fragments)];
    expect(pieces.map(({ length }) => length)).toEqual(wanted.map((part) => part?.length));
    expect(feeder.camera.view().viewers).toBe(0);
  });

  it('cuts off who does not keep up, and nobody else', async () => {
    const dir = testDir();
    const [path = ''] = makeSegments(dir, 1);
    const feeder = new FakeFeeder();
    await watch(feeder);
    const good = await watch(feeder);
    const reader = good.body?.getReader();
    for (let second = 0; second < 10; second++) {
      feeder.camera.live.show(segmentOf(path));
      await piecesOf(reader, second === 0 ? 2 : 1);
    }
    expect(feeder.camera.view().viewers).toBe(1);
  });
});

describe('a segment that is none', () => {
  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a picture', Buffer.from('ffd8ffe000104a464946', 'hex')],
    ['zeros', Buffer.alloc(64)],
    ['a size beyond the end', Buffer.from('000000ff6d6f6f76', 'hex')],
    ['a head without a track', Buffer.from('000000086d6f6f76', 'hex')],
  ])('is known: %s', (_, bytes) => {
    expect(partsOf(bytes)).toBeNull();
  });
});

describe('A-60 the snapshot', () => {
  it('is taken once for all who ask at one time', async () => {
    const feeder = new FakeFeeder();
    const ask = () => feeder.request('GET', '/api/v1/camera/snapshot');
    const answers = await Promise.all([ask(), ask(), ask()]);
    expect(feeder.camera.pictures).toBe(1);
    for (const answer of answers) expect(await answer.text()).toBe('a picture');
    feeder.camera.picture = null;
    expect((await errorOf(ask())).code).toBe('ERR_CAMERA');
    feeder.camera.picture = new Uint8Array([1]);
    expect((await ask()).status).toBe(200);
  });

  it('is not there without a camera, nor is anything else of it', async () => {
    const feeder = new FakeFeeder({ overrides: { camera: null } });
    for (const path of ['', '/snapshot', '/live']) {
      const response = await feeder.request('GET', `/api/v1/camera${path}`);
      expect((await errorOf(response)).code, path).toBe('ERR_NOT_FOUND');
    }
    expect((await feeder.request('GET', '/api/v1/status')).status).toBe(200);
  });
});
