import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { feedDriveContract } from '../../../test/contracts/feed-drive.ts';
import { HandLink, passSlowly } from '../../../test/support/hand-link.ts';
import { SimulatedTmc2209 } from '../../../test/support/simulated-tmc2209.ts';
import { healthy } from '../../platform/part.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { type JamHint, Tmc2209Drive, type Tmc2209Settings } from './tmc2209.ts';
import {
  chopconf,
  findReply,
  iholdIrun,
  readRequest,
  registers,
  replyFrame,
  tmcCrc,
  VACTUAL_MAX,
  vactualOf,
  writeFrame,
} from './tmc2209-frames.ts';

const settings: Tmc2209Settings = {
  address: 0,
  fullStepsPerTurn: 200,
  microsteps: 16,
  gearRatio: 1,
  turnsPerSecond: 1,
  runCurrent32: 20,
  holdCurrent32: 8,
  stallThreshold: 50,
};

function open(change: (chip: SimulatedTmc2209) => void = () => {}) {
  const clock = new VirtualClock();
  const link = new HandLink();
  const chip = new SimulatedTmc2209(link, clock);
  change(chip);
  const part = new Tmc2209Drive({ link, enable: chip.line, clock, chance: () => 0, settings });
  const pass = (ms: number) => passSlowly(clock, ms);
  return { clock, link, chip, part, pass };
}

feedDriveContract('a TMC2209', () => {
  const { clock, chip, link, part, pass } = open();
  // Set-up needs time, which partContract does not give: it passes by itself until the bench ends.
  let isEnded = false;
  const run = async () => {
    while (!isEnded && part.health().state === 'silent' && link.isOpen) await passSlowly(clock, 1);
  };
  const isSetUp = run();
  return {
    part,
    pass,
    motion: () => chip.motion(),
    startMsMax: 10,
    ready: () => isSetUp,
    breakIt: () => link.plug(false),
    end: () => {
      isEnded = true;
      part.close();
    },
  };
});

describe('frames of the TMC2209', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  it('are those of the datasheet', () => {
    // Read request and write of GCONF as other drivers send them.
    expect(hex(readRequest(0, registers.GCONF))).toBe('05000048');
    expect(hex(readRequest(0, registers.IFCNT))).toBe('0500028f');
    expect(writeFrame(3, registers.VACTUAL, 0x123456)).toHaveLength(8);
    expect(hex(writeFrame(3, registers.VACTUAL, 0x123456)).slice(0, 14)).toBe('0503a200123456');
  });

  it('a reply is found behind echo and noise, and only when it is whole', () => {
    const reply = replyFrame(registers.DRV_STATUS, 0x80140000);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 20 }),
        fc.nat(7),
        fc.integer({ min: 1, max: 255 }),
        (noise, at, bend) => {
          const heard = Uint8Array.of(...readRequest(0, registers.DRV_STATUS), ...noise, ...reply);
          expect(findReply(heard, registers.DRV_STATUS)).toBe(0x80140000);
          const bent = reply.map((byte, index) => (index === at ? byte ^ bend : byte));
          expect(findReply(bent, registers.DRV_STATUS)).toBeNull();
        },
      ),
    );
    expect(findReply(reply, registers.GSTAT)).toBeNull();
  });

  it('a checksum catches every single changed bit', () => {
    const frame = writeFrame(0, registers.VACTUAL, 4474);
    for (let bit = 0; bit < 56; bit++) {
      const bent = Uint8Array.from(frame);
      bent[bit >> 3] = (bent[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(tmcCrc(bent)).not.toBe(frame[7]);
    }
  });

  it.each([
    [3200, 4474],
    [-3200, 0x1000000 - 4474],
    [0, 0],
    [1e9, VACTUAL_MAX],
  ])('%d microsteps per second are VACTUAL %d', (velocity, value) => {
    expect(vactualOf(velocity)).toBe(value);
  });

  it('currents and microsteps go to their bits', () => {
    expect(iholdIrun(8, 20)).toBe(0x11307);
    expect([chopconf(16) >>> 24, chopconf(256) >>> 24, chopconf(1) >>> 24]).toEqual([
      0x14, 0x10, 0x18,
    ]);
  });
});

describe('a stepper with a TMC2209', () => {
  it('is not made without an enable line', () => {
    const clock = new VirtualClock();
    const make = () =>
      new Tmc2209Drive({ link: new HandLink(), enable: null, clock, chance: () => 0, settings });
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_CONFIG' }));
    expect(make).toThrow('ENN');
  });

  it('writes all it needs, and each write is counted by the chip', async () => {
    const { chip, part, pass } = open();
    await pass(100);
    expect(part.health()).toEqual(healthy);
    expect(chip.values.get(registers.GCONF)).toBe(0x1c0);
    expect(chip.values.get(registers.IHOLD_IRUN)).toBe(0x11307);
    expect(chip.values.get(registers.SGTHRS)).toBe(50);
    expect(chip.values.get(registers.GSTAT)).toBe(0);
    expect(chip.values.get(registers.IFCNT)).toBe(7);
  });

  it('writes again what was lost on the wire', async () => {
    let frames = 0;
    const { chip, part, pass } = open((fresh) => {
      fresh.onFrame = (frame) => (frames++ % 3 === 2 ? null : frame);
      fresh.onReply = (frame) => (frames % 5 === 4 ? frame.map((byte) => byte ^ 0x10) : frame);
    });
    await pass(3000);
    expect(part.health()).toEqual(healthy);
    expect(chip.values.get(registers.CHOPCONF)).toBe(chopconf(16));
  });

  it('I1 asks the line for no longer than what is left of the slice', async () => {
    const { chip, part, pass } = open();
    await pass(100);
    chip.line.longestMs = 0;
    part.run({ direction: 'forward', speed: 0.5, maxMs: 200 });
    await pass(30);
    expect(chip.velocity).toBe(2237);
    expect(chip.line.longestMs).toBeGreaterThan(150);
    expect(chip.line.longestMs).toBeLessThan(200);
  });

  it('I1 the line ends the slice even when nothing else in the program runs', async () => {
    const { clock, chip, part, pass } = open();
    await pass(100);
    part.run({ direction: 'forward', speed: 1, maxMs: 200 });
    await pass(50);
    expect(chip.motion()).toBe(1);
    // No promise of the program is served from here on.
    clock.advance(151);
    expect(chip.motion()).toBe(0);
    expect(chip.line.isHigh).toBe(false);
  });

  it('I2 does not let the motor turn at a velocity that the chip did not confirm', async () => {
    const { chip, part, pass } = open();
    await pass(100);
    chip.onFrame = (frame) => ((frame[2] ?? 0) & 0x80 ? null : frame);
    part.run({ direction: 'forward', speed: 1, maxMs: 250 });
    for (let ms = 0; ms < 250; ms++) {
      await pass(1);
      expect(chip.line.isHigh).toBe(false);
    }
    expect(part.health().state).toBe('silent');
  });

  it('I3 refuses to turn without a proven enable line, and says so', async () => {
    const { chip, part, pass } = open((fresh) => (fresh.isEnnWired = false));
    await pass(300);
    expect(part.health()).toMatchObject({ state: 'implausible' });
    expect(part.health().why).toContain('ENN');
    chip.isEnnWired = true;
    part.run({ direction: 'forward', speed: 1, maxMs: 250 });
    await pass(20);
    expect(chip.motion()).toBe(0);
    await pass(3000);
    expect(part.health()).toEqual(healthy);
  });

  it('I3 refuses to turn with an enable pin that is always on', async () => {
    const { chip, part, pass } = open((fresh) => {
      fresh.isEnnShorted = true;
    });
    await pass(300);
    part.run({ direction: 'forward', speed: 1, maxMs: 250 });
    await pass(20);
    expect([chip.motion(), part.health().state]).toEqual([0, 'implausible']);
    expect(part.health().why).toContain('no time limit');
  });

  it('I4 brings the velocity back to zero after each slice and each stop', async () => {
    const { chip, part, pass } = open();
    await pass(100);
    part.run({ direction: 'forward', speed: 1, maxMs: 100 });
    await pass(50);
    expect(chip.velocity).toBe(4474);
    await pass(80);
    expect(chip.velocity).toBe(0);
    part.run({ direction: 'reverse', speed: 1, maxMs: 250 });
    await pass(50);
    part.stop();
    expect(chip.motion()).toBe(0);
    await pass(20);
    expect(chip.velocity).toBe(0);
  });

  it('gives jam hints while it turns', async () => {
    const { chip, part, pass } = open();
    const hints: JamHint[] = [];
    part.onHint((hint) => hints.push(hint));
    await pass(100);
    const turn = async (ms: number) => {
      for (let at = 0; at < ms; at += 100) {
        part.run({ direction: 'forward', speed: 1, maxMs: 250 });
        await pass(100);
      }
    };
    await turn(400);
    chip.values.set(registers.SG_RESULT, 60);
    await turn(400);
    expect(hints.length).toBeGreaterThan(3);
    expect([hints[0]?.isStalled, hints.at(-1)?.isStalled]).toEqual([false, true]);
    expect(part.hint).toEqual(hints.at(-1));
  });

  it.each([
    ['power', 'lost its power', (chip: SimulatedTmc2209) => chip.reset()],
    [
      'heart',
      'switched itself off',
      (chip: SimulatedTmc2209) => chip.values.set(registers.GSTAT, 2),
    ],
    ['strength', 'supply', (chip: SimulatedTmc2209) => chip.values.set(registers.GSTAT, 4)],
    ['coolness', 'too hot', (chip: SimulatedTmc2209) => chip.values.set(registers.DRV_STATUS, 2)],
    [
      'its motor',
      'short circuit',
      (chip: SimulatedTmc2209) => chip.values.set(registers.DRV_STATUS, 8),
    ],
  ])('stops and names it when the chip loses %s while it turns', async (_what, why, harm) => {
    const { chip, part, pass } = open();
    await pass(100);
    part.run({ direction: 'forward', speed: 1, maxMs: 250 });
    await pass(50);
    harm(chip);
    await pass(80);
    part.run({ direction: 'forward', speed: 1, maxMs: 250 });
    await pass(20);
    expect(chip.motion()).toBe(0);
    expect(part.health().why).toContain(why);
  });

  it('sets the chip up anew when it comes back', async () => {
    const { chip, link, part, pass } = open();
    await pass(100);
    link.plug(false);
    expect(part.health()).toEqual({ state: 'unplugged', why: 'The cable was pulled.' });
    chip.reset();
    await pass(1000);
    link.plug(true);
    await pass(100);
    expect(part.health()).toEqual(healthy);
    expect(chip.values.get(registers.IHOLD_IRUN)).toBe(0x11307);
  });

  it('never turns longer than a slice, whatever is lost on the wire', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.tuple(
            fc.constantFrom('run', 'back', 'stop', 'wait'),
            fc.integer({ min: 1, max: 200 }),
          ),
          {
            maxLength: 12,
          },
        ),
        fc.infiniteStream(fc.boolean()),
        async (steps, losses) => {
          const { chip, part, pass } = open();
          await pass(100);
          chip.onFrame = (frame) => (losses.next().value ? frame : null);
          let allowedMs = 0;
          for (const [what, ms] of steps) {
            if (what === 'run' || what === 'back') {
              part.run({ direction: what === 'run' ? 'forward' : 'reverse', speed: 1, maxMs: ms });
              allowedMs = ms;
            }
            if (what === 'stop') part.stop();
            for (let at = 0; at < 60; at++) {
              await pass(1);
              allowedMs -= 1;
              if (allowedMs < 0) expect(chip.motion()).toBe(0);
            }
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});
