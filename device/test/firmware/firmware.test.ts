import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  controllerFrame,
  controllerRules,
  crc16,
  hostFrame,
  stopCauses,
} from '../../src/hardware/drives/coprocessor-frames.ts';
import { FrameScanner } from '../../src/hardware/io/frame-scanner.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';
import { HandLink } from '../support/hand-link.ts';
import { SimulatedCoprocessor } from '../support/simulated-coprocessor.ts';
import { type Core, cores, Firmware } from './firmware.ts';

const programs = new Map<Core, Firmware>();
beforeAll(() => {
  for (const core of Object.keys(cores) as Core[]) programs.set(core, new Firmware(core));
}, 120_000);
afterAll(() => {
  for (const program of programs.values()) program.end();
});

function run(script: readonly string[], core: Core = 'atmega'): string[] {
  const lines = programs.get(core)?.run(script);
  if (lines === undefined) throw new Error(`The firmware for ${core} was not built`);
  return lines;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The examples of docs/coprocessor.md that the feeder sends, and those that it hears. */
function examplesOf(page: string, heading: string): string[] {
  const [, section = ''] = page.split(heading);
  const [table = ''] = section.split('| place in a status');
  return [...(table.split('\n### ')[0]?.matchAll(/`(a5(?: [0-9a-f]{2})+)`/g) ?? [])].map(
    ([, bytes = '']) => bytes.replaceAll(' ', ''),
  );
}
const page = readFileSync(resolve(import.meta.dirname, '../../../docs/coprocessor.md'), 'utf8');

describe('the protocol of the reference firmware', () => {
  it('obeys the examples of its page, and answers with those of its page', () => {
    const orders = examplesOf(page, '### From the feeder');
    const [hello = '', status = ''] = examplesOf(page, '### From the controller');
    expect(orders).toHaveLength(5);
    const [greet = '', beat = '', reverse = '', stop = '', rate = ''] = orders;
    const state = (rx: string) => [`rx ${rx}`, 'state'];
    expect(run(['link 4660 5', ...[greet, beat, reverse, stop, rate].flatMap(state)])).toEqual([
      ...['link', `tx 0 ${hello}`, 'state 0 0 0', 'state 0 0 0'],
      ...['drive 2 128', 'state 2 0 0', 'drive 0 0', 'state 0 2 0', 'state 0 2 1'],
    ]);
    const brief = hostFrame({
      sequence: 2,
      message: { kind: 'run', direction: 'forward', speed255: 255, maxMs: 5 },
    });
    const long = hostFrame({
      sequence: 3,
      message: { kind: 'run', direction: 'forward', speed255: 255, maxMs: 250 },
    });
    const spoken = run([
      ...['link 4660 5', 'at 880', `rx ${greet}`, `rx ${hex(brief)}`, 'at 900'],
      ...[`rx ${hex(long)}`, 'at 1000', 'status 7 250 -2 2147483647'],
    ]);
    expect(spoken.at(-1)).toBe(`tx 1000 ${status}`);
  });

  it('says every status so that the feeder reads the same', () => {
    const readings = fc.record({
      edges: fc.nat(0xffff_fffe),
      milliamps: fc.option(fc.nat(65_534)),
      bowl: fc.option(fc.integer({ min: -0x80_0000, max: 0x7f_ffff })),
      hopper: fc.option(fc.integer({ min: -0x80_0000, max: 0x7f_ffff })),
    });
    const samples = fc.sample(readings, 200);
    const spoken = run([
      'link 1 0',
      ...samples.map(({ edges, milliamps, bowl, hopper }) =>
        ['status', edges, milliamps ?? 0xffff, bowl ?? 0x7fff_ffff, hopper ?? 0x7fff_ffff].join(
          ' ',
        ),
      ),
    ]);
    const scanner = new FrameScanner(controllerRules);
    const read = spoken.slice(1).flatMap((line) => {
      const [, , bytes = ''] = line.split(' ');
      return scanner.push(Buffer.from(bytes, 'hex')).map(({ content }) => content.message);
    });
    expect(read).toEqual(samples.map((sample) => expect.objectContaining(sample)));
  });
});

/** What may come over the wire next, and after how long. */
type Piece =
  | {
      readonly kind: 'order';
      readonly step: number;
      readonly type: number;
      readonly payload: number[];
    }
  | { readonly kind: 'again' }
  | { readonly kind: 'noise'; readonly bytes: number[] }
  | { readonly kind: 'bent'; readonly at: number; readonly bit: number }
  | { readonly kind: 'half'; readonly bytes: number };
interface Turn {
  readonly afterMs: number;
  readonly piece: Piece;
}

const byte = fc.nat(255);
const order = (type: number, payload: fc.Arbitrary<number[]>) =>
  fc.record({
    kind: fc.constant('order' as const),
    step: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.integer({ min: -3, max: 130 })),
    type: fc.constant(type),
    payload,
  });
const goodRun = fc
  .tuple(fc.nat(1), fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 250 }))
  .map(([direction, speed, ms]) => [direction, speed, ms & 0xff, ms >> 8]);
const piece: fc.Arbitrary<Piece> = fc.oneof(
  { weight: 3, arbitrary: order(1, fc.constant([1])) },
  { weight: 4, arbitrary: order(2, fc.constant([])) },
  { weight: 6, arbitrary: order(3, goodRun) },
  { weight: 2, arbitrary: order(4, fc.constant([])) },
  {
    weight: 2,
    arbitrary: order(
      5,
      fc.nat(1).map((mode) => [mode]),
    ),
  },
  // Whatever a type does not allow, and types that nobody knows.
  {
    weight: 2,
    arbitrary: fc.nat(7).chain((type) => order(type, fc.array(byte, { maxLength: 32 }))),
  },
  fc.constant({ kind: 'again' as const }),
  fc.record({
    kind: fc.constant('noise' as const),
    // Noise that looks like beginnings of frames is the hardest.
    bytes: fc.array(fc.oneof(fc.constant(0xa5), fc.nat(40), byte), { minLength: 1, maxLength: 50 }),
  }),
  fc.record({ kind: fc.constant('bent' as const), at: fc.nat(40), bit: fc.nat(7) }),
  fc.record({ kind: fc.constant('half' as const), bytes: fc.nat(8) }),
);
const story: fc.Arbitrary<Turn[]> = fc.array(
  fc.record({ afterMs: fc.oneof(fc.nat(40), fc.nat(400)), piece }),
  { minLength: 5, maxLength: 40 },
);

/** The bytes of a story, each with its time. */
function bytesOf(turns: readonly Turn[]): { readonly atMs: number; readonly bytes: Uint8Array }[] {
  const sender: Sender = { sequence: 250, last: new Uint8Array(0) };
  let atMs = 0;
  return turns.map(({ afterMs, piece: one }) => {
    atMs += afterMs;
    return { atMs, bytes: bytesOfPiece(sender, one) };
  });
}

interface Sender {
  sequence: number;
  last: Uint8Array;
}

function bytesOfPiece(sender: Sender, one: Piece): Uint8Array {
  const { last } = sender;
  switch (one.kind) {
    case 'order': {
      sender.sequence = (sender.sequence + one.step) & 0xff;
      const body = [one.payload.length, sender.sequence, one.type, ...one.payload];
      const crc = crc16(Uint8Array.from(body));
      sender.last = Uint8Array.of(0xa5, ...body, crc & 0xff, crc >> 8);
      return sender.last;
    }
    case 'again':
      return last;
    case 'noise':
      return Uint8Array.from(one.bytes);
    case 'bent':
      return last.map((value, at) => (at === one.at ? value ^ (1 << one.bit) : value));
    case 'half':
      return last.slice(0, one.bytes);
  }
}

/** What the TypeScript twin makes of it: one line after each piece. */
function twinOf(turns: readonly Turn[]): string[] {
  const clock = new VirtualClock();
  const link = new HandLink();
  const chip = new SimulatedCoprocessor(link, clock);
  return bytesOf(turns).map(({ atMs, bytes }) => {
    clock.advance(atMs - clock.monoMs());
    link.onWritten(bytes);
    clock.advance(0);
    const motion = ['off', 'forward', 'reverse'].indexOf(chip.motion);
    const { isFast, isGreeted, obeyed } = chip.link;
    return [motion, stopCauses.indexOf(chip.stopCause), Number(isFast), obeyed, isGreeted].join(
      ' ',
    );
  });
}

describe('the reference firmware and its TypeScript twin', () => {
  it('do the same whatever comes over the wire: frames in noise, bent, doubled, late, unknown', () => {
    const stories = fc.sample(story, 400);
    const spoken = run(
      stories.flatMap((turns) => [
        'link 1 5',
        ...bytesOf(turns).flatMap(({ atMs, bytes }) => [
          `at ${atMs}`,
          ...(bytes.length === 0 ? [] : [`rx ${hex(bytes)}`]),
          'state',
          'status 0 0 0 0',
        ]),
      ]),
    );
    const told: string[][] = [];
    const scanner = new FrameScanner(controllerRules);
    let state = '';
    for (const line of spoken) {
      if (line === 'link') told.push([]);
      if (line.startsWith('state ')) state = line.slice('state '.length);
      if (!line.startsWith('tx ')) continue;
      const message = scanner.push(Buffer.from(line.split(' ')[2] ?? '', 'hex'))[0]?.content
        .message;
      if (message?.kind !== 'status') continue;
      told.at(-1)?.push([state, message.obeyed, message.isGreeted].join(' '));
    }
    const twins = stories.map(twinOf);
    // They met what matters: motion either way, ends by time and by order, a silence.
    const all = twins.flat().join('\n');
    for (const seen of [/^1 /m, /^2 /m, /^0 1 /m, /^0 2 /m, /^\d \d 1 /m, /false$/m]) {
      expect(all).toMatch(seen);
    }
    for (const [at, turns] of stories.entries()) {
      expect(told[at], JSON.stringify(turns)).toEqual(twins[at]);
    }
  });
});

describe.each(Object.keys(cores) as Core[])('the whole sketch, as for an %s', (core) => {
  const { in1, in2, fault, wire } = cores[core];
  const boot = [wire, 'boot'];
  const say = (sequence: number, message: Parameters<typeof hostFrame>[0]['message']) =>
    `serial ${hex(hostFrame({ sequence, message }))}`;
  const forward = { kind: 'run', direction: 'forward', speed255: 200, maxMs: 250 } as const;
  const motorOf = (lines: readonly string[]) => lines.filter((line) => line.startsWith('pwm '));
  const statusesOf = (lines: readonly string[]) => {
    const scanner = new FrameScanner(controllerRules);
    return lines
      .filter((line) => line.startsWith('tx '))
      .flatMap((line) => scanner.push(Buffer.from(line.split(' ')[2] ?? '', 'hex')))
      .flatMap(({ content: { message } }) => (message?.kind === 'status' ? [message] : []));
  };

  it('turns the motor for its time, and cuts it off 300 ms after the last word', () => {
    const lines = run(
      [...boot, 'run 10', say(1, { kind: 'hello' }), 'run 10', say(2, forward), 'run 600'],
      core,
    );
    expect(motorOf(lines)).toEqual([`pwm 21 ${in1} 200`, `pwm 271 ${in1} 0`]);
    const prolonged = [1, 2, 3, 4].flatMap((at) => [say(1 + at, forward), 'run 100']);
    const silent = run(
      [...boot, 'run 10', say(1, { kind: 'hello' }), 'run 10', ...prolonged, 'run 600'],
      core,
    );
    // The last run began at 321 ms and would have lasted until 571.
    expect(motorOf(silent)).toEqual([`pwm 21 ${in1} 200`, `pwm 571 ${in1} 0`]);
    expect(statusesOf(silent).at(-1)).toMatchObject({ isGreeted: false, stopCause: 'slice-end' });
  });

  it('turns nothing before a hello, nor with a driver that reports a fault', () => {
    const deaf = run([...boot, 'run 10', say(1, forward), 'run 600'], core);
    expect(motorOf(deaf)).toEqual([]);
    const reverse = { ...forward, direction: 'reverse' } as const;
    const broken = run(
      [
        ...[...boot, say(1, { kind: 'hello' }), 'run 10', say(2, reverse), 'run 10'],
        ...[`pin ${fault} 0`, 'run 800'],
      ],
      core,
    );
    expect(motorOf(broken)).toEqual([`pwm 11 ${in2} 200`, `pwm 21 ${in2} 0`]);
    expect(statusesOf(broken).at(-1)).toMatchObject({ stopCause: 'driver-fault' });
  });

  it('reads its HX711, counts edges, and says when the cell is gone', () => {
    const lines = run(
      [
        ...[...boot, 'cell 12 -4660', 'edges 7', say(1, { kind: 'hello' })],
        ...[say(2, { kind: 'rate', mode: 'dispense' }), 'run 1000', 'cell 0 0', 'run 1000'],
      ],
      core,
    );
    const statuses = statusesOf(lines);
    const weighed = statuses.filter(({ bowl }) => bowl !== null);
    expect(weighed.length).toBeGreaterThan(70);
    expect(new Set(weighed.map(({ bowl, edges }) => `${bowl} ${edges}`))).toEqual(
      new Set(['-4660 7']),
    );
    expect(statuses.at(-1)?.bowl).toBeNull();
  });

  it('lets neither a flood nor a feeder that does not listen hold up its clock', () => {
    const flood = 'a5'.repeat(3000);
    const lines = run(
      [
        ...[...boot, 'cell 12 5', say(1, { kind: 'hello' }), 'run 10', say(2, forward), 'run 10'],
        ...['wire 0 0', `serial ${flood}`, 'run 300', 'watchdog'],
      ],
      core,
    );
    expect(motorOf(lines)).toEqual([`pwm 11 ${in1} 200`, `pwm 261 ${in1} 0`]);
    expect(lines.at(-1)).toBe('watchdog 1');
    // Nothing was said to a wire that takes nothing: it closed after 20 ms.
    const saidAtMs = lines
      .filter((line) => line.startsWith('tx '))
      .map((line) => Number(line.split(' ')[1]));
    expect(saidAtMs.length).toBeGreaterThan(0);
    expect(Math.max(...saidAtMs)).toBeLessThanOrEqual(20);
    expect(lines.filter((line) => line.startsWith('blocked'))).toEqual([]);
  });

  it('says whole frames and never waits for the wire, whatever room its core tells of', () => {
    for (const told of ['wire 1 32', 'wire 1 1', 'wire 63 64', 'wire 64 64', 'wire 3 5']) {
      const lines = run(
        [
          ...[told, 'boot', 'cell 12 5', say(1, { kind: 'hello' })],
          ...[say(2, { kind: 'rate', mode: 'dispense' }), 'run 1000'],
        ],
        core,
      );
      expect(lines.filter((line) => line.startsWith('blocked'))).toEqual([]);
      const said = Buffer.concat(
        lines
          .filter((line) => line.startsWith('tx '))
          .map((line) => Buffer.from(line.split(' ')[2] ?? '', 'hex')),
      );
      const scanner = new FrameScanner(controllerRules);
      const kinds = scanner.push(said).map(({ content }) => content.message?.kind);
      expect(kinds[0], told).toBe('hello');
      expect(kinds.length, told).toBeGreaterThan(30);
      // Nothing but whole frames: what found no room was left out as a whole.
      expect([scanner.noiseBytes, new Set(kinds)]).toEqual([0, new Set(['hello', 'status'])]);
    }
  });

  it('keeps interrupts away for less than a byte of the wire lasts, and no pulse is too long', () => {
    const lines = run(
      [
        ...[...boot, 'cell 12 77', say(1, { kind: 'hello' })],
        ...[say(2, { kind: 'rate', mode: 'dispense' }), 'run 1000', 'masked'],
      ],
      core,
    );
    const [word = '', us = ''] = lines.at(-1)?.split(' ') ?? [];
    expect(word).toBe('masked');
    expect(Number(us)).toBeGreaterThan(0);
    expect(Number(us)).toBeLessThan(20);
    // A pulse of 60 us would have reset the HX711, and it would never have settled.
    const weighed = statusesOf(lines).filter(({ bowl }) => bowl !== null);
    expect(weighed.length).toBeGreaterThan(70);
    expect(new Set(weighed.map(({ bowl }) => bowl))).toEqual(new Set([77]));
  });

  it('gives no conversion of the settling, after power-up and whenever the cell was away', () => {
    const lines = run(
      [
        ...[...boot, say(1, { kind: 'hello' }), say(2, { kind: 'rate', mode: 'dispense' })],
        ...['cell 12 100', 'run 300', 'cell 0 0', 'run 700', 'cell 12 200', 'run 300'],
      ],
      core,
    );
    const told = statusesOf(lines).map(({ bowl }) => bowl);
    expect([...new Set(told)]).toEqual([100, null, 200]);
    expect(told.filter((bowl) => bowl === 200).length).toBeGreaterThan(15);
  });
});

describe('the parser', () => {
  it('knows the frame of its twin in every byte', () => {
    const message = { kind: 'hello', protocol: 1, bootId: 4660 } as const;
    const features = { hasCurrent: true, hasHopperCell: false, hasEdges: true };
    const [hello] = examplesOf(page, '### From the controller');
    expect(hex(controllerFrame({ sequence: 1, message: { ...message, ...features } }))).toBe(hello);
  });
});
