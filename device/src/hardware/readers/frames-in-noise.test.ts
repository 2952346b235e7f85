import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  fullLine,
  longrfidFrame,
  positividLine,
  rdm6300Frame,
  shortLine,
  wl134aFrame,
} from '../../../test/support/reader-frames.ts';
import { FrameScanner } from '../io/frame-scanner.ts';
import { NATIONAL_MAX } from './fdxb.ts';
import type { ReaderKind } from './frame-format.ts';
import { frameFormats } from './frame-formats.ts';

/** A frame as its reader sends it, and the id that must come of it. */
type Sent = { readonly bytes: Uint8Array; readonly id: string };

const chip = fc.record({
  country: fc.integer({ min: 1, max: 999 }),
  national: fc.integer({ min: 0, max: NATIONAL_MAX }),
  isAnimal: fc.boolean(),
  hasDataBlock: fc.boolean(),
});
const printed = ({ country, national }: { country: number; national: number }) =>
  String(country).padStart(3, '0') + String(national).padStart(12, '0');
const hexDigits = fc
  .bigInt({ min: 1n, max: (1n << 40n) - 1n })
  .map((value) => value.toString(16).toUpperCase().padStart(10, '0'));
const chipFrames = (encode: (tag: Parameters<typeof wl134aFrame>[0]) => Uint8Array) =>
  chip.map((tag): Sent => ({ bytes: encode(tag), id: printed(tag) }));

const frames: Readonly<Record<ReaderKind, fc.Arbitrary<Sent>>> = {
  wl134a: chipFrames(wl134aFrame),
  'rfidrw-e': fc.oneof(chipFrames(shortLine), chipFrames(fullLine)),
  rdm6300: hexDigits.map((id): Sent => ({ bytes: rdm6300Frame(id), id })),
  longrfid: chipFrames(longrfidFrame),
  positivid: chipFrames(positividLine),
};

/**
 * What may lie between frames: random bytes, bytes that like to begin frames, a frame that was cut
 * at either end by an unplug, and a frame with one byte changed.
 */
function noise(kind: ReaderKind): fc.Arbitrary<Uint8Array> {
  const startish = fc.constantFrom(
    0x02,
    0x03,
    0xaa,
    0x0f,
    0x08,
    0x00,
    0x5a,
    0x30,
    0x39,
    0x5f,
    0x3f,
  );
  const cut = fc.tuple(frames[kind], fc.nat(), fc.boolean()).map(([{ bytes }, at, isHead]) => {
    const length = 1 + (at % (bytes.length - 3));
    return isHead ? bytes.slice(0, length) : bytes.slice(bytes.length - length);
  });
  const bent = fc
    .tuple(frames[kind], fc.nat(), fc.integer({ min: 1, max: 255 }))
    .map(([{ bytes }, at, change]) =>
      bytes.map((byte, index) => (index === at % bytes.length ? byte ^ change : byte)),
    );
  const loose = fc.array(fc.oneof(startish, fc.integer({ min: 0, max: 255 })), { maxLength: 40 });
  return fc.oneof(
    loose.map((bytes) => Uint8Array.from(bytes)),
    cut,
    bent,
  );
}

/** An independent look at a window of bytes: is it a frame of this kind? Written from the sheets. */
function isFrame(kind: ReaderKind, window: Uint8Array): boolean {
  const latin = Buffer.from(window).toString('latin1');
  // The first and the last byte, where they are STX and ETX, as signs that can be written.
  const isMarked = window[0] === 2 && window.at(-1) === 3;
  const marked = isMarked ? `<${latin.slice(1, -1)}>` : '';
  const isLongrfidHead = window.length === 13 && Buffer.from(window).readUInt32BE() === 0xaa0f0800;
  const xor = (from: number, to: number) => window.slice(from, to).reduce((a, b) => a ^ b, 0);
  const isInRange = (country: number, national: number) =>
    country >= 1 && country <= 999 && national <= NATIONAL_MAX;
  switch (kind) {
    case 'wl134a': {
      const fields = /^<([0-9A-F]{10})([0-9A-F]{4})[01]{2}[0-9A-F]{10}..>$/s.exec(marked);
      if (!fields || window[27] !== xor(1, 27) || window[28] !== 255 - xor(1, 27)) return false;
      const value = (hex = '') => Number.parseInt([...hex].reverse().join(''), 16);
      return isInRange(value(fields[2]), value(fields[1]));
    }
    case 'rfidrw-e': {
      const fields = /^(\d{3})_(\d{12})(?:_([01])_([01])_([0-9A-F]{4})_[0-9A-F]{6})?[\r\n]$/.exec(
        latin,
      );
      if (!fields || !isInRange(Number(fields[1]), Number(fields[2]))) return false;
      if (fields[5] === undefined) return true;
      const sound = fullLine({
        country: Number(fields[1]),
        national: Number(fields[2]),
        isAnimal: fields[3] === '1',
        hasDataBlock: fields[4] === '1',
      });
      return Buffer.from(sound).toString('latin1').slice(21, 25) === fields[5];
    }
    case 'rdm6300': {
      const fields = /^<([0-9A-F]{12})>$/.exec(marked);
      const pairs = fields?.[1]?.match(/../g) ?? ['1'];
      return pairs.reduce((a, b) => a ^ Number.parseInt(b, 16), 0) === 0 && !/^.0{10}/.test(latin);
    }
    case 'longrfid': {
      if (!isLongrfidHead || window[12] !== 0xbb) return false;
      const bytes = Buffer.from(window);
      return xor(1, 12) === 0 && isInRange(bytes.readUInt16BE(4), bytes.readUIntBE(6, 5));
    }
    case 'positivid': {
      const digits = /^Z([0-9A-F]{16})[\r\n]$/.exec(latin)?.[1] ?? '';
      const bits = [...digits]
        .map((d) => Number.parseInt(d, 16).toString(2).padStart(4, '0'))
        .join('');
      const country = Number.parseInt([...bits.slice(38, 48)].reverse().join(''), 2);
      return isInRange(country, 0);
    }
  }
}

/** How many windows of the stream are frames: with an accident in the noise, more than were sent. */
function framesIn(kind: ReaderKind, stream: Uint8Array): number {
  const lengths = {
    wl134a: [30],
    'rfidrw-e': [17, 33],
    rdm6300: [14],
    longrfid: [13],
    positivid: [18],
  };
  let count = 0;
  for (const length of lengths[kind]) {
    for (let at = 0; at + length <= stream.length; at++) {
      if (isFrame(kind, stream.subarray(at, at + length))) count += 1;
    }
  }
  return count;
}

const kinds = Object.keys(frameFormats) as ReaderKind[];

describe('a scanner', () => {
  it.each(kinds)('finds in any stream the buried frames of a %s and no others', (kind) => {
    const part = fc.oneof(
      { arbitrary: frames[kind], weight: 2 },
      { arbitrary: noise(kind).map((bytes) => ({ bytes, id: null })), weight: 3 },
    );
    let accidents = 0;
    const runs = 400;
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 12 }),
        fc.integer({ min: 1, max: 50 }),
        (parts, size) => {
          const sent = parts.flatMap(({ id }) => (id === null ? [] : [id]));
          const stream = Uint8Array.from(parts.flatMap(({ bytes }) => [...bytes]));
          if (framesIn(kind, stream) !== sent.length) {
            accidents += 1;
            return;
          }
          const scanner = new FrameScanner(frameFormats[kind]);
          const found: string[] = [];
          for (let at = 0; at < stream.length; at += size) {
            for (const { content: tag } of scanner.push(stream.subarray(at, at + size))) {
              if (tag !== null) found.push(tag.id);
            }
          }
          expect(found).toEqual(sent);
        },
      ),
      { numRuns: runs },
    );
    // A check that throws most streams away would prove nothing.
    expect(accidents).toBeLessThan(runs / 3);
  });

  it.each(kinds)('gives a frame of a %s with its last byte, whatever came before', (kind) => {
    fc.assert(
      fc.property(noise(kind), frames[kind], (before, { bytes, id }) => {
        const stream = Uint8Array.from([...before, ...bytes]);
        fc.pre(framesIn(kind, stream) === 1);
        const scanner = new FrameScanner(frameFormats[kind]);
        const lineEnd = kind === 'rfidrw-e' || kind === 'positivid' ? 1 : 0;
        const found = scanner.push(stream.subarray(0, stream.length - lineEnd));
        expect(found.at(-1)?.content?.id).toBe(id);
      }),
      { numRuns: 200 },
    );
  });

  it('forgets a frame that was cut by an unplug', () => {
    const whole = rdm6300Frame('62E3086CED');
    const scanner = new FrameScanner(frameFormats.rdm6300);
    scanner.push(whole.subarray(0, 9));
    scanner.reset();
    expect(scanner.push(whole.subarray(9))).toEqual([]);
    expect(scanner.push(whole)).toHaveLength(1);
    expect(scanner.noiseBytes).toBe(14);
  });
});
