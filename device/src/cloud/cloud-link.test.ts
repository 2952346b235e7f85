import { createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type EventClass, FeederError } from '@cat-feeder/shared';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { memoryStore } from '../../test/contracts/store-fixture.ts';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import type { CommandWord } from '../sync/link-io.ts';
import { CloudHttp, type CloudRequest, NoAnswer } from './cloud-http.ts';
import { CloudLink } from './cloud-link.ts';
import { DeviceIdentity } from './device-identity.ts';

type Answerer = (path: string, request: IncomingMessage, response: ServerResponse) => void;

let folder: string;
let server: Server;
let url: string;
let answer: Answerer;
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'feeder-link-'));
  server = createServer((request, response) => answer(request.url ?? '', request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Time and tokens as a cloud gives them; everything else as the test says. */
function cloud(rest: Answerer): Answerer {
  return (path, request, response) => {
    if (path === '/v1/time') json(response, 200, { now: 1_795_000_000_000, nonce: 'nonce' });
    else if (path === '/v1/token') json(response, 200, { token: 'a.b.c', expires_s: 900 });
    else rest(path, request, response);
  };
}

function linked(): CloudHttp {
  const identity = DeviceIdentity.open(join(folder, 'identity.json'), 'board');
  const home = 'b'.repeat(25).concat('a');
  identity.setAccount({ url, device: 'a'.repeat(26), home, account: 'ada' });
  return new CloudHttp({ url, identity, monoMs: () => 0 });
}

const post = (body: unknown, timeoutMs = 5_000) =>
  ({ method: 'POST', path: '/v1/x', body, timeoutMs }) as const;

describe('requests to the cloud', () => {
  it('carry a token that is asked for once, and large bodies are packed', async () => {
    const seen: string[] = [];
    answer = cloud((path, request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const bytes = Buffer.concat(chunks);
        const isPacked = request.headers['content-encoding'] === 'gzip';
        const text = (isPacked ? gunzipSync(bytes) : bytes).toString();
        seen.push(`${path} ${request.headers.authorization} ${isPacked} ${text.length}`);
        json(response, 200, { ok: true });
      });
    });
    const http = linked();
    expect(await http.send(post({ a: 1 }), signal)).toEqual({ status: 200, body: { ok: true } });
    await http.send(post('x'.repeat(5000)), signal);
    expect(seen).toEqual(['/v1/x Bearer a.b.c false 7', '/v1/x Bearer a.b.c true 5002']);
  });

  it('ask for another token when theirs was refused', async () => {
    let tokens = 0;
    answer = (path, request, response) => {
      if (path === '/v1/token') tokens += 1;
      cloud((_, __, end) => json(end, 401, { err: 'bad_token' }))(path, request, response);
    };
    const http = linked();
    await http.send(post({}), signal);
    await http.send(post({}), signal);
    expect(tokens).toBe(2);
  });

  it('try the next key when the present one is refused, and keep the one that is taken', async () => {
    const identity = DeviceIdentity.open(join(folder, 'identity.json'), 'board');
    identity.setAccount({ url, device: 'a'.repeat(26), home: 'a'.repeat(26), account: 'ada' });
    const first = identity.publicKey.x;
    const next = identity.prepareNext().publicKey.x;
    let believed = first;
    answer = (path, request, response) => {
      if (path !== '/v1/token') {
        cloud((_, __, end) => json(end, 200, { ok: true }))(path, request, response);
        return;
      }
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { assertion } = JSON.parse(Buffer.concat(chunks).toString()) as { assertion: string };
        const [head, body, signature = ''] = assertion.split('.');
        const key = createPublicKey({
          key: { kty: 'OKP', crv: 'Ed25519', x: believed },
          format: 'jwk',
        });
        const isTrue = verify(
          null,
          Buffer.from(`${head}.${body}`),
          key,
          Buffer.from(signature, 'base64url'),
        );
        json(
          response,
          isTrue ? 200 : 401,
          isTrue ? { token: 'a.b.c', expires_s: 1 } : { err: 'bad_token' },
        );
      });
    };
    const http = new CloudHttp({ url, identity, monoMs: () => 0 });
    expect((await http.send(post({}), signal)).status).toBe(200);
    expect(identity.publicKey.x).toBe(first);
    http.forgetToken();
    believed = 'A'.repeat(43);
    expect((await http.send(post({}), signal)).status).toBe(401);
    expect(identity.publicKey.x).toBe(first);
    believed = next;
    expect((await http.send(post({}), signal)).status).toBe(200);
    expect([identity.publicKey.x, identity.next]).toEqual([next, null]);
  });

  const noises: Readonly<Record<string, Answerer>> = {
    'a portal’s page': (_, __, response) => response.writeHead(200).end('<html>Pay here</html>'),
    'a redirection': (_, __, response) => response.writeHead(302, { location: '/' }).end(),
    nothing: (_, __, response) => response.writeHead(204).end(),
    'half of JSON': (_, __, response) => response.writeHead(200).end('{"ack":'),
  };
  it.each(Object.entries(noises))('take %s for what it is', async (_, noise) => {
    answer = cloud(noise);
    const said = await linked().send(post({}), signal);
    expect(said.body).toBe(undefined);
  });

  const silences: Readonly<Record<string, Answerer>> = {
    'never speaks': () => {},
    'is cut off': (_, __, response) => response.destroy(),
    'never ends': (_, __, response) => {
      response.writeHead(200);
      const pour = () => {
        while (response.write('x'.repeat(65_536)));
        response.once('drain', pour);
      };
      pour();
    },
  };
  it.each(Object.entries(silences))('count an answer that %s as none', async (_, silence) => {
    answer = cloud(silence);
    await expect(linked().send(post({}, 1_500), signal)).rejects.toThrow(NoAnswer);
  });

  it('tell the same when the cloud is busy before it knows who asks', async () => {
    answer = (_, __, response) => {
      response.writeHead(503, { 'retry-after': '9' }).end('{"err":"overloaded"}');
    };
    expect(await linked().send(post({}), signal)).toMatchObject({
      status: 503,
      retryAfterMs: 9000,
    });
  });

  it('tell how long the cloud wants to be left alone', async () => {
    answer = cloud((_, __, response) => {
      response.writeHead(503, { 'retry-after': '7' }).end('{"err":"overloaded"}');
    });
    expect(await linked().send(post({}), signal)).toEqual({
      ...{ status: 503, body: { err: 'overloaded' }, retryAfterMs: 7000 },
    });
  });
});

/** Seconds of the clock, each with time for promises. */
async function live(clock: VirtualClock, seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1000);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const COMMAND = '01jtc0mmand000000000000000';

/** A cloud that has one feeding to give, says yes to its claim, and acknowledges nothing. */
function feedOnce({ path, body }: CloudRequest): object | null {
  if (path === `/v1/commands/${COMMAND}/claim`) {
    return { ok: true, nonce: (body as { nonce: string }).nonce };
  }
  if (path !== '/v1/sync/hello') return null;
  const { segs } = body as { segs: { epoch: number; gen: string }[] };
  const order = { op: 'feed', mg: 5000, pet: null };
  const item = { d: 1, k: 'cmd', ref: COMMAND, na: 1_800_000_000_000, b: order };
  return {
    ...{ v: 1, proto: 1, session: 7, max_epoch: 1, need_docs: false, t1: 0, t2: 0 },
    segs: segs.map(({ epoch, gen }) => ({ asked: epoch, epoch: 1, acked: 0, hash: gen, gaps: [] })),
    down: { items: [item], upto: 1, head: 1 },
    limits: { max_events: 500, max_bytes: 262_144, backoff_cap_s: 1, spread_s: 1, poll_s: 60 },
  };
}

describe('the shell of the link', () => {
  let isFeeding = false;
  afterEach(() => {
    isFeeding = false;
  });

  /** With nobody at the other end, or with a cloud that wants it fed once. */
  function shell(isFed = false) {
    const { store } = memoryStore();
    let finish: (word: CommandWord) => void = () => {};
    const clock = new VirtualClock();
    let tell: (cls: EventClass) => void = () => {};
    let isDiskFull = false;
    let sent = 0;
    const http = {
      send: async (request: CloudRequest) => {
        sent += 1;
        const body = isFed ? feedOnce(request) : null;
        if (body === null) throw new NoAnswer('no network');
        return { status: 200, body };
      },
    } as unknown as CloudHttp;
    const sync = new Proxy(store.sync, {
      get: (target, name) => {
        if (isDiskFull && name === 'transact') throw new FeederError('ERR_STORAGE');
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
    const link = new CloudLink({
      ...{ clock, logger: silentLogger, store: sync, http },
      random: (length) => new Uint8Array(length),
      sha256: (bytes) => createHash('sha256').update(bytes).digest(),
      now: () => ({ monoMs: clock.monoMs(), wallMs: clock.wallMs(), tq: 2 }),
      ...{ boot: 'AAAAAAAAAAA', firmware: 'test', validate: () => null, present: () => ({}) },
      execute: () =>
        new Promise((resolve) => {
          finish = resolve;
        }),
      outcomeOf: () => null,
      isFeeding: () => isFeeding,
      onAppended: (listener) => {
        tell = listener;
        return () => {
          tell = () => {};
        };
      },
    });
    return {
      ...{ link, clock, store, tell: (cls: EventClass) => tell(cls), sent: () => sent },
      finish: (word: CommandWord) => finish(word),
      fill: (isFull: boolean) => {
        isDiskFull = isFull;
      },
    };
  }

  it('does nothing before it is started, and nothing after it was stopped', async () => {
    const { link, clock, sent } = shell();
    await live(clock, 3600);
    expect([link.view().state, sent()]).toEqual(['off', 0]);
    link.start();
    await live(clock, 60);
    const tries = sent();
    expect(tries).toBeGreaterThan(0);
    link.stop();
    await live(clock, 3600);
    expect([link.view().state, sent()]).toEqual(['off', tries]);
  });

  it('says why there is no session, and how much waits', async () => {
    const { link, clock, store } = shell();
    link.start();
    await live(clock, 60);
    const { waiting, why, secondsSinceAnswer } = link.view();
    expect(waiting).toBe(store.log.head().seq);
    expect([why, secondsSinceAnswer]).toEqual(['The cloud did not answer.', null]);
  });

  it('N1 leaves the writer of an entry alone', () => {
    const { link, clock, tell, sent } = shell();
    link.start();
    const before = [sent(), link.view()];
    for (const cls of ['A', 'B', 'C'] as const) tell(cls);
    expect([sent(), link.view()]).toEqual(before);
    expect(clock.monoMs()).toBe(0);
  });

  it('N3 rewrites no ledger while a feeding runs: nothing else could be done meanwhile', async () => {
    const { link, clock, store } = shell(true);
    isFeeding = true;
    link.start();
    await live(clock, 300);
    expect(store.sync.segments()).toMatchObject([{ epoch: 0 }]);
    isFeeding = false;
    await live(clock, 3);
    expect(store.sync.segments()).toMatchObject([{ epoch: 1 }]);
  });

  it('K2 takes the word of a feeding during which it began anew', async () => {
    const { link, clock, store, finish } = shell(true);
    link.start();
    await live(clock, 10);
    expect(store.sync.command(COMMAND)?.state).toBe('executing');
    link.stop();
    link.start();
    await live(clock, 10);
    expect(store.sync.command(COMMAND)?.state).toBe('executing');
    finish({ end: 'done', reason: '', feedingId: 'f1' });
    await live(clock, 1);
    expect(store.sync.command(COMMAND)?.state).toBe('ended');
    const [told] = store.log.newest('command.ended');
    expect(told?.body).toMatchObject({ commandId: COMMAND, state: 'done', feedingId: 'f1' });
  });

  it('survives a disk that refuses, and begins anew when it takes writes again', async () => {
    const { link, clock, fill, sent } = shell();
    fill(true);
    link.start();
    await live(clock, 30);
    expect(link.view().why).not.toBe('');
    fill(false);
    const before = sent();
    await live(clock, 180);
    expect(sent()).toBeGreaterThan(before);
  });
});
