import { bytesToUlid, PARTY_LETTERS, ulidToBytes } from '@cat-feeder/shared';

/* Ids and hashes are texts on the wire and bytes in a key. */

/** The text of 16 bytes as a device or a home is named. */
export function bytesToParty(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += PARTY_LETTERS.charAt((held >> bits) & 31);
    }
  }
  return bits === 0 ? text : text + PARTY_LETTERS.charAt((held << (5 - bits)) & 31);
}

/** The 16 bytes of a device or a home; the text has passed `PartyIdSchema`. */
export function partyToBytes(text: string): Buffer {
  const bytes = Buffer.alloc(16);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of text) {
    held = ((held << 5) | PARTY_LETTERS.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >> bits) & 0xff;
    at += 1;
  }
  return bytes;
}

/** The bytes of a ULID as a value of a statement. */
export function ulid(text: string): Buffer {
  return Buffer.from(ulidToBytes(text));
}

/** The text of a ULID's bytes. */
export function ulidText(bytes: Buffer): string {
  return bytesToUlid(bytes);
}

/** Bytes of a hash, a genesis, an entry's id, a boot or a nonce. */
export function hashBytes(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

/** Their text. */
export function hashText(bytes: Buffer): string {
  return bytes.toString('base64url');
}

/** A value as JSON in a column of bytes: no collation and no JSON type touches it. */
export function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

/** The value of such a column. */
export function fromJson<T>(bytes: Buffer): T {
  return JSON.parse(bytes.toString('utf8')) as T;
}
