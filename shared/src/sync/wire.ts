import * as v from 'valibot';
import { EntityIdSchema } from '../ids.ts';
import { SYNC_VERSION } from './sync-limits.ts';

/** Pieces that several messages have in common. Unknown fields of a message are kept, not refused. */
export const Bytes8Schema = v.pipe(
  v.string(),
  v.regex(/^[A-Za-z0-9_-]{10}[AEIMQUYcgkosw048]$/, 'must be 8 bytes in base64url'),
);
/** The alphabet of base32, in lower case. */
export const PARTY_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
/** A device or a home: 16 random bytes in base32, 26 characters, safe in topics and keys. */
export const PartyIdSchema = v.pipe(
  v.string(),
  v.regex(/^[a-z2-7]{25}[aeimquy4]$/, 'must be an id'),
);
/** The x of an Ed25519 public key. */
export const KeyTextSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/));
export const UlidSchema = EntityIdSchema;

export const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const EpochSchema = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32 - 1));
/** A number of an entry: 1, 2, 3... inside its epoch. */
export const SeqSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
export const WallMsSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(2 ** 48));
export const VersionSchema = v.literal(SYNC_VERSION);
export const shortText = v.pipe(v.string(), v.maxLength(200));
