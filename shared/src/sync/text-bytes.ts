/** Bytes as the protocol writes them: base64url without padding. */
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const values = new Int8Array(128).fill(-1);
for (let i = 0; i < LETTERS.length; i++) values[LETTERS.charCodeAt(i)] = i;

/** Text of some bytes; equal bytes, equal text. */
export function bytesToText(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += LETTERS.charAt((held >> bits) & 63);
    }
  }
  return bits === 0 ? text : text + LETTERS.charAt((held << (6 - bits)) & 63);
}

/** The bytes of such a text; throws RangeError on any other text. */
export function textToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length * 6) >> 3);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const value = values[text.charCodeAt(i)] ?? -1;
    if (value < 0) throw new RangeError('Not a text of bytes in base64url.');
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >> bits) & 0xff;
    at += 1;
  }
  return bytes;
}

const utf8 = new TextEncoder();

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  return utf8.encode(text).length;
}
