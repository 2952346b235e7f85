const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const ULID_LENGTH = 26;

/** The 16 bytes of an id of 26 characters: the form of a document's key. Throws on any other text. */
export function ulidToBytes(id: string): Buffer {
  if (!/^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(id)) throw new TypeError('An id has 26 characters.');
  let value = 0n;
  for (const letter of id) value = (value << 5n) | BigInt(CROCKFORD.indexOf(letter));
  return Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
}

/** The text of 16 bytes. */
export function bytesToUlid(bytes: Buffer): string {
  let value = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  for (let i = 0; i < ULID_LENGTH; i++) {
    text = CROCKFORD.charAt(Number(value & 31n)) + text;
    value >>= 5n;
  }
  return text;
}
