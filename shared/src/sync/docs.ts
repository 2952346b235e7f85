import * as v from 'valibot';
import { canonicalJson } from './canonical-json.ts';
import type { Sha256 } from './chain.ts';
import { type Hlc, HlcSchema } from './hlc.ts';
import { bytesToText } from './text-bytes.ts';
import { countSchema, EpochSchema, shortText, UlidSchema } from './wire.ts';

/** Field groups by name; a group is taken or left as a whole. */
export const GroupsSchema = v.record(
  v.pipe(v.string(), v.maxLength(40)),
  v.record(v.pipe(v.string(), v.maxLength(40)), v.unknown()),
);
export type DocGroups = v.InferOutput<typeof GroupsSchema>;

export const GroupRevsSchema = v.record(v.pipe(v.string(), v.maxLength(40)), countSchema);

/** A document as it travels: what the feeder has, its groups with their revisions. */
export const SyncDocSchema = v.object({
  kind: v.pipe(v.string(), v.maxLength(40)),
  id: UlidSchema,
  rev: countSchema,
  deleted: v.boolean(),
  groups: GroupsSchema,
  grevs: GroupRevsSchema,
});
export type SyncDoc = v.InferOutput<typeof SyncDocSchema>;

/** When a group was last changed; `tq` as in the ledger: below 2 nobody vouched for the time. */
export interface GroupStamp {
  readonly rev: number;
  readonly hlc: Hlc;
  readonly tq: number;
}

/** A document as the feeder keeps it. A tombstone has no groups and one stamp, `deleted`. */
export interface DocState {
  readonly kind: string;
  readonly id: string;
  readonly rev: number;
  readonly deleted: boolean;
  readonly groups: DocGroups;
  readonly stamps: Readonly<Record<string, GroupStamp>>;
}

/**
 * A wish of the cloud for one document.
 *   create   a document that did not exist: all of its groups
 *   patch    whole groups, with the group revisions they were made from
 *   delete   the document, with the revisions of all groups that were seen
 *   restore  the cloud's newer copy after the feeder came back from an old image; may be a deletion
 */
export const MutationSchema = v.object({
  doc: v.tuple([v.pipe(v.string(), v.maxLength(40)), UlidSchema]),
  op: v.picklist(['create', 'patch', 'delete', 'restore']),
  base: v.optional(GroupRevsSchema, {}),
  groups: v.optional(GroupsSchema, {}),
  /** Of a restore: the copy's revision, group revisions, and whether it is a tombstone. */
  rev: v.optional(countSchema, 0),
  grevs: v.optional(GroupRevsSchema, {}),
  deleted: v.optional(v.boolean(), false),
  /** Of a restore: the epoch of the entry that the copy comes from. */
  epoch: v.optional(EpochSchema, 0),
  hlc: HlcSchema,
  actor: v.optional(UlidSchema),
  why: v.optional(shortText),
});
export type Mutation = v.InferOutput<typeof MutationSchema>;

/** What became of one group of a mutation; `*` stands for the whole document. */
export const GroupOutcomeSchema = v.picklist(['applied', 'superseded', 'rejected', 'unsupported']);
export type GroupOutcome = v.InferOutput<typeof GroupOutcomeSchema>;

/** The form in which a document travels. */
export function toSyncDoc(doc: DocState): SyncDoc {
  const grevs = Object.entries(doc.stamps).map(([name, stamp]) => [name, stamp.rev] as const);
  const { kind, id, rev, deleted, groups } = doc;
  return { kind, id, rev, deleted, groups, grevs: Object.fromEntries(grevs) };
}

/** One line for one living document: equal documents, equal lines, and nothing else. */
export function docLine(doc: SyncDoc): string {
  const { kind, id, rev, groups, grevs } = doc;
  return canonicalJson([kind, id, rev, groups, grevs]);
}

const DIGEST_BYTES = 16;
const utf8 = new TextEncoder();

/** The digest that both sides compare: over all living documents, in whatever order they come. */
export function docsDigest(sha256: Sha256, docs: Iterable<SyncDoc>): string {
  const lines: string[] = [];
  for (const doc of docs) if (!doc.deleted) lines.push(docLine(doc));
  lines.sort();
  return bytesToText(sha256(utf8.encode(lines.join('\n'))).subarray(0, DIGEST_BYTES));
}
