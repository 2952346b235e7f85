import { createHash } from 'node:crypto';
import type { ClockQuality, EventClass } from '@cat-feeder/shared';
import { damaged } from './sqlite-errors.ts';

/*
 * The encoding that the hash chain covers, written down in docs/storage.md:
 *
 *   h_0 = genesis (8 random bytes)
 *   h_n = first 8 bytes of SHA-256( h_{n-1} | eid 8 | kind u16 | kver u8 | boot 8 | mono_ms u64 | body )
 *
 * All numbers big-endian, the body as UTF-8. Epoch, seq, class, wall time and its quality are not
 * in the chain, so that an entry can be renumbered and its wall time corrected; the row's own
 * checksum covers them.
 */

export const HASH_BYTES = 8;
const FIXED_BYTES = HASH_BYTES + 8 + 2 + 1 + 8 + 8;

/** The part of an entry that the chain covers. */
export interface ChainedFields {
  readonly eid: Buffer;
  readonly kind: number;
  readonly kver: number;
  readonly boot: Buffer;
  readonly mono_ms: number;
  readonly body: string;
}

/** The hash of an entry that follows `previous`. */
export function chainHash(previous: Buffer, entry: ChainedFields): Buffer {
  const body = Buffer.from(entry.body, 'utf8');
  const bytes = Buffer.allocUnsafe(FIXED_BYTES + body.length);
  if (previous.length !== HASH_BYTES || entry.eid.length !== 8 || entry.boot.length !== 8) {
    throw damaged('A ledger entry');
  }
  previous.copy(bytes, 0);
  entry.eid.copy(bytes, 8);
  bytes.writeUInt16BE(entry.kind, 16);
  bytes.writeUInt8(entry.kver, 18);
  entry.boot.copy(bytes, 19);
  bytes.writeBigUInt64BE(BigInt(entry.mono_ms), 27);
  body.copy(bytes, FIXED_BYTES);
  return createHash('sha256').update(bytes).digest().subarray(0, HASH_BYTES);
}

/** JSON with the keys of every object in order and nothing left to choice: equal values, equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value === 'string') return value.toWellFormed();
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key.toWellFormed(), sorted(inner)]));
}

/** A boot id as 8 bytes: 16 hex digits as they are, any other text by its SHA-256. */
export function bootBytes(bootId: string): Buffer {
  if (/^[0-9a-f]{16}$/.test(bootId)) return Buffer.from(bootId, 'hex');
  return createHash('sha256').update(bootId).digest().subarray(0, 8);
}

/** How far the wall time of an entry can be believed: 0 not at all, 1 restored, 2 set, 3 from the cloud. */
export const timeQuality: Readonly<Record<ClockQuality, number>> = {
  unknown: 0,
  estimated: 1,
  rtc: 2,
  synchronized: 2,
};

export const classNumber: Readonly<Record<EventClass, number>> = { A: 0, B: 1, C: 2 };
