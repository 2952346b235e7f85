import { type FdxbTag, fdxbBytes, fdxbCrc } from '../../src/hardware/readers/fdxb.ts';

const bytesOf = (latin: string) => Uint8Array.from(latin, (letter) => letter.charCodeAt(0));
const padded = (value: number, digits: number, radix = 10) =>
  value.toString(radix).toUpperCase().padStart(digits, '0');

/** What a WL-134A sends for this chip, whether or not its numbers are allowed. */
export function wl134aFrame(tag: FdxbTag, trailer = '0000000000'): Uint8Array {
  const reversed = (value: number, digits: number) =>
    [...padded(value, digits, 16)].reverse().join('');
  const body = bytesOf(
    `${reversed(tag.national, 10)}${reversed(tag.country, 4)}${Number(tag.hasDataBlock)}` +
      `${Number(tag.isAnimal)}${trailer}`,
  );
  let sum = 0;
  for (const byte of body) sum ^= byte;
  return Uint8Array.of(2, ...body, sum, 255 - sum, 3);
}

/** The short line of an RFIDRW-E. */
export function shortLine(tag: FdxbTag): Uint8Array {
  return bytesOf(`${padded(tag.country, 3)}_${padded(tag.national, 12)}\r\n`);
}

/** The full line of an RFIDRW-E. */
export function fullLine(tag: FdxbTag): Uint8Array {
  const crc = padded(fdxbCrc(fdxbBytes(tag)), 4, 16);
  const flags = `${Number(tag.isAnimal)}_${Number(tag.hasDataBlock)}`;
  return bytesOf(
    `${padded(tag.country, 3)}_${padded(tag.national, 12)}_${flags}_${crc}_000000\r\n`,
  );
}

/** What an RDM6300 sends for a tag of ten hex digits. */
export function rdm6300Frame(id: string): Uint8Array {
  let sum = 0;
  for (let at = 0; at < 10; at += 2) sum ^= Number.parseInt(id.slice(at, at + 2), 16);
  return bytesOf(`\u0002${id}${padded(sum, 2, 16)}\u0003`);
}

/** The binary frame of the long-range module. */
export function longrfidFrame(tag: FdxbTag): Uint8Array {
  const number = (value: number, bytes: number) =>
    Array.from({ length: bytes }, (_, at) => Math.floor(value / 256 ** (bytes - 1 - at)) % 256);
  const body = [0x0f, 0x08, 0x00, ...number(tag.country, 2), ...number(tag.national, 5)];
  const sum = body.reduce((xor, byte) => xor ^ byte, 0);
  return Uint8Array.of(0xaa, ...body, sum, 0xbb);
}

/** The `Z` line of a PositivID reader: bits in the order of the air. */
export function positividLine(tag: FdxbTag): Uint8Array {
  const air = [...fdxbBytes(tag)].map((byte) =>
    [...byte.toString(2).padStart(8, '0')].reverse().join(''),
  );
  const digits = air.join('').match(/..../g) ?? [];
  const hex = digits.map((four) => Number.parseInt(four, 2).toString(16).toUpperCase());
  return bytesOf(`Z${hex.join('')}\r\n`);
}
