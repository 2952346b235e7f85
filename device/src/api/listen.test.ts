import { connect, type Socket } from 'node:net';
import { ErrorEnvelopeSchema, FeederError } from '@cat-feeder/shared';
import * as v from 'valibot';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { silentLogger } from '../platform/logger.ts';
import { SystemClock } from '../platform/system-clock.ts';
import { CONNECTIONS_MAX, type Listening, listen } from './listen.ts';
import { createApi } from './server.ts';

const clock = new SystemClock();
const open: Listening[] = [];
afterEach(async () => {
  for (const listening of open.splice(0)) await listening.close();
});

async function start(host = '127.0.0.1', port = 0) {
  const feeder = new FakeFeeder({ overrides: { clock } });
  const listening = await listen((bound) => createApi(feeder.deps, { port: bound, uiDir: null }), {
    host,
    port,
    clock,
    log: silentLogger,
  });
  open.push(listening);
  return { feeder, listening };
}

/** Sends bytes as they are; resolves with everything until the other side closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let heard = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      heard += chunk;
    });
    socket.on('close', () => resolve(heard));
    socket.on('error', reject);
  });
}

/** Sends bytes, hears the answer to its end, and leaves its own side open. */
function deafClient(port: number, text: string): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () =>
      socket.write(text),
    );
    socket.on('error', () => {});
    socket.once('end', () => resolve(socket));
    socket.resume();
  });
}

describe('A-63 listen', () => {
  it('serves on a free port and knows its own name by it', async () => {
    const { listening } = await start();
    expect(listening.url).toBe(`http://127.0.0.1:${listening.port}`);
    expect((await fetch(`${listening.url}/api/v1/status`)).status).toBe(200);
    expect((await fetch(`http://localhost:${listening.port}/healthz`)).status).toBe(200);
  });

  it.each(['0.0.0.0', '::', '192.168.1.5', 'feeder.local', '127.0.0.1.evil.test', ''])(
    'refuses to listen on %s',
    async (host) => {
      const error = await start(host).catch((caught: unknown) => caught);
      expect(error instanceof FeederError && error.code).toBe('ERR_BIND_REFUSED');
    },
  );

  it('says that the port is taken', async () => {
    const { listening } = await start();
    const error = await start('127.0.0.1', listening.port).catch((caught: unknown) => caught);
    expect(error instanceof FeederError && error.code).toBe('ERR_PORT_IN_USE');
  });

  it('FMEA-73 refuses a rebound name on the wire, and a target with another host', async () => {
    const { listening, feeder } = await start();
    const { port } = listening;
    const body = '{"requestId":"a","portionGrams":5}';
    const head = `content-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`;
    const hosts = ['evil.test', `evil.test:${port}`, '127.0.0.1', `127.0.0.1:${port}@evil.test`];
    for (const host of hosts) {
      const answer = await raw(
        port,
        `POST /api/v1/feedings HTTP/1.1\r\nhost: ${host}\r\n${head}${body}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 (421|400) /);
      expect(answer).toContain('"error"');
      expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff');
    }
    const absolute = await raw(
      port,
      `POST http://evil.test/api/v1/feedings HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${head}${body}`,
    );
    expect(absolute).toMatch(/^HTTP\/1\.1 421 /);
    const none = await raw(port, `POST /api/v1/feedings HTTP/1.0\r\n${head}${body}`);
    expect(none).toMatch(/^HTTP\/1\.1 400 /);
    expect([feeder.motorStarts, feeder.writes]).toEqual([0, 0]);
  });

  it('FMEA-67 stops reading a body of unknown length past the limit', async () => {
    const { listening, feeder } = await start();
    const { port } = listening;
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    const answer = await raw(
      port,
      `POST /api/v1/pets HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n${chunk.repeat(8)}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('ERR_BODY_TOO_LARGE');
    expect(feeder.writes).toBe(0);
  });

  it('FMEA-67 refuses headers without end', async () => {
    const { listening } = await start();
    const { port } = listening;
    const answer = await raw(
      port,
      `GET /healthz HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nx-a: ${'a'.repeat(20_000)}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('ERR_VALIDATION');
  });

  it.each(['\u0000\u0001\u0002\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'POST /api/v1/stop\r\n\r\n'])(
    'FMEA-44 answers %j with the envelope and closes',
    async (bytes) => {
      const { listening, feeder } = await start();
      const [head = '', body = ''] = (await raw(listening.port, bytes)).split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 400 Bad Request/);
      const { error } = v.parse(ErrorEnvelopeSchema, JSON.parse(body));
      expect(head).toContain(`x-request-id: ${error.requestId}`);
      expect(feeder.stops).toBe(0);
    },
  );

  it('FMEA-44 answers a request without a host with the envelope', async () => {
    const { listening, feeder } = await start();
    const answer = await raw(
      listening.port,
      'POST /api/v1/stop HTTP/1.1\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 (400|421) /);
    expect(answer).toContain('"error"');
    expect(feeder.stops).toBe(0);
  });

  it('FMEA-67 keeps no place for clients that send garbage and never close', async () => {
    const { listening } = await start();
    const clients = await Promise.all(
      Array.from({ length: CONNECTIONS_MAX }, () => deafClient(listening.port, 'x\r\n\r\n')),
    );
    try {
      expect((await fetch(`${listening.url}/healthz`)).status).toBe(200);
    } finally {
      for (const client of clients) client.destroy();
    }
  });

  it('lets a watcher go when its connection breaks', async () => {
    const { listening, feeder } = await start();
    const before = feeder.live.listenerCount();
    const abort = new AbortController();
    const response = await fetch(`${listening.url}/api/v1/events`, { signal: abort.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    expect(feeder.live.listenerCount()).toBe(before + 1);
    abort.abort();
    for (let i = 0; i < 1000 && feeder.live.listenerCount() > before; i++) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(feeder.live.listenerCount()).toBe(before);
  });

  it('ends event streams on close, and closes once', async () => {
    const { listening } = await start();
    const response = await fetch(`${listening.url}/api/v1/events`);
    const text = response.text();
    await Promise.all([listening.close(), listening.close()]);
    expect(await text).toContain('event: stopping');
    const error = await fetch(`${listening.url}/healthz`).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(TypeError);
  });
});
