import { describe, expect, it } from 'vitest';
import { Refused } from '../api/reply.ts';
import { type HeardKind, noDoorbell } from '../mqtt/doorbell.ts';
import { realSystem } from '../platform/system.ts';
import { Viewers } from './viewers.ts';

/** Viewers on a clock that the test moves. */
function watched(part: { readonly max?: number } = {}) {
  let monoMs = 0;
  const timers = new Set<{ atMs: number; run: () => void }>();
  const system = {
    ...realSystem,
    monoMs: () => monoMs,
    after: (delayMs: number, run: () => void) => {
      const timer = { atMs: monoMs + delayMs, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const ears = new Set<(kind: HeardKind, body: unknown) => void>();
  let pokes = 0;
  const doorbell = {
    ...noDoorbell,
    watch: () => {
      pokes += 1;
    },
    hear: (_: string, tell: (kind: HeardKind, body: unknown) => void) => {
      ears.add(tell);
      return () => ears.delete(tell);
    },
  };
  let head: { epoch: number; seq: number } | Error = { epoch: 1, seq: 1 };
  const viewers = new Viewers({ doorbell, system, max: part.max ?? 10 });
  const subject = (account = 'ada') => ({
    ...{ account, deviceId: 'd' },
    head: async () => {
      if (head instanceof Error) throw head;
      return head;
    },
  });
  return {
    ...{ viewers, timers, ears, subject },
    pokes: () => pokes,
    put: (next: typeof head) => {
      head = next;
    },
    tell: (kind: HeardKind, body: unknown) => {
      for (const ear of ears) ear(kind, body);
    },
    pass: async (ms: number) => {
      monoMs += ms;
      for (const timer of [...timers]) {
        if (timer.atMs > monoMs) continue;
        timers.delete(timer);
        timer.run();
      }
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

async function read(stream: ReadableStream<Uint8Array> | null, max = 100): Promise<string[]> {
  const said: string[] = [];
  const reader = stream?.getReader();
  const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), 20));
  while (said.length < max) {
    const next = await Promise.race([reader?.read(), late]);
    if (next === null || next === undefined || next.done) break;
    said.push(Buffer.from(next.value).toString());
  }
  reader?.releaseLock();
  return said;
}

describe('viewers', () => {
  it('see without a broker what the database says, each thing once', async () => {
    const { viewers, subject, pass, put, pokes } = watched();
    const stream = viewers.open(subject());
    await pass(0);
    await pass(10_000);
    put({ epoch: 1, seq: 2 });
    await pass(10_000);
    expect((await read(stream)).map((text) => text.split('\n')[1] ?? text)).toEqual([
      'data: {"epoch":1,"seq":1}',
      '',
      'data: {"epoch":1,"seq":2}',
    ]);
    expect(pokes()).toBe(3);
  });

  it('wait when the database is away, and end when the feeder is another’s', async () => {
    const { viewers, subject, pass, put } = watched();
    viewers.open(subject());
    put(new Error('away'));
    await pass(10_000);
    expect(viewers.count).toBe(1);
    put(new Refused('not_found'));
    await pass(10_000);
    expect(viewers.count).toBe(0);
  });

  it('end when they read too slowly, after a while, and with the service; and leave nothing', async () => {
    const { viewers, subject, pass, tell, timers, ears } = watched();
    const slow = viewers.open(subject());
    for (let n = 0; n < 70; n++) tell('live', { n });
    expect(viewers.count).toBe(0);
    expect((await read(slow)).length).toBeLessThanOrEqual(64);
    viewers.open(subject());
    for (let n = 0; n < 91; n++) await pass(10_000);
    expect(viewers.count).toBe(0);
    viewers.open(subject());
    viewers.close();
    await viewers.open(subject())?.cancel();
    expect([viewers.count, timers.size, ears.size]).toEqual([0, 0, 0]);
  });

  it('are so many and no more', () => {
    const { viewers, subject } = watched({ max: 6 });
    const ada = Array.from({ length: 5 }, () => viewers.open(subject('ada')));
    expect(ada.map((stream) => stream !== null)).toEqual([true, true, true, true, false]);
    const others = ['b', 'c', 'd'].map((name) => viewers.open(subject(name)) !== null);
    expect(others).toEqual([true, true, false]);
  });
});
