import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type Clip, type ClipsPage, DAY_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { dataOf, errorOf, fakeId } from '../../test/contracts/fake-parts.ts';
import { openedTimes } from '../../test/support/open-files.ts';
import { readZip } from '../../test/support/zip-reader.ts';

const VIDEO = '0123456789';
const BIG_BYTES = 5 * 1024 ** 3;

/** A feeder with one clip of ten bytes. */
function withClip(more: Partial<Clip> = {}) {
  const feeder = new FakeFeeder();
  const clip = feeder.clips.put(VIDEO, { sha256: 'ab'.repeat(32), ...more });
  const path = `/api/v1/clips/${clip.id}`;
  const video = (headers: Record<string, string> = {}, method = 'GET') =>
    feeder.request(method, `${path}/video`, undefined, headers);
  return { feeder, clip, path, video };
}

describe('the list of clips', () => {
  it('A-60 is filtered, and read page by page', async () => {
    const feeder = new FakeFeeder();
    const feedingId = fakeId();
    const clips = Array.from({ length: 5 }, (_, i) =>
      feeder.clips.put('x', { feedingIds: i % 2 === 0 ? [feedingId] : [], keep: i === 2 }),
    );
    const ids = clips
      .map(({ id }) => id)
      .sort()
      .reverse();
    const ask = (query: string) =>
      dataOf<ClipsPage>(feeder.request('GET', `/api/v1/clips?${query}`));
    const first = await ask('limit=3');
    expect(first.items.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    const rest = await ask(`limit=3&before=${first.nextCursor}`);
    expect(rest.items.map(({ id }) => id)).toEqual(ids.slice(3));
    expect(rest.nextCursor).toBeNull();
    expect((await ask(`feedingId=${feedingId}`)).items).toHaveLength(3);
    expect((await ask('keep=true')).items).toEqual([clips[2]]);
    expect((await feeder.request('GET', '/api/v1/clips?limit=101')).status).toBe(422);
  });

  it('knows a day by the feeder’s zone, also when it has 23 hours', async () => {
    const feeder = new FakeFeeder();
    feeder.settings = { ...feeder.settings, zone: 'Europe/Berlin' };
    const startMs = Date.UTC(2026, 2, 28, 23);
    const inside = [startMs, startMs + DAY_MS - 3_600_001];
    const outside = [startMs - 1, startMs + DAY_MS - 3_600_000];
    for (const startedMs of [...inside, ...outside]) feeder.clips.put('x', { startedMs });
    const page = await dataOf<ClipsPage>(feeder.request('GET', '/api/v1/clips?date=2026-03-29'));
    expect(page.items.map(({ startedMs }) => startedMs).sort()).toEqual(inside);
    expect((await feeder.request('GET', '/api/v1/clips?date=2026-02-30')).status).toBe(400);
  });
});

describe('A-60 a clip’s video', () => {
  it('A-36 is whole without a range, and asked for again before it is shown again', async () => {
    const response = await withClip().video();
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(VIDEO);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '10',
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache',
      etag: `"${'ab'.repeat(32)}"`,
    });
  });

  it.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=5-500', '56789', 'bytes 5-9/10'],
    ['bytes=5-99999999999999999', '56789', 'bytes 5-9/10'],
  ])('gives the bytes of %s', async (range, text, contentRange) => {
    const response = await withClip().video({ range });
    expect([response.status, await response.text()]).toEqual([206, text]);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-length')).toBe(String(text.length));
  });

  it('refuses a range beyond its end with a code, and tells its length', async () => {
    for (const range of ['bytes=10-', `bytes=${'9'.repeat(17)}-`, `bytes=${'9'.repeat(99)}-`]) {
      const response = await withClip().video({ range });
      expect([response.status, response.headers.get('content-range')]).toEqual([416, 'bytes */10']);
      expect((await errorOf(response)).code).toBe('ERR_RANGE');
    }
  });

  it('honours a range only for the bytes that the client knows', async () => {
    const { video } = withClip();
    const range = 'bytes=0-1';
    const etag = `"${'ab'.repeat(32)}"`;
    expect((await video({ range, 'if-range': etag })).status).toBe(206);
    for (const other of ['"other"', `W/${etag}`, 'Sun, 22 Nov 2026 08:00:00 GMT']) {
      expect((await video({ range, 'if-range': other })).status, other).toBe(200);
    }
    expect((await video({ 'if-none-match': `"x", ${etag}` })).status).toBe(304);
    expect((await video({ range, 'if-none-match': 'W/"x"' })).status).toBe(206);
  });

  it('answers HEAD with its length, and leaves ranges alone', async () => {
    const response = await withClip().video({ range: 'bytes=0-1' }, 'HEAD');
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('content-length')).toBe('10');
  });

  it.each([0, 9, 11, BIG_BYTES])('is damaged with %i bytes instead of ten', async (bytes) => {
    const { feeder, clip, video } = withClip();
    truncateSync(join(feeder.clips.dir, `${clip.id}.mp4`), bytes);
    const range = { range: 'bytes=0-' };
    for (const response of [await video(), await video(range), await video(range, 'HEAD')]) {
      expect(response.status).toBe(410);
    }
    expect((await errorOf(await video())).code).toBe('ERR_FILE_DAMAGED');
  });

  it('may have 5 GB, of which only what is asked for is read', async () => {
    const { feeder, clip, video } = withClip({ bytes: BIG_BYTES });
    truncateSync(join(feeder.clips.dir, `${clip.id}.mp4`), BIG_BYTES);
    const before = process.memoryUsage.rss();
    const head = await video({}, 'HEAD');
    expect(head.headers.get('content-length')).toBe(String(BIG_BYTES));
    const last = await video({ range: 'bytes=-3' });
    expect(last.headers.get('content-range')).toBe(
      `bytes ${BIG_BYTES - 3}-${BIG_BYTES - 1}/${BIG_BYTES}`,
    );
    expect(await last.bytes()).toEqual(new Uint8Array(3));
    const whole = await video();
    const reader = whole.body?.getReader();
    for (let pieces = 0; pieces < 100; pieces++) await reader?.read();
    await reader?.cancel();
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * 1024 ** 2);
  });

  it('plays on to its end though it is removed meanwhile', async () => {
    const { feeder, clip, path, video } = withClip({ bytes: 300_000 });
    writeFileSync(join(feeder.clips.dir, `${clip.id}.mp4`), 'x'.repeat(300_000));
    const response = await video();
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect((await feeder.request('DELETE', path)).status).toBe(200);
    expect(readdirSync(feeder.clips.dir)).toEqual([]);
    let bytes = first?.value?.length ?? 0;
    for (
      let piece = await reader?.read();
      piece?.value !== undefined;
      piece = await reader?.read()
    ) {
      bytes += piece.value.length;
    }
    expect(bytes).toBe(300_000);
    expect((await video()).status).toBe(404);
  });

  it('is closed when its reader takes nothing for two minutes', async () => {
    const { feeder, clip, video } = withClip({ bytes: 300_000 });
    writeFileSync(join(feeder.clips.dir, `${clip.id}.mp4`), 'x'.repeat(300_000));
    const reader = (await video()).body?.getReader();
    await reader?.read();
    feeder.clock.advance(119_000);
    await reader?.read();
    feeder.clock.advance(121_000);
    await expect(reader?.read()).rejects.toMatchObject({ code: 'ERR_UNAVAILABLE' });
  });
});

describe('A-60 what a bad request for a clip gets', () => {
  const tricks = [
    '..',
    '.%2e',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e%2f',
    'a%0ab',
    '%00',
    'a'.repeat(26),
    '~root',
  ];

  it.each(tricks)('%j reaches no file', async (trick) => {
    const { feeder } = withClip();
    for (const path of [
      `/api/v1/clips/${trick}/video`,
      `/api/v1/clips/${trick}`,
      `/api/v1/clips/${trick}/pictures/thumbnail`,
    ]) {
      const response = await feeder.request('GET', path);
      expect([400, 404], path).toContain(response.status);
      expect((await errorOf(response)).code).toMatch(/^ERR_(VALIDATION|NOT_FOUND)$/);
    }
  });

  it('an id with a line break is refused as what it is', async () => {
    const { feeder, clip } = withClip();
    const response = await feeder.request('GET', `/api/v1/clips/${clip.id}%0a/video`);
    expect((await errorOf(response)).code).toBe('ERR_VALIDATION');
  });

  it('a link, a directory and a name without a file are not there', async () => {
    const { feeder, clip, video } = withClip({ pictures: ['thumbnail'] });
    const file = join(feeder.clips.dir, `${clip.id}.mp4`);
    for (const put of [() => symlinkSync('/etc/passwd', file), () => mkdirSync(file), () => {}]) {
      rmSync(file, { recursive: true, force: true });
      put();
      expect((await video()).status).toBe(404);
    }
    expect(existsSync('/etc/passwd')).toBe(true);
  });

  it('a picture that was never made, and one that does not exist, have their codes', async () => {
    const { feeder, path } = withClip({ pictures: ['thumbnail'] });
    const status = async (picture: string) =>
      (await feeder.request('GET', `${path}/pictures/${picture}`)).status;
    expect(await status('thumbnail')).toBe(200);
    expect(await status('before')).toBe(404);
    expect(await status('mp4')).toBe(400);
  });
});

describe('the owner’s wishes', () => {
  it('keeps a clip, removes a clip, and tells the watchers', async () => {
    const { feeder, clip, path } = withClip();
    const told: string[] = [];
    feeder.live.subscribe(({ name }) => told.push(name));
    const kept = await dataOf<Clip>(feeder.request('PATCH', path, { keep: true }));
    expect(kept).toEqual({ ...clip, keep: true });
    expect((await feeder.request('PATCH', path, { keep: 'yes' })).status).toBe(400);
    expect((await feeder.request('DELETE', path)).status).toBe(200);
    expect((await feeder.request('DELETE', path)).status).toBe(404);
    expect((await feeder.request('PATCH', path, { keep: true })).status).toBe(404);
    expect(told).toEqual(['clip', 'changed']);
  });
});

describe('A-60 the export of a day', () => {
  const date = '2026-11-22';
  const startedMs = Date.UTC(2026, 10, 22, 7, 30);
  const ask = (feeder: FakeFeeder, method = 'GET') =>
    feeder.request(method, `/api/v1/clips.zip?date=${date}`);

  it('has every clip of the day, its pictures, and what is known of them', async () => {
    const feeder = new FakeFeeder();
    const clips = [0, 1, 2].map((n) =>
      feeder.clips.put(`video ${n}`, {
        startedMs: startedMs + n * 60_000,
        pictures: ['thumbnail', 'before'],
      }),
    );
    feeder.clips.put('of another day', { startedMs: startedMs - DAY_MS });
    const response = await ask(feeder);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="clips-2026-11-22.zip"',
    });
    const files = readZip(Buffer.from(await response.arrayBuffer()));
    const names = clips.flatMap(({ id }, n) => [`07-3${n}_${id}.mp4`, `07-3${n}_${id}.before.jpg`]);
    expect([...files.keys()].sort()).toEqual([...names, 'clips.json'].sort());
    expect(files.get(names[2] ?? '')?.toString()).toBe('video 1');
    const listed = JSON.parse(files.get('clips.json')?.toString() ?? '');
    expect(listed).toEqual(feeder.clips.list({ limit: 10, fromMs: startedMs }));
  });

  it('goes through more clips than a page has, and leaves out what is removed meanwhile', async () => {
    const feeder = new FakeFeeder();
    const clips = Array.from({ length: 230 }, () => feeder.clips.put('v', { startedMs }));
    const response = await ask(feeder);
    const reader = response.body?.getReader();
    const first = await reader?.read();
    const [oldest = clips[0]] = clips.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    await feeder.clips.remove(oldest?.id ?? '');
    const pieces = [first?.value ?? new Uint8Array()];
    for (
      let piece = await reader?.read();
      piece?.value !== undefined;
      piece = await reader?.read()
    ) {
      pieces.push(piece.value);
    }
    expect(readZip(Buffer.concat(pieces)).size).toBe(229 + 1);
  });

  it('is one at a time; the place is free again after an end, a break and a HEAD', async () => {
    const feeder = new FakeFeeder();
    feeder.clips.put('x'.repeat(500_000), { startedMs });
    const first = await ask(feeder);
    const second = await ask(feeder);
    expect([second.status, (await errorOf(second)).code]).toEqual([429, 'ERR_RATE_LIMITED']);
    await first.body?.cancel();
    const third = await ask(feeder);
    await third.body?.getReader().read();
    feeder.clock.advance(121_000);
    expect((await ask(feeder, 'HEAD')).status).toBe(200);
    expect(readZip(Buffer.from(await (await ask(feeder)).arrayBuffer())).size).toBe(2);
    expect((await ask(feeder)).status).toBe(200);
  });

  it('keeps no file open for a HEAD, a reader that leaves at once, or one that leaves later', async () => {
    const feeder = new FakeFeeder();
    for (let n = 0; n < 3; n++) feeder.clips.put('x'.repeat(500_000), { startedMs });
    const { dir } = feeder.clips;
    for (let round = 0; round < 5; round++) {
      await ask(feeder, 'HEAD');
      await (await ask(feeder)).body?.cancel();
      const reader = (await ask(feeder)).body?.getReader();
      const read = reader?.read();
      await reader?.cancel();
      await read;
      const late = (await ask(feeder)).body?.getReader();
      await late?.read();
      await late?.read();
      expect(openedTimes(dir)).toBeGreaterThan(0);
      await late?.cancel();
    }
    await expect.poll(() => openedTimes(dir)).toBe(0);
  });

  it('leaves out a clip whose file is not what was recorded', async () => {
    const feeder = new FakeFeeder();
    feeder.clips.put('whole', { startedMs });
    const cut = feeder.clips.put('damaged', { startedMs, pictures: ['before'] });
    truncateSync(join(feeder.clips.dir, `${cut.id}.mp4`), 3);
    const files = readZip(Buffer.from(await (await ask(feeder)).arrayBuffer()));
    expect(files.size).toBe(2);
    expect(files.get('clips.json')?.toString()).not.toContain(cut.id);
  });

  it('of a day without clips is not there, and of no day is refused', async () => {
    const feeder = new FakeFeeder();
    expect((await errorOf(ask(feeder))).code).toBe('ERR_NOT_FOUND');
    for (const wrong of ['', '?date=today', '?date=2026-11-22%0a', '?date=../..']) {
      const response = await feeder.request('GET', `/api/v1/clips.zip${wrong}`);
      expect((await errorOf(response)).code, wrong).toBe('ERR_VALIDATION');
    }
  });
});
