import type { Judgement } from '../io/frame-scanner.ts';
import { type FdxbTag, fdxbBytes, fdxbCrc, fdxbId, fdxbTag } from './fdxb.ts';
import {
  type ByteRule,
  type FrameFormat,
  type FrameTag,
  is,
  isAny,
  isDigit,
  isFlag,
  isHexDigit,
  isLineEnd,
  judgePlaces,
  places,
  type ReaderKind,
  text,
  textAt,
  xorOf,
} from './frame-format.ts';

function fdxb(tag: FdxbTag): FrameTag | null {
  const id = fdxbId(tag);
  return id === null ? null : { protocol: 'fdxb', id, isAnimal: tag.isAnimal };
}

/** Hex digits with the least significant one first. */
function reversedHex(digits: string): number {
  return Number.parseInt([...digits].reverse().join(''), 16);
}

const wl134aPlaces: readonly ByteRule[] = [
  is(0x02),
  ...places(14, isHexDigit),
  ...places(2, isFlag),
  // Reserved bits and the trailer: zeros on most chips, a temperature on some.
  ...places(10, isHexDigit),
  ...places(2, isAny),
  is(0x03),
];

function readWl134a(frame: Uint8Array): FrameTag | null {
  const sum = xorOf(frame.subarray(1, 27));
  if (frame[27] !== sum || frame[28] !== (~sum & 0xff)) return null;
  return fdxb({
    national: reversedHex(textAt(frame, 1, 11)),
    country: reversedHex(textAt(frame, 11, 15)),
    hasDataBlock: frame[15] === 0x31,
    isAnimal: frame[16] === 0x31,
  });
}

const linePlaces: readonly ByteRule[] = [...places(3, isDigit), is(0x5f), ...places(12, isDigit)];
const shortPlaces = [...linePlaces, isLineEnd];
const fullPlaces = [
  ...linePlaces,
  ...[is(0x5f), isFlag, is(0x5f), isFlag, is(0x5f)],
  ...places(4, isHexDigit),
  is(0x5f),
  ...places(6, isHexDigit),
  isLineEnd,
];
/** `?1` says that there is no tag; the others are errors of the reader. */
const answerPlaces = [is(0x3f), isDigit, isLineEnd];

function readLine(frame: Uint8Array): FrameTag | null {
  const line = textAt(frame, 0, frame.length - 1);
  const isFull = frame.length === fullPlaces.length;
  const tag = {
    country: Number(line.slice(0, 3)),
    national: Number(line.slice(4, 16)),
    isAnimal: isFull && line[17] === '1',
    hasDataBlock: isFull && line[19] === '1',
  };
  const id = fdxbId(tag);
  if (id === null) return null;
  if (!isFull) return { protocol: 'fdxb', id, isAnimal: null };
  const isSound = fdxbCrc(fdxbBytes(tag)) === Number.parseInt(line.slice(21, 25), 16);
  return isSound ? { protocol: 'fdxb', id, isAnimal: tag.isAnimal } : null;
}

function judgeLine(bytes: Uint8Array): Judgement<FrameTag | null> {
  const answer = judgePlaces(bytes, answerPlaces, () => ({
    protocol: 'fdxb',
    id: '',
    isAnimal: null,
  }));
  if (answer.kind === 'frame') return { ...answer, content: null };
  if (answer.kind === 'more') return answer;
  const short = judgePlaces(bytes, shortPlaces, readLine);
  return short.kind === 'no' ? judgePlaces(bytes, fullPlaces, readLine) : short;
}

const rdm6300Places = [is(0x02), ...places(12, isHexDigit), is(0x03)];

function readRdm6300(frame: Uint8Array): FrameTag | null {
  const digits = textAt(frame, 1, 13);
  const bytes = Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const id = digits.slice(0, 10);
  // The sum over all six bytes is zero; so it is for a line that only ever says zero.
  if (xorOf(bytes) !== 0 || id === '0000000000') return null;
  return { protocol: 'em4100', id, isAnimal: null };
}

const longrfidPlaces = [...[0xaa, 0x0f, 0x08, 0x00].map(is), ...places(8, isAny), is(0xbb)];

function readLongrfid(frame: Uint8Array): FrameTag | null {
  if (xorOf(frame.subarray(1, 12)) !== 0) return null;
  const number = (from: number, to: number) =>
    frame.subarray(from, to).reduce((value, byte) => value * 256 + byte, 0);
  const id = fdxbId({ country: number(4, 6), national: number(6, 11) });
  return id === null ? null : { protocol: 'fdxb', id, isAnimal: null };
}

const positividPlaces = [...text('Z'), ...places(16, isHexDigit), isLineEnd];

/** The digits are the telegram's bits in the order of the air, so the first bit is the lowest. */
function readPositivid(frame: Uint8Array): FrameTag | null {
  const digits = [...textAt(frame, 1, 17)];
  const air = digits.map((digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0'));
  const bits = [...air.join('')].reverse().join('');
  return fdxb(fdxbTag(BigInt(`0b${bits}`)));
}

const carriageReturn = (line: string) => new TextEncoder().encode(`${line}\r\n`);

/** Every known reader, by the name that a hardware profile gives. */
export const frameFormats: Readonly<Record<ReaderKind, FrameFormat>> = {
  wl134a: {
    kind: 'wl134a',
    name: 'WL-134A',
    baudRate: 9600,
    bytesMax: wl134aPlaces.length,
    hello: null,
    judge: (bytes) => judgePlaces(bytes, wl134aPlaces, readWl134a),
  },
  'rfidrw-e': {
    kind: 'rfidrw-e',
    name: 'Priority 1 RFIDRW-E',
    baudRate: 9600,
    bytesMax: fullPlaces.length,
    hello: carriageReturn('RAT'),
    judge: judgeLine,
  },
  rdm6300: {
    kind: 'rdm6300',
    name: 'RDM6300',
    baudRate: 9600,
    bytesMax: rdm6300Places.length,
    hello: null,
    judge: (bytes) => judgePlaces(bytes, rdm6300Places, readRdm6300),
  },
  longrfid: {
    kind: 'longrfid',
    name: 'long-range FDX-B module',
    baudRate: 9600,
    bytesMax: longrfidPlaces.length,
    hello: null,
    judge: (bytes) => judgePlaces(bytes, longrfidPlaces, readLongrfid),
  },
  positivid: {
    kind: 'positivid',
    name: 'PositivID',
    baudRate: 9600,
    bytesMax: positividPlaces.length,
    hello: null,
    judge: (bytes) => judgePlaces(bytes, positividPlaces, readPositivid),
  },
};
