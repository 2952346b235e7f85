import type { Milliseconds } from '@cat-feeder/shared';
import { topicsOf } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { type BellCall, Doorbell } from './doorbell.ts';

const id = 'a'.repeat(26);
const topics = topicsOf(id);
const place = { url: 'mqtts://broker.test', user: id, token: 'secret', session: 7 };
const text = (value: unknown) => Buffer.from(JSON.stringify(value));

function bell(part: { readonly isBroken?: boolean } = {}) {
  const clock = new VirtualClock();
  const calls: BellCall[] = [];
  const said: string[] = [];
  const rings: unknown[] = [];
  let loads = 0;
  let hangUps = 0;
  let heard = 0;
  let grams = 0;
  let refusals = 0;
  const doorbell = new Doorbell({
    ...{ clock, logger: silentLogger, deviceId: () => id },
    random: (length) => new Uint8Array(length).fill(128),
    load: async () => {
      loads += 1;
      if (part.isBroken === true) throw new Error('no such file');
      return (call) => {
        calls.push(call);
        return {
          publish: (topic, payload) => said.push(`${topic} ${payload}`),
          hangUp: () => {
            hangUps += 1;
          },
        };
      };
    },
    onRing: (body) => rings.push(body),
    onListening: () => {
      heard += 1;
    },
    onRefused: () => {
      refusals += 1;
    },
    live: () => ({ grams }),
  });
  const pass = async (ms: Milliseconds) => {
    for (let passed = 0; passed < ms; passed += 250) {
      clock.advance(250);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return {
    ...{ doorbell, calls, said, rings, pass },
    counts: () => ({ loads, hangUps, heard, refusals, calls: calls.length }),
    put: (served: number) => {
      grams = served;
    },
  };
}

describe('the doorbell', () => {
  it('loads nothing while there is no place for it', async () => {
    const { doorbell, pass, counts } = bell();
    doorbell.use(null);
    await pass(60_000);
    expect([doorbell.view().state, counts().loads]).toEqual(['off', 0]);
  });

  it('says who is there, with the session in its birth and in its will', async () => {
    const { doorbell, pass, calls, said, counts } = bell();
    doorbell.use(place);
    await pass(2_000);
    const [call] = calls;
    expect(call).toMatchObject({
      ...{ url: place.url, user: id, password: 'secret', clientId: `${id}-7` },
      will: { topic: topics.presence, payload: '{"on":0,"session":7}' },
      topics: [topics.down, topics.poke],
    });
    expect(said).toEqual([]);
    call?.onListening();
    expect(said).toEqual([`${topics.presence} {"on":1,"session":7}`]);
    expect([doorbell.view().state, counts().heard]).toEqual(['listening', 1]);
  });

  it('B2 hands on what it hears, noise included, before it returns', async () => {
    const { doorbell, pass, calls, rings } = bell();
    doorbell.use(place);
    await pass(2_000);
    calls[0]?.onListening();
    calls[0]?.onMessage(topics.down, text({ d: 1 }));
    calls[0]?.onMessage(topics.poke, text({ down: 4 }));
    calls[0]?.onMessage(topics.down, Buffer.from('{"d":'));
    calls[0]?.onMessage(topics.down, Buffer.alloc(70_000, 49));
    expect(rings).toEqual([{ d: 1 }, { down: 4 }, undefined, undefined]);
  });

  it('B1 calls again, later and later, and begins anew after a call that held', async () => {
    const { doorbell, pass, calls, counts } = bell();
    doorbell.use(place);
    await pass(2_000);
    const waits: number[] = [];
    for (let n = 1; n <= 10; n++) {
      calls.at(-1)?.onEnd('refused', false);
      for (let waited = 0; counts().calls === n; waited += 250) {
        await pass(250);
        waits[n - 1] = waited;
      }
    }
    expect(waits.every((wait, n) => n === 0 || wait >= (waits[n - 1] ?? 0))).toBe(true);
    expect(waits.at(-1)).toBeGreaterThan(100_000);
    expect(waits.at(-1)).toBeLessThan(310_000);
    calls.at(-1)?.onListening();
    await pass(61_000);
    calls.at(-1)?.onEnd('gone', false);
    await pass(2_000);
    expect(counts().calls).toBe(12);
  });

  it('B1 says why, and whether its secret was refused', async () => {
    const { doorbell, pass, calls, counts } = bell();
    doorbell.use(place);
    await pass(2_000);
    calls[0]?.onEnd('Not authorized', true);
    expect(counts().refusals).toBe(1);
    expect(doorbell.view()).toEqual({ state: 'waiting', why: 'Not authorized', isRefused: true });
    await pass(4_000);
    calls[1]?.onListening();
    expect(doorbell.view()).toEqual({ state: 'listening', why: '', isRefused: false });
  });

  it('B1 goes on without the library', async () => {
    const { doorbell, pass, counts } = bell({ isBroken: true });
    doorbell.use(place);
    await pass(60_000);
    expect(doorbell.view()).toMatchObject({ state: 'waiting', why: 'the library failed' });
    expect(counts().loads).toBeGreaterThan(1);
  });

  it('B3 hears nothing of a call that is over', async () => {
    const { doorbell, pass, calls, rings, counts } = bell();
    doorbell.use(place);
    await pass(2_000);
    doorbell.use({ ...place, session: 8 });
    expect(counts().hangUps).toBe(1);
    calls[0]?.onListening();
    calls[0]?.onMessage(topics.down, text({ d: 1 }));
    calls[0]?.onEnd('late', true);
    expect([rings, counts().heard, doorbell.view().isRefused]).toEqual([[], 0, false]);
    await pass(2_000);
    expect(calls[1]?.clientId).toBe(`${id}-8`);
    doorbell.use(null);
    await pass(600_000);
    expect(counts()).toMatchObject({ calls: 2, hangUps: 2 });
  });

  it.each(['mqtt://broker.test', 'ws://127.0.0.1', 'https://broker.test', 'broker'])(
    'does not take its secret to %s',
    async (url) => {
      const { doorbell, pass, counts } = bell();
      doorbell.use({ ...place, url });
      await pass(60_000);
      expect([counts().calls, doorbell.view().why]).toEqual([0, expect.stringContaining('broker')]);
    },
  );

  it('shows what happens four times a second at most, as long as somebody watches', async () => {
    const { doorbell, pass, calls, said, put } = bell();
    doorbell.use(place);
    await pass(2_000);
    calls[0]?.onListening();
    const shown = () => said.filter((line) => line.startsWith(topics.live)).length;
    await pass(5_000);
    expect(shown()).toBe(0);
    calls[0]?.onMessage(topics.poke, text({ down: 0, watch_s: 10 }));
    calls[0]?.onMessage(topics.poke, text({ down: 0, watch_s: 10 }));
    await pass(2_000);
    expect(shown()).toBe(1);
    for (let n = 1; n <= 80; n++) {
      put(n);
      await pass(250);
    }
    expect(shown()).toBeGreaterThan(25);
    expect(shown()).toBeLessThanOrEqual(42);
  });

  it('does not watch for longer than the protocol knows', async () => {
    const { doorbell, pass, calls, said } = bell();
    doorbell.use(place);
    await pass(2_000);
    calls[0]?.onListening();
    calls[0]?.onMessage(topics.poke, text({ down: 0, watch_s: 3600 }));
    await pass(2_000);
    expect(said).toHaveLength(1);
  });
});
