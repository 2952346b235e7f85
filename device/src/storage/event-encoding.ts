import { createHash } from 'node:crypto';
import {
  type ClockQuality,
  chainHash as chainOf,
  type EventClass,
  HASH_BYTES,
  type Sha256,
} from '@cat-feeder/shared';
import type { StationClock } from '../platform/clock.ts';
import type { SyncNow } from '../sync/sync-store.ts';
import { damaged } from './sqlite-errors.ts';

/** The part of a row that the chain covers. */
export interface ChainedFields {
  readonly eid: Buffer;
  readonly kind: number;
  readonly kver: number;
  readonly boot: Buffer;
  readonly mono_ms: number;
  readonly body: string;
}

/** SHA-256 of this runtime. */
export const sha256: Sha256 = (bytes) => createHash('sha256').update(bytes).digest();

/** The hash of a row that follows `previous`: the chain of shared/src/sync/chain.ts. */
export function chainHash(previous: Buffer, row: ChainedFields): Buffer {
  const { eid, kind, kver, boot, body } = row;
  if (previous.length !== HASH_BYTES || eid.length !== HASH_BYTES || boot.length !== HASH_BYTES) {
    throw damaged('A ledger entry');
  }
  const entry = { eid, kind, kver, boot, monoMs: row.mono_ms, body };
  return Buffer.from(chainOf(sha256, previous, entry));
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

/** The present time in the ledger's words. */
export function syncNow(time: StationClock): SyncNow {
  const { monoMs, wallMs, quality } = time.now();
  return { monoMs, wallMs, tq: timeQuality[quality] };
}

export const classNumber: Readonly<Record<EventClass, number>> = { A: 0, B: 1, C: 2 };
