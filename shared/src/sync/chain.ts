import { bytesToText, textToBytes } from './text-bytes.ts';

/*
 * The hash chain of the ledger, on the feeder and in the cloud:
 *
 *   h_0 = genesis (8 random bytes)
 *   h_n = first 8 bytes of SHA-256( h_{n-1} | eid 8 | kind u16 | kver u8 | boot 8 | mono_ms u64 | body )
 *
 * All numbers big-endian, the body as UTF-8. Epoch, seq, class, wall time and its quality are not
 * in the chain, so that an entry can be renumbered and its wall time corrected.
 */

/** SHA-256 of some bytes, 32 bytes: the runtime brings it, since this package knows none. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** Bytes of a hash, a genesis, an event id, a boot id or a nonce. */
export const HASH_BYTES = 8;
const FIXED_BYTES = HASH_BYTES + 8 + 2 + 1 + 8 + 8;

/** The part of an entry that the chain covers. */
export interface ChainedEntry {
  readonly eid: Uint8Array;
  readonly kind: number;
  readonly kver: number;
  readonly boot: Uint8Array;
  readonly monoMs: number;
  /** Canonical JSON. */
  readonly body: string;
}

const utf8 = new TextEncoder();

/** The hash of an entry that follows `previous`. Throws RangeError on fields of a wrong length. */
export function chainHash(sha256: Sha256, previous: Uint8Array, entry: ChainedEntry): Uint8Array {
  const { eid, boot } = entry;
  if (previous.length !== HASH_BYTES || eid.length !== HASH_BYTES || boot.length !== HASH_BYTES) {
    throw new RangeError('A ledger entry has fields of a wrong length.');
  }
  const body = utf8.encode(entry.body);
  const bytes = new Uint8Array(FIXED_BYTES + body.length);
  const view = new DataView(bytes.buffer);
  bytes.set(previous, 0);
  bytes.set(eid, 8);
  view.setUint16(16, entry.kind);
  view.setUint8(18, entry.kver);
  bytes.set(boot, 19);
  view.setBigUint64(27, BigInt(entry.monoMs));
  bytes.set(body, FIXED_BYTES);
  return sha256(bytes).subarray(0, HASH_BYTES);
}

/** The same over the texts that travel. */
export interface ChainedText {
  readonly eid: string;
  readonly kind: number;
  readonly kver: number;
  readonly boot: string;
  readonly monoMs: number;
  readonly body: string;
}

/** `chainHash` with its bytes as text. */
export function chainText(sha256: Sha256, previous: string, entry: ChainedText): string {
  const { kind, kver, monoMs, body } = entry;
  const eid = textToBytes(entry.eid);
  const boot = textToBytes(entry.boot);
  const chained = { eid, boot, kind, kver, monoMs, body };
  return bytesToText(chainHash(sha256, textToBytes(previous), chained));
}
