import * as v from 'valibot';
import { canonicalJson } from './canonical-json.ts';
import { Bytes8Schema, countSchema, KeyTextSchema, WallMsSchema } from './wire.ts';

/*
 * What a feeder signs with its key (Ed25519): the head of its ledger once a day, as an entry of it,
 * and a whole ledger file. The same forms are written down for owners in docs/ledger-file.md, and
 * scripts/verify-ledger.ts checks them without anything from here.
 */

const SignatureTextSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{86}$/));

const headEntries = {
  /** The stretch of the ledger, by its beginning: an epoch may get another number later. */
  genesis: Bytes8Schema,
  /** The entry before the one that holds this, and its hash. */
  seq: countSchema,
  hash: Bytes8Schema,
  /** By the feeder's clock, and how far that is believed, as in an entry. */
  atMs: WallMsSchema,
  tq: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(3)),
  key: KeyTextSchema,
};

export const SignedHeadSchema = v.strictObject({ ...headEntries, signature: SignatureTextSchema });
export type HeadClaim = Omit<v.InferOutput<typeof SignedHeadSchema>, 'signature'>;

/** The text under the signature of a head. */
export function headWords(head: HeadClaim): string {
  return canonicalJson({ ...head, what: 'cat-feeder ledger head 1' });
}

/** How a segment of the ledger ends in a file: its genesis, last number and the hash there. */
export type FileHead = readonly [genesis: string, seq: number, hash: string];

/** What the last line of a ledger file says of all lines before it. */
export interface FileClaim {
  readonly key: string;
  readonly atMs: number;
  readonly tq: number;
  /** Lines before the last one, and the SHA-256 of their bytes as text. */
  readonly lines: number;
  readonly sha256: string;
  readonly heads: readonly FileHead[];
}

/** The text under the signature of a file. */
export function fileWords(claim: FileClaim): string {
  return canonicalJson({ ...claim, what: 'cat-feeder ledger file 1' });
}
