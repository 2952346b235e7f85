import { describe, expect, it } from 'vitest';
import { FakeFeeder } from '../../test/contracts/fake-feeder.ts';
import { errorOf, sampleFeeding } from '../../test/contracts/fake-parts.ts';

interface Heard {
  readonly id: string | null;
  readonly event: string;
  readonly data: unknown;
}

/** Reads a stream as a browser does. */
class Watcher {
  readonly heard: Heard[] = [];
  readonly response: Response;
  comments = 0;
  isEnded = false;
  #rest = '';
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  constructor(response: Response) {
    this.response = response;
    if (response.body === null) throw new TypeError('a stream has a body');
    this.#reader = response.body.getReader();
  }

  /** Reads until so many events were heard, or the stream ended. */
  async hear(count: number): Promise<Heard[]> {
    while (this.heard.length < count && !this.isEnded) await this.#read();
    return this.heard;
  }

  async untilComment(): Promise<void> {
    const before = this.comments;
    while (this.comments === before && !this.isEnded) await this.#read();
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }

  async #read(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) {
      this.isEnded = true;
      return;
    }
    const blocks = (this.#rest + new TextDecoder().decode(value)).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n');
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? null;
      if (block.startsWith(':')) this.comments += 1;
      const event = field('event');
      if (event === null) continue;
      this.heard.push({ id: field('id'), event, data: JSON.parse(field('data') ?? 'null') });
    }
  }
}

async function watch(feeder: FakeFeeder, lastEventId?: string): Promise<Watcher> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  return new Watcher(await feeder.request('GET', '/api/v1/events', undefined, headers));
}

describe('GET /api/v1/events', () => {
  it('begins with the status, then tells what happens', async () => {
    const feeder = new FakeFeeder();
    const watcher = await watch(feeder);
    expect(watcher.response.headers.get('content-type')).toBe('text/event-stream');
    feeder.live.publish('changed', { what: 'pets', id: null });
    const [status, changed] = await watcher.hear(2);
    expect(status).toMatchObject({ event: 'status', id: 'boot7-0', data: { name: 'Test feeder' } });
    expect(changed).toEqual({
      event: 'changed',
      id: 'boot7-1',
      data: { what: 'pets', id: null },
    });
  });

  it('resumes after the last id without a gap and without a repeat', async () => {
    const feeder = new FakeFeeder();
    const first = await watch(feeder);
    for (const id of ['a', 'b']) feeder.live.publish('changed', { what: 'pets', id });
    const seen = (await first.hear(3)).at(-1)?.id ?? '';
    await first.cancel();
    for (const id of ['c', 'd']) feeder.live.publish('changed', { what: 'pets', id });
    const second = await watch(feeder, seen);
    feeder.live.publish('changed', { what: 'pets', id: 'e' });
    const heard = await second.hear(4);
    expect(heard.map(({ event, id }) => [event, id])).toEqual([
      ['changed', 'boot7-3'],
      ['changed', 'boot7-4'],
      ['status', 'boot7-4'],
      ['changed', 'boot7-5'],
    ]);
  });

  it('catches up on everything that is kept, and stays open', async () => {
    const feeder = new FakeFeeder();
    for (let i = 0; i < 500; i++) feeder.live.publish('changed', { what: 'pets', id: null });
    const watcher = await watch(feeder, 'boot7-0');
    feeder.live.publish('changed', { what: 'pets', id: 'new' });
    const heard = await watcher.hear(502);
    expect(heard.at(-1)).toMatchObject({ id: 'boot7-501', data: { id: 'new' } });
    expect(watcher.isEnded).toBe(false);
  });

  it('tells whether anybody watches, and leaves nothing behind', async () => {
    const audience: boolean[] = [];
    const feeder = new FakeFeeder({
      overrides: { onAudience: (isWatched) => audience.push(isWatched) },
    });
    const listeners = feeder.live.listenerCount();
    const [first, second] = [await watch(feeder), await watch(feeder)];
    await first.cancel();
    expect(audience).toEqual([true]);
    await second.cancel();
    expect(audience).toEqual([true, false]);
    expect(feeder.live.listenerCount()).toBe(listeners);
    expect(feeder.clock.pendingNames()).toEqual([]);
  });

  it('says so when it cannot resume: another start, or too long ago', async () => {
    const feeder = new FakeFeeder();
    for (const lastId of ['boot6-12', 'nonsense']) {
      const heard = await (await watch(feeder, lastId)).hear(2);
      expect(heard.map(({ event, id }) => [event, id])).toEqual([
        ['reset', null],
        ['status', 'boot7-0'],
      ]);
    }
    for (let i = 0; i < 600; i++) feeder.live.publish('changed', { what: 'pets', id: null });
    const heard = await (await watch(feeder, 'boot7-50')).hear(2);
    expect(heard[0]?.event).toBe('reset');
  });

  it('keeps a quiet connection alive every 10 s', async () => {
    const feeder = new FakeFeeder();
    const watcher = await watch(feeder);
    feeder.clock.advance(9_999);
    await watcher.hear(1);
    expect(watcher.comments).toBe(0);
    feeder.clock.advance(1);
    await watcher.untilComment();
    feeder.clock.advance(10_000);
    await watcher.untilComment();
    expect(watcher.comments).toBe(2);
  });

  it('serves 16 at a time and takes the next when one has gone', async () => {
    const feeder = new FakeFeeder();
    const watchers = await Promise.all(Array.from({ length: 16 }, () => watch(feeder)));
    const refused = await feeder.request('GET', '/api/v1/events');
    expect(refused.status).toBe(503);
    expect((await errorOf(refused)).code).toBe('ERR_UNAVAILABLE');
    const told = feeder.lines.filter(({ level }) => level !== 'debug');
    expect(told).toMatchObject([{ level: 'info', fields: { code: 'ERR_UNAVAILABLE' } }]);
    expect(told[0]?.fields).not.toHaveProperty('err');
    expect((await feeder.request('GET', '/api/v1/status')).status).toBe(200);
    await watchers[3]?.cancel();
    expect((await feeder.request('GET', '/api/v1/events')).status).toBe(200);
    expect(feeder.clock.pendingNames()).toHaveLength(16);
  });

  it('FMEA-67 cuts off a watcher that does not read, and feeds on', async () => {
    const feeder = new FakeFeeder();
    const before = feeder.live.listenerCount();
    const watcher = await watch(feeder);
    for (let i = 0; i < 1000; i++) {
      feeder.live.publish('feeding', sampleFeeding({ requestId: `r${i}` }));
    }
    expect(feeder.live.listenerCount()).toBe(before);
    await watcher.hear(5_000);
    expect(watcher.isEnded).toBe(true);
    expect(watcher.heard.length).toBeLessThanOrEqual(200);
    expect(feeder.clock.pendingNames()).toEqual([]);
  });

  it('ends every stream when the feeder stops, and opens no more', async () => {
    const feeder = new FakeFeeder();
    const watchers = [await watch(feeder), await watch(feeder)];
    feeder.api.close('The feeder stops.');
    for (const watcher of watchers) {
      expect((await watcher.hear(5)).at(-1)?.event).toBe('stopping');
      expect(watcher.isEnded).toBe(true);
    }
    expect(feeder.clock.pendingNames()).toEqual([]);
    expect((await feeder.request('GET', '/api/v1/events')).status).toBe(503);
    expect((await feeder.request('GET', '/api/v1/status')).status).toBe(200);
  });
});
