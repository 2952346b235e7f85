import * as v from 'valibot';
import { GroupOutcomeSchema } from '../sync/docs.ts';

const FieldsSchema = v.record(v.string(), v.unknown());

/** One group of fields that was edited on both sides, or was wished for in vain. */
export const ConflictGroupSchema = v.strictObject({
  /** `*` is the whole document. */
  group: v.string(),
  /** applied: the cloud's edit holds; superseded: the feeder's own; rejected: neither was allowed. */
  outcome: GroupOutcomeSchema,
  /** What holds since; null: the document was deleted, or never was. */
  kept: v.nullable(FieldsSchema),
  lost: v.nullable(FieldsSchema),
});

/** An edit that did not come to be, or that another one replaced. */
export const ConflictSchema = v.strictObject({
  /** That of the cloud's wish. */
  id: v.string(),
  atMs: v.number(),
  /** Kind, id and present name of the document; the name is null when it is gone. */
  kind: v.string(),
  docId: v.string(),
  name: v.nullable(v.string()),
  groups: v.array(ConflictGroupSchema),
  /** Why the feeder decided so, in its words; null: the later edit won. */
  reason: v.nullable(v.string()),
  /** open: nobody has looked at it yet. */
  state: v.picklist(['open', 'restored', 'dismissed']),
  canRestore: v.boolean(),
  /** Why it cannot be restored; empty when it can. */
  why: v.string(),
});
export type Conflict = v.InferOutput<typeof ConflictSchema>;

/** GET /api/v1/cloud/conflicts, the newest first. */
export const ConflictsSchema = v.strictObject({ items: v.array(ConflictSchema) });

/** Why something that the cloud is to get is still here. */
export const PendingWhySchema = v.picklist([
  'unclaimed',
  'off',
  'no_connection',
  'connecting',
  'refused',
  'under_way',
  'next_batch',
  'collecting',
  'asking',
  'executing',
]);
export type PendingWhy = v.InferOutput<typeof PendingWhySchema>;

/** One thing that waits: an entry of the ledger, or a command of the cloud. */
export const PendingSchema = v.strictObject({
  what: v.picklist(['entry', 'command']),
  /** Of an entry `epoch:seq`, of a command its id. */
  id: v.string(),
  /** The kind of the entry, or what the command asks for. */
  name: v.string(),
  /** When it was written; null: a command, which has its time in the cloud. */
  atMs: v.nullable(v.number()),
  why: PendingWhySchema,
});
export type Pending = v.InferOutput<typeof PendingSchema>;

/** GET /api/v1/cloud/queue: the oldest first. */
export const CloudQueueSchema = v.strictObject({
  /** All entries that wait; `items` has the first of them. */
  waiting: v.number(),
  /** Until the feeder tries again by itself; null: it is not resting. */
  nextTrySeconds: v.nullable(v.number()),
  items: v.array(PendingSchema),
});
export type CloudQueue = v.InferOutput<typeof CloudQueueSchema>;
