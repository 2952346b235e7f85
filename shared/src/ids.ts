import * as v from 'valibot';
import { LocalDateSchema } from './time.ts';

/**
 * Identifiers. An id made by the device is a ULID in lower case: 48 bits of time and 80 random
 * bits in Crockford base32, 26 characters, sortable by the time it was made and never reused.
 */
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';

/** Where randomness enters: fills a new array with `length` random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** Makes a ULID for the instant `wallMs` (0 to 2^48-1). */
export function makeUlid(wallMs: number, randomBytes: RandomBytes): string {
  let time = Math.max(0, Math.floor(wallMs));
  let head = '';
  for (let i = 0; i < 10; i++) {
    head = CROCKFORD.charAt(time % 32) + head;
    time = Math.floor(time / 32);
  }
  let tail = '';
  for (const byte of randomBytes(16)) tail += CROCKFORD.charAt(byte & 31);
  return head + tail;
}

/** The 16 bytes of such an id, as a key holds them. Throws on any other text. */
export function ulidToBytes(id: string): Uint8Array {
  if (!/^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(id)) throw new TypeError('An id has 26 characters.');
  const bytes = new Uint8Array(16);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const letter of id) {
    held = ((held << 5) | CROCKFORD.indexOf(letter)) & 0x1fff;
    // The first letter stands for three bits: 26 letters are 128 bits and two in front of them.
    bits += at === 0 && bits === 0 ? 3 : 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = (held >> bits) & 0xff;
    at += 1;
  }
  return bytes;
}

/** The text of 16 bytes. */
export function bytesToUlid(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 2;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += CROCKFORD.charAt((held >> bits) & 31);
    }
  }
  return text;
}

/** The id of a stored entity: pet, meal, plan, overlay, kibble, feeding. */
export const EntityIdSchema = v.pipe(
  v.string(),
  v.regex(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/, 'must be an id of 26 characters, as the feeder gave it'),
);

/** What the feeder's own feedings begin their keys with: nobody else may claim one of them. */
export const OWN_REQUESTS = ['meal', 'starve', 'elapsed', 'memory', 'calibration'] as const;
export type OwnRequest = (typeof OWN_REQUESTS)[number];

/** The key of a feeding that the feeder decides on by itself. */
export function ownRequestId(kind: OwnRequest, rest: string): string {
  return `${kind}:${rest}`;
}

/**
 * The idempotency key that the cause of a feeding brings from outside: 1 to 64 characters. The same
 * key never moves the motor twice.
 */
export const RequestIdSchema = v.pipe(
  v.string(),
  v.regex(
    new RegExp(`^(?!(?:${OWN_REQUESTS.join('|')}):)[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}$`),
    `must be 1 to 64 letters, digits, or . _ : @ -, and not begin with ${OWN_REQUESTS.join(':, ')}:`,
  ),
);

/** One meal on one local date that exists, 2000 to 2099: `mealId@YYYY-MM-DD`. */
export const OccurrenceKeySchema = v.pipe(
  v.string(),
  v.regex(
    /^[0-7][0-9a-hjkmnp-tv-z]{25}@20\d{2}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/,
    'must be an occurrence key, mealId@YYYY-MM-DD',
  ),
  v.check(
    (key) => v.is(LocalDateSchema, parseOccurrenceKey(key).localDate),
    'must name a date that exists',
  ),
);

/** Builds the key of one meal on one local date. */
export function occurrenceKey(mealId: string, localDate: string): string {
  return `${mealId}@${localDate}`;
}

/** Takes an occurrence key apart. */
export function parseOccurrenceKey(key: string): { mealId: string; localDate: string } {
  const at = key.lastIndexOf('@');
  return { mealId: key.slice(0, at), localDate: key.slice(at + 1) };
}
