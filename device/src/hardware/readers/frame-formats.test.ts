import { describe, expect, it } from 'vitest';
import { longrfidFrame, rdm6300Frame, wl134aFrame } from '../../../test/support/reader-frames.ts';
import { FrameScanner } from '../io/frame-scanner.ts';
import { fdxbBytes, fdxbCrc, fdxbTag, NATIONAL_MAX } from './fdxb.ts';
import type { ReaderKind } from './frame-format.ts';
import { frameFormats } from './frame-formats.ts';

const bytesOf = (latin: string) => Uint8Array.from(latin, (letter) => letter.charCodeAt(0));
const idsIn = (kind: ReaderKind, bytes: Uint8Array) =>
  new FrameScanner(frameFormats[kind]).push(bytes).map(({ content }) => content?.id ?? null);
const animal = { country: 999, national: 1007, isAnimal: true, hasDataBlock: false };

describe('published frames', () => {
  const vectors: readonly (readonly [string, ReaderKind, string, readonly (string | null)[]])[] = [
    ['a full line', 'rfidrw-e', '999_000000001007_1_0_AEC4_000000\r\n', ['999000000001007']],
    ['a short line', 'rfidrw-e', '999_000000001007\r\n', ['999000000001007']],
    ['an answer without a tag', 'rfidrw-e', '?1\r\n', [null]],
    ['a collar tag', 'rdm6300', '\x02100086F44426\x03', ['100086F444']],
    ['another collar tag', 'rdm6300', '\x0262E3086CED08\x03', ['62E3086CED']],
    ['a Danish chip', 'positivid', 'Z5A2080A70C2C0001\r\n', ['208210000479322']],
    ["a maker's chip", 'positivid', 'Z1FC68BAD50870001\r\n', ['900046000071672']],
  ];
  it.each(vectors)('%s is read', (_name, kind, text, ids) => {
    expect(idsIn(kind, bytesOf(text))).toEqual(ids);
  });

  it('the telegram and its checksum are those of ISO 11785', () => {
    const bytes = fdxbBytes(animal);
    expect(Buffer.from(bytes).toString('hex')).toBe('ef030000c0f90080');
    expect(fdxbCrc(bytes)).toBe(0xaec4);
    expect(fdxbTag(Buffer.from(bytes).readBigUInt64LE())).toEqual(animal);
  });

  it('a WL-134A frame is laid out as its sheet says', () => {
    const frame = wl134aFrame({ ...animal, country: 0x3e });
    expect(Buffer.from(frame).toString('latin1').slice(0, 17)).toBe('\x02FE30000000E30001');
    expect(idsIn('wl134a', frame)).toEqual(['062000000001007']);
  });
});

describe('frames that must not pass', () => {
  it('the published WL-134A frame, whose national code has more than 38 bits', () => {
    const frame = bytesOf(`\x02${'64E8432107'}${'E300'}10${'0'.repeat(10)}\x0b\xf4\x03`);
    expect(frame.length).toBe(30);
    expect(idsIn('wl134a', frame)).toEqual([]);
  });

  it.each([
    ['country 0', { country: 0 }],
    ['country 1000', { country: 1000 }],
    ['a national code of 39 bits', { national: NATIONAL_MAX + 1 }],
  ])('%s', (_name, change) => {
    expect(idsIn('wl134a', wl134aFrame({ ...animal, ...change }))).toEqual([]);
    expect(idsIn('longrfid', longrfidFrame({ ...animal, ...change }))).toEqual([]);
  });

  it('a line with a wrong checksum, or numbers out of range', () => {
    for (const line of [
      '999_000000001007_1_0_AEC5_000000',
      '999_000000001008_1_0_AEC4_000000',
      '999_000000001007_0_0_AEC4_000000',
      '000_000000001007',
      '999_274877906944',
    ]) {
      expect(idsIn('rfidrw-e', bytesOf(`${line}\r\n`))).toEqual([]);
    }
  });

  it('a collar tag of zeros: a line that is only low', () => {
    expect(idsIn('rdm6300', rdm6300Frame('0000000000'))).toEqual([]);
  });
});

describe('the ends of the ranges', () => {
  it.each([
    [1, 0],
    [999, NATIONAL_MAX],
  ])('country %i, national %i', (country, national) => {
    const id = [String(country).padStart(3, '0') + String(national).padStart(12, '0')];
    const tag = { ...animal, country, national };
    expect(idsIn('wl134a', wl134aFrame(tag))).toEqual(id);
    expect(idsIn('longrfid', longrfidFrame(tag))).toEqual(id);
  });
});
