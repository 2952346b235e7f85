import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SystemClock } from '../platform/system-clock.ts';
import { digestClip } from './clip-digest.ts';
import { Gate, sendPart } from './send-part.ts';

const folder = mkdtempSync(join(tmpdir(), 'feeder-part-'));
const path = join(folder, 'clip.mp4');
const bytes = randomBytes(300_000);
const got: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
let status = 200;
let server: Server;
let origin = '';

beforeAll(async () => {
  writeFileSync(path, bytes);
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      got.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.writeHead(status, { location: '/elsewhere' }).end('words');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

const md5 = createHash('md5').update(bytes.subarray(1000, 201_000)).digest('hex');

function send(part: { url?: string; isLocal?: boolean; gate?: Gate; signal?: AbortSignal } = {}) {
  const { url = `${origin}/a`, isLocal = true } = part;
  const { gate = new Gate(), signal = new AbortController().signal } = part;
  const piece = { n: 1, url, headers: { 'x-amz-meta-sha256': 'abc' } };
  return sendPart(
    { path, part: piece, from: 1000, bytes: 200_000, md5 },
    { clock: new SystemClock(), gate, signal, isLocal },
  );
}

describe('a part of a clip', () => {
  it('goes as it is asked for: these bytes, these headers, and their MD5', async () => {
    got.length = 0;
    expect(await send()).toBe(200);
    const [one] = got;
    expect(one?.body.equals(bytes.subarray(1000, 201_000))).toBe(true);
    expect(one?.headers).toMatchObject({
      'content-length': '200000',
      'content-md5': Buffer.from(md5, 'hex').toString('base64'),
      'x-amz-meta-sha256': 'abc',
    });
  });

  it.each([307, 403, 503])('brings the store’s %s back, and follows nobody', async (said) => {
    got.length = 0;
    status = said;
    expect(await send()).toBe(said);
    expect(got).toHaveLength(1);
    status = 200;
  });

  it('goes nowhere without encryption, except on this machine when the cloud is there, too', async () => {
    got.length = 0;
    expect(await send({ isLocal: false })).toBe(0);
    expect(await send({ url: 'http://192.168.1.1/a' })).toBe(0);
    expect(await send({ url: 'ftp://127.0.0.1/a' })).toBe(0);
    expect(got).toEqual([]);
  });

  it('stops at a closed gate, and goes on when it opens', async () => {
    got.length = 0;
    const gate = new Gate();
    gate.close();
    const sent = send({ gate });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(got).toEqual([]);
    gate.open();
    expect(await sent).toBe(200);
  });

  it('ends when it is not wanted any more', async () => {
    const gate = new Gate();
    gate.close();
    const work = new AbortController();
    const sent = send({ gate, signal: work.signal });
    work.abort();
    gate.open();
    await expect(sent).rejects.toThrow();
  });
});

describe('the digests of a clip', () => {
  it('are those of its bytes, part by part', async () => {
    const large = randomBytes(8_388_608 + 100);
    const at = join(folder, 'large.mp4');
    writeFileSync(at, large);
    const of = (kind: string, some: Buffer) => createHash(kind).update(some).digest('hex');
    expect(await digestClip(at, new AbortController().signal)).toEqual({
      sha256: of('sha256', large),
      md5s: [of('md5', large.subarray(0, 8_388_608)), of('md5', large.subarray(8_388_608))],
    });
    expect(await digestClip(join(folder, 'none.mp4'), new AbortController().signal)).toBe(null);
  });
});
