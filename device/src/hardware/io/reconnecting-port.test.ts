import { setImmediate as turn } from 'node:timers/promises';
import { FeederError } from '@cat-feeder/shared';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BACK_OFF_MS_MAX, BACK_OFF_MS_MIN, backOffMs } from '../../platform/back-off.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { OPEN_TIMEOUT_MS, ReconnectingPort, WRITE_TIMEOUT_MS } from './reconnecting-port.ts';
import { type SerialListeners, serialTrouble } from './serial-port.ts';

/** A place in which a part may be plugged, refuse, or hang. */
class Socket {
  mood: 'plugged' | 'refuses' | 'hangs' = 'plugged';
  writeHangs = false;
  opened = 0;
  openNow = 0;
  openMost = 0;
  written: number[] = [];
  listeners: SerialListeners | null = null;
  release: () => void = () => {};

  open = async (_settings: object, listeners: SerialListeners) => {
    if (this.mood === 'refuses') throw new FeederError('ERR_HARDWARE_FAULT', { message: 'No.' });
    if (this.mood === 'hangs') await new Promise<void>((resolve) => (this.release = resolve));
    this.opened += 1;
    this.openNow += 1;
    this.openMost = Math.max(this.openMost, this.openNow);
    this.listeners = listeners;
    return {
      write: (bytes: Uint8Array) => {
        if (this.writeHangs) return new Promise<void>(() => {});
        this.written.push(...bytes);
        return Promise.resolve();
      },
      close: async () => {
        this.openNow -= 1;
      },
    };
  };
}

describe('a port that reconnects', () => {
  let clock: VirtualClock;
  let socket: Socket;
  let port: ReconnectingPort;
  let told: string[];

  const pass = async (ms: number) => {
    clock.advance(ms);
    await turn();
  };
  const start = async () => {
    port = new ReconnectingPort({
      settings: { path: '/dev/reader', baudRate: 9600 },
      open: socket.open,
      clock,
      chance: () => 0,
    });
    told = [];
    port.onLink(({ isOpen, why }) => told.push(isOpen ? 'open' : String(why)));
    await turn();
  };
  beforeEach(() => {
    clock = new VirtualClock();
    socket = new Socket();
  });
  afterEach(() => port.close());

  it('opens by itself and hands on what comes', async () => {
    await start();
    const seen: number[] = [];
    port.onBytes((bytes) => seen.push(...bytes));
    socket.listeners?.onBytes(Uint8Array.of(1, 2));
    await port.write(Uint8Array.of(3));
    expect([told, seen, socket.written]).toEqual([['open'], [1, 2], [3]]);
  });

  it('comes back after an unplug, and says why it was away', async () => {
    await start();
    socket.mood = 'refuses';
    socket.listeners?.onGone('Unplugged.');
    expect([port.isOpen, port.why]).toEqual([false, 'Unplugged.']);
    await expect(port.write(Uint8Array.of(1))).rejects.toMatchObject({
      code: 'ERR_HARDWARE_FAULT',
      message: 'Unplugged.',
    });
    await pass(1000);
    socket.mood = 'plugged';
    await pass(60_000);
    expect(told).toEqual(['open', 'Unplugged.', 'No.', 'open']);
  });

  it('waits longer after each failure, up to a minute', async () => {
    socket.mood = 'refuses';
    await start();
    const waits: number[] = [];
    for (let round = 0; round < 9; round++) {
      waits.push((clock.nextDueMs() ?? 0) - clock.monoMs());
      clock.runNext();
      await turn();
    }
    expect(waits).toEqual([1000, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('does not count old failures after it was open for a while', async () => {
    await start();
    for (let round = 0; round < 5; round++) {
      socket.listeners?.onGone('Loose plug.');
      await pass(60_000);
    }
    await pass(20_000);
    socket.listeners?.onGone('Loose plug.');
    expect((clock.nextDueMs() ?? 0) - clock.monoMs()).toBe(1000);
  });

  it('gives up an attempt that hangs, and closes it unseen when it comes late', async () => {
    socket.mood = 'hangs';
    await start();
    await pass(OPEN_TIMEOUT_MS);
    expect(port.why).toContain('does not open');
    socket.release();
    await turn();
    expect([port.isOpen, socket.opened, socket.openNow]).toEqual([false, 1, 0]);
  });

  it('gives up a port that takes no bytes', async () => {
    await start();
    socket.writeHangs = true;
    const write = expect(port.write(Uint8Array.of(1))).rejects.toThrow('took no bytes');
    await pass(WRITE_TIMEOUT_MS);
    await write;
    expect([port.isOpen, socket.openNow]).toEqual([false, 0]);
  });

  it('lets no more than 4096 bytes wait', async () => {
    await start();
    socket.writeHangs = true;
    const first = port.write(new Uint8Array(4096)).catch(() => {});
    await expect(port.write(Uint8Array.of(1))).rejects.toThrow('no more bytes');
    await pass(WRITE_TIMEOUT_MS);
    await first;
  });

  it('is silent and leaves no timer once it was closed', async () => {
    await start();
    await port.close();
    socket.listeners?.onGone('Too late.');
    expect([told, clock.pendingNames(), socket.openNow]).toEqual([['open'], [], 0]);
  });

  it('I1 never holds two ports, whatever the socket does', async () => {
    const mood = fc.constantFrom('plugged' as const, 'refuses' as const, 'hangs' as const);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(mood, fc.integer({ min: 0, max: 9000 }))),
        async (days) => {
          socket = new Socket();
          await start();
          for (const [nextMood, ms] of days) {
            socket.mood = nextMood;
            socket.listeners?.onGone('Gone.');
            await pass(ms);
            socket.release();
            await turn();
          }
          // The attempt that came late is open until it is closed in the same turn.
          expect(socket.openMost).toBeLessThanOrEqual(2);
          await port.close();
          await turn();
          expect(socket.openNow).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the wait between attempts', () => {
  it('is bounded, whatever chance says', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (n, chance) => {
          const ms = backOffMs(n, () => chance);
          expect(ms).toBeGreaterThanOrEqual(BACK_OFF_MS_MIN);
          expect(ms).toBeLessThanOrEqual(BACK_OFF_MS_MAX);
        },
      ),
    );
  });
});

describe('the sentence for a port that does not open', () => {
  it.each([
    ['Error: No such file or directory, cannot open /dev/x', 'unplugged'],
    ['Error: Permission denied, cannot open /dev/x', 'dialout'],
    ['Error: Resource temporarily unavailable Cannot lock port', 'Another program'],
    ['Inappropriate ioctl for device', 'no serial port'],
    ['Error: Something new', 'Something new.'],
  ])('of %s names what to do', (message, part) => {
    expect(serialTrouble('/dev/x', message)).toContain(part);
  });
});
