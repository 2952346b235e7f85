import { timingSafeEqual } from 'node:crypto';
import type { EpochMs, RandomBytes } from '@cat-feeder/shared';
import type { ServiceKeys } from './service-keys.ts';

/** How long a nonce is good for: long enough for a slow line, and nothing is stored for it. */
export const NONCE_MS = 120_000;

const TIME_BYTES = 6;
const RANDOM_BYTES = 10;
const MAC_BYTES = 16;

/** A text that only this service can have made, and only lately. */
export function makeNonce(keys: ServiceKeys, nowMs: EpochMs, random: RandomBytes): string {
  const head = Buffer.alloc(TIME_BYTES + RANDOM_BYTES);
  head.writeUIntBE(Math.max(0, Math.floor(nowMs)), 0, TIME_BYTES);
  head.set(random(RANDOM_BYTES), TIME_BYTES);
  return Buffer.concat([head, macOf(keys, head)]).toString('base64url');
}

/** Whether a text is such a nonce, made at most two minutes ago. */
export function isFreshNonce(keys: ServiceKeys, nonce: string, nowMs: EpochMs): boolean {
  const bytes = Buffer.from(nonce, 'base64url');
  if (bytes.length !== TIME_BYTES + RANDOM_BYTES + MAC_BYTES) return false;
  const head = bytes.subarray(0, TIME_BYTES + RANDOM_BYTES);
  if (!timingSafeEqual(macOf(keys, head), bytes.subarray(head.length))) return false;
  const ageMs = nowMs - head.readUIntBE(0, TIME_BYTES);
  // Another node's clock may be a little ahead.
  return ageMs <= NONCE_MS && ageMs >= -NONCE_MS;
}

function macOf(keys: ServiceKeys, head: Uint8Array): Buffer {
  return keys.mac('nonce', head).subarray(0, MAC_BYTES);
}
