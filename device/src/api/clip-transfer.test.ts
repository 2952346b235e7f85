import { truncateSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { openedTimes } from '../../test/support/open-files.ts';
import { silentLogger } from '../platform/logger.ts';
import { SystemClock } from '../platform/system-clock.ts';
import { type Listening, listen } from './listen.ts';
import { createApi } from './server.ts';

const BIG_BYTES = 5 * 1024 ** 3;
let listening: Listening | undefined;
afterEach(() => listening?.close());

/** A clip of 5 GB of zeros behind a real port. */
async function bigClip(bytes = BIG_BYTES) {
  const clock = new SystemClock();
  const feeder = new FakeFeeder({ overrides: { clock } });
  const clip = feeder.clips.put('', { bytes });
  const file = join(feeder.clips.dir, `${clip.id}.mp4`);
  truncateSync(file, bytes);
  const makeApi = (port: () => number) => createApi(feeder.deps, { port, uiDir: null });
  listening = await listen(makeApi, { host: '127.0.0.1', port: 0, clock, log: silentLogger });
  return { feeder, file, url: `${listening.url}/api/v1/clips/${clip.id}/video` };
}

const answerOf = (url: string, headers = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).once('error', reject);
  });

describe('a clip on its way through a socket', () => {
  it('tells its length to a HEAD, and keeps nothing open for it', async () => {
    const { file, url } = await bigClip();
    const answer = await new Promise<IncomingMessage>((resolve) => {
      request(url, { method: 'HEAD', agent: false }, resolve).end();
    });
    answer.resume();
    expect([answer.statusCode, answer.headers['content-length']]).toEqual([200, String(BIG_BYTES)]);
    await expect.poll(() => openedTimes(file)).toBe(0);
  });

  it('is not read further when the client goes, and its descriptor is closed', async () => {
    const { file, url } = await bigClip();
    const answer = await answerOf(url);
    await new Promise((resolve) => answer.once('data', resolve));
    expect(openedTimes(file)).toBe(1);
    answer.destroy();
    await expect.poll(() => openedTimes(file)).toBe(0);
  });

  it('waits for a client that reads slowly instead of filling the memory', async () => {
    const { url } = await bigClip();
    const before = process.memoryUsage().arrayBuffers;
    const answer = await answerOf(url);
    answer.pause();
    let most = 0;
    for (let look = 0; look < 20; look++) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    answer.destroy();
    expect(most).toBeLessThan(32 * 1024 ** 2);
  });

  it('comes in the range that was asked for', async () => {
    const { file, url } = await bigClip(10);
    writeFileSync(file, '0123456789');
    const answer = await answerOf(url, { range: 'bytes=4-5' });
    const pieces: Buffer[] = [];
    for await (const piece of answer) pieces.push(piece);
    expect([answer.statusCode, answer.headers['content-range']]).toEqual([206, 'bytes 4-5/10']);
    expect(Buffer.concat(pieces).toString()).toBe('45');
  });

  it('breaks off visibly when the file was cut', async () => {
    const { file, url } = await bigClip();
    const answer = await answerOf(url);
    await new Promise((resolve) => answer.once('data', resolve));
    truncateSync(file, 1000);
    const end = new Promise((resolve) => {
      answer.once('error', ({ message }) => resolve(message));
      answer.once('end', () => resolve('a whole answer'));
    });
    answer.resume();
    expect(await end).toBe('aborted');
  });
});
