import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellSourceContract } from '../../../test/contracts/cell-source.ts';
import { feedDriveContract } from '../../../test/contracts/feed-drive.ts';
import { currentMeterContract } from '../../../test/contracts/surroundings.ts';
import { HandLink, passSlowly } from '../../../test/support/hand-link.ts';
import { SimulatedCoprocessor, type Wire } from '../../../test/support/simulated-coprocessor.ts';
import { healthy } from '../../platform/part.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import type { CellReading } from '../../weighing/cell-source.ts';
import { FrameScanner } from '../io/frame-scanner.ts';
import { openCoprocessor } from './coprocessor.ts';
import {
  CUT_OFF_MS,
  controllerFrame,
  controllerRules,
  crc16,
  hostFrame,
  hostRules,
  isNewer,
} from './coprocessor-frames.ts';
import { CoprocessorTime } from './coprocessor-time.ts';

function open() {
  const clock = new VirtualClock();
  const link = new HandLink();
  const chip = new SimulatedCoprocessor(link, clock);
  const parts = openCoprocessor({
    link,
    clock,
    restSamplesPerSecond: 10,
    dispenseSamplesPerSecond: 80,
  });
  return { clock, link, chip, parts, pass: (ms: number) => passSlowly(clock, ms) };
}

const forward = (maxMs: number) => ({ direction: 'forward', speed: 1, maxMs }) as const;
const lost: Wire = () => [];

feedDriveContract('a co-processor', () => {
  const { link, chip, parts, pass, clock } = open();
  // Set-up needs time, which partContract does not give.
  clock.advance(150);
  return {
    part: parts.drive,
    pass,
    ready: () => pass(300),
    motion: () => chip.sign,
    startMsMax: 5,
    breakIt: () => link.plug(false),
    end: () => parts.drive.close(),
  };
});

cellSourceContract('a cell at a co-processor', () => {
  const { link, chip, parts, pass, clock } = open();
  clock.advance(150);
  return {
    part: parts.bowl,
    pass,
    weigh: (counts) => {
      chip.bowl = counts;
    },
    until: async (isSo) => {
      for (let ms = 0; !isSo(); ms += 10) {
        expect(ms, 'it never came to be').toBeLessThan(100_000);
        await pass(10);
      }
    },
    breakIt: () => link.plug(false),
    end: () => parts.drive.close(),
  };
});

currentMeterContract('a current meter at a co-processor', () => {
  const { link, chip, parts, pass, clock } = open();
  // What was not told to flow is not measured.
  chip.milliamps = null;
  clock.advance(150);
  parts.bowl.setMode('dispense');
  return {
    part: parts.current,
    pass,
    flow: async (milliamps, ms) => {
      chip.milliamps = milliamps;
      await pass(ms);
      chip.milliamps = null;
    },
    breakIt: () => link.plug(false),
    end: () => parts.drive.close(),
  };
});

describe('the wire to a co-processor', () => {
  it('has the checksum of its page', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x29b1);
  });

  it('is as docs/coprocessor.md shows it', () => {
    const page = readFileSync(
      resolve(import.meta.dirname, '../../../../docs/coprocessor.md'),
      'utf8',
    );
    const hex = (bytes: Uint8Array) =>
      (Buffer.from(bytes).toString('hex').match(/../g) ?? []).join(' ');
    const run = { kind: 'run', direction: 'reverse', speed255: 128, maxMs: 250 } as const;
    const examples = [
      hostFrame({ sequence: 1, message: { kind: 'hello' } }),
      hostFrame({ sequence: 2, message: { kind: 'beat' } }),
      hostFrame({ sequence: 3, message: run }),
      hostFrame({ sequence: 4, message: { kind: 'stop' } }),
      hostFrame({ sequence: 5, message: { kind: 'rate', mode: 'dispense' } }),
      controllerFrame({
        sequence: 1,
        message: {
          kind: 'hello',
          protocol: 1,
          bootId: 0x1234,
          hasCurrent: true,
          hasHopperCell: false,
          hasEdges: true,
        },
      }),
      controllerFrame({
        sequence: 2,
        message: {
          kind: 'status',
          timeMs: 1000,
          motion: 'forward',
          stopCause: 'slice-end',
          obeyed: 3,
          edges: 7,
          milliamps: 250,
          bowl: -2,
          hopper: null,
          isUndervoltage: false,
          isGreeted: true,
        },
      }),
    ];
    for (const frame of examples) expect(page).toContain(hex(frame));
  });

  it('gives back every message, and none of a bent frame', () => {
    const status = fc.record({
      kind: fc.constant('status' as const),
      timeMs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      motion: fc.constantFrom('off' as const, 'forward' as const, 'reverse' as const),
      stopCause: fc.constantFrom('none' as const, 'silence' as const, 'driver-fault' as const),
      obeyed: fc.integer({ min: 0, max: 255 }),
      edges: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      milliamps: fc.option(fc.integer({ min: 0, max: 65_534 })),
      bowl: fc.option(fc.integer({ min: -0x80_0000, max: 0x7f_ffff })),
      hopper: fc.option(fc.integer({ min: -0x80_0000, max: 0x7f_ffff })),
      isUndervoltage: fc.boolean(),
      isGreeted: fc.boolean(),
    });
    fc.assert(
      fc.property(status, fc.nat(27), fc.integer({ min: 0, max: 7 }), (message, at, bit) => {
        const frame = controllerFrame({ sequence: 9, message });
        const read = new FrameScanner(controllerRules).push(frame);
        expect(read.map(({ content }) => content)).toEqual([{ sequence: 9, message }]);
        const bent = frame.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte));
        const others = new FrameScanner(controllerRules).push(bent);
        expect(others).toEqual([]);
      }),
    );
  });

  it('knows what is newer over the wrap of its numbers', () => {
    expect([isNewer(1, 0), isNewer(0, 255), isNewer(127, 0)]).toEqual([true, true, true]);
    expect([isNewer(0, 0), isNewer(255, 0), isNewer(128, 0)]).toEqual([false, false, false]);
  });

  it('refuses orders that no motor may get', () => {
    for (const [direction, speed, ms] of [
      [2, 255, 100],
      [0, 0, 100],
      [0, 255, 0],
      [0, 255, 251],
    ] as const) {
      expect(messageOf(0x03, [direction, speed, ms & 0xff, ms >> 8])).toBeNull();
    }
  });

  it('ignores payloads that their type does not have', () => {
    for (const [type, payload] of [
      [0x02, [0]],
      [0x04, [0]],
      [0x05, []],
      [0x05, [1, 1]],
    ] as const) {
      expect(messageOf(type, payload)).toBeNull();
    }
    expect(messageOf(0x05, [1])).toEqual({ kind: 'rate', mode: 'dispense' });
  });

  function messageOf(type: number, payload: readonly number[]) {
    const body = Uint8Array.of(payload.length, 7, type, ...payload);
    const crc = crc16(body);
    const frame = Uint8Array.of(0xa5, ...body, crc & 0xff, crc >> 8);
    return new FrameScanner(hostRules).push(frame)[0]?.content.message;
  }
});

describe('a co-processor', () => {
  it('is off within 300 ms of the last beat, when the feeder hangs', async () => {
    const { clock, chip, parts, pass } = open();
    await pass(300);
    // The feeder is stuck in a loop that prolongs for ever, but nothing reaches the wire any more.
    const until = clock.monoMs() + 1000;
    parts.drive.run(forward(250));
    await pass(100);
    parts.drive.run(forward(250));
    await pass(1);
    chip.fromHost = lost;
    const silentAtMs = clock.monoMs();
    let offAtMs = 0;
    while (clock.monoMs() < until && offAtMs === 0) {
      parts.drive.run(forward(250));
      await pass(1);
      if (chip.motion === 'off') offAtMs = clock.monoMs();
    }
    expect(offAtMs - silentAtMs).toBeLessThanOrEqual(CUT_OFF_MS);
    expect(offAtMs).toBeGreaterThan(0);
  });

  it('cuts off by itself even in a run that were longer', async () => {
    const { chip, parts, pass } = open();
    await pass(300);
    parts.drive.run(forward(250));
    await pass(2);
    // As if its own timer of the slice had failed.
    chip.fromHost = lost;
    chip.motion = 'forward';
    await pass(251);
    chip.motion = 'forward';
    await pass(CUT_OFF_MS - 251);
    expect([chip.motion, chip.stopCause]).toEqual(['off', 'silence']);
  });

  it('obeys a doubled or late order once', async () => {
    const { chip, parts, pass } = open();
    await pass(300);
    chip.fromHost = (bytes) => [
      { bytes, delayMs: 0 },
      { bytes, delayMs: 0 },
      { bytes, delayMs: 90 },
    ];
    parts.drive.run(forward(100));
    await pass(50);
    expect(chip.obeyed).toHaveLength(1);
    await pass(51);
    expect([chip.motion, chip.obeyed.length]).toEqual(['off', 1]);
  });

  it('hears an order again that was lost, and never for longer than it was given', async () => {
    const { chip, parts, pass } = open();
    await pass(300);
    parts.bowl.setMode('dispense');
    await pass(100);
    chip.fromHost = lost;
    parts.drive.run(forward(200));
    await pass(20);
    chip.fromHost = (bytes) => [{ bytes, delayMs: 0 }];
    await pass(40);
    expect(chip.motion).toBe('forward');
    expect(chip.obeyed.at(-1)).toMatchObject({ kind: 'run' });
    await pass(141);
    expect(chip.motion).toBe('off');
    parts.drive.run(forward(250));
    await pass(20);
    chip.fromHost = lost;
    parts.drive.stop();
    await pass(10);
    chip.fromHost = (bytes) => [{ bytes, delayMs: 0 }];
    await pass(45);
    expect([chip.motion, chip.stopCause]).toEqual(['off', 'stop']);
  });

  it('is greeted anew after a reset, and its edges only grow', async () => {
    const { chip, parts, pass } = open();
    await pass(300);
    parts.drive.run(forward(250));
    await pass(250);
    const before = parts.edges.edges() ?? 0;
    expect(before).toBeGreaterThan(0);
    chip.reset();
    expect(chip.motion).toBe('off');
    parts.drive.run(forward(250));
    await pass(10);
    expect(chip.motion).toBe('off');
    await pass(300);
    expect(parts.drive.health()).toEqual(healthy);
    parts.drive.run(forward(250));
    await pass(250);
    expect(parts.edges.edges()).toBeGreaterThan(before);
  });

  it('is silent, unplugged or babbling by name', async () => {
    const { chip, link, parts, pass } = open();
    await pass(300);
    expect(await parts.drive.selfTest()).toMatchObject({ ok: true });
    chip.toHost = lost;
    await pass(1100);
    expect(parts.drive.health().state).toBe('silent');
    expect(parts.edges.edges()).toBeNull();
    chip.toHost = (bytes) => [{ bytes: bytes.map((byte) => byte ^ 0x55), delayMs: 0 }];
    await pass(3000);
    expect(parts.drive.health().state).toBe('babbling');
    chip.toHost = (bytes) => [{ bytes, delayMs: 0 }];
    await pass(500);
    expect(parts.drive.health()).toEqual(healthy);
    link.plug(false);
    expect(parts.bowl.health()).toEqual({ state: 'unplugged', why: 'The cable was pulled.' });
  });

  it('of another protocol is refused by name', async () => {
    const { chip, parts, pass } = open();
    chip.protocol = 2;
    chip.reset();
    await pass(400);
    expect(parts.drive.health()).toMatchObject({ state: 'implausible' });
    parts.drive.run(forward(250));
    await pass(20);
    expect(chip.motion).toBe('off');
  });

  it('names a fault of its driver, and is told to stop when it runs on', async () => {
    const { chip, parts, pass } = open();
    await pass(300);
    chip.hasFault = true;
    parts.drive.run(forward(250));
    await pass(200);
    expect(parts.drive.health().why).toContain('driver');
    chip.hasFault = false;
    parts.drive.run(forward(50));
    await pass(200);
    expect(parts.drive.health()).toEqual(healthy);
    chip.motion = 'forward';
    await pass(400);
    expect(chip.motion).toBe('off');
    expect(chip.obeyed.at(-1)?.kind).toBe('stop');
  });

  it('gives the readings of its cell in order of time, and says when one is missing', async () => {
    const { clock, chip, parts, pass } = open();
    const readings: CellReading[] = [];
    parts.bowl.onReadings((batch) => readings.push(...batch));
    chip.toHost = (bytes) => [{ bytes, delayMs: readings.length % 7 }];
    await pass(2000);
    parts.bowl.setMode('dispense');
    await pass(1000);
    expect(readings.length).toBeGreaterThan(80);
    for (const [index, { atMs, counts }] of readings.entries()) {
      expect(counts).toBe(1000);
      expect(atMs).toBeGreaterThanOrEqual(readings[index - 1]?.atMs ?? 0);
      expect(atMs).toBeLessThanOrEqual(clock.monoMs());
    }
    expect(parts.current.takeMilliamps()).toBe(200);
    expect(parts.current.takeMilliamps()).toBeNull();
    chip.bowl = null;
    await pass(100);
    expect(readings.at(-1)?.counts).toBeNull();
    expect(parts.bowl.health().state).toBe('silent');
  });

  it('never turns 300 ms after the last order, whatever happens on the wire', async () => {
    const mess = fc.record({
      isLost: fc.boolean(),
      isDoubled: fc.boolean(),
      delayMs: fc.integer({ min: 0, max: 40 }),
      noise: fc.uint8Array({ maxLength: 6 }),
    });
    const step = fc.tuple(
      fc.constantFrom('run', 'stop', 'wait', 'reset', 'pull', 'plug'),
      fc.integer({ min: 1, max: 250 }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 15 }),
        fc.infiniteStream(mess),
        async (steps, messes) => {
          const { clock, link, chip, parts, pass } = open();
          await pass(300);
          chip.fromHost = (bytes) => {
            const { isLost, isDoubled, delayMs, noise } = messes.next().value;
            const pieces = [{ bytes: noise, delayMs: 0 }];
            if (!isLost) pieces.push({ bytes, delayMs });
            if (isDoubled) pieces.push({ bytes, delayMs: delayMs * 2 });
            return pieces;
          };
          let lastRunMs = 0;
          for (const [what, ms] of steps) {
            if (what === 'run') {
              parts.drive.run(forward(ms));
              lastRunMs = clock.monoMs();
            }
            if (what === 'stop') parts.drive.stop();
            if (what === 'reset') chip.reset();
            if (what === 'pull') link.plug(false);
            if (what === 'plug') link.plug(true);
            for (let at = 0; at < ms; at += 10) {
              await pass(10);
              // 250 ms of a slice, and what the wire held it up.
              if (clock.monoMs() - lastRunMs > 250 + 80) expect(chip.motion).toBe('off');
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("a controller's time on our clock", () => {
  it('is never in the future, never goes back, and finds the smallest delay', () => {
    const delays = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(delays, (ms) => {
        const time = new CoprocessorTime();
        let lastMs = Number.NEGATIVE_INFINITY;
        for (const [index, delayMs] of ms.entries()) {
          const hostMs = 5000 + index * 600 + delayMs;
          const atMs = time.place(index * 600, hostMs);
          expect(atMs).toBeLessThanOrEqual(hostMs);
          expect(atMs).toBeGreaterThanOrEqual(lastMs);
          lastMs = atMs;
        }
        const truthMs = 5000 + (ms.length - 1) * 600;
        expect(lastMs - truthMs).toBeLessThanOrEqual(Math.max(...ms));
      }),
    );
  });

  it('goes on over the wrap of the counter', () => {
    const time = new CoprocessorTime();
    const firstMs = time.place(2 ** 32 - 100, 1000);
    expect(time.place(100, 1200) - firstMs).toBeCloseTo(200, 1);
  });
});
