import type { EpochMs } from '../units.ts';
import type { DocGroups, DocState, GroupOutcome, GroupStamp, Mutation } from './docs.ts';
import { type Hlc, isPlausible, makeHlc } from './hlc.ts';

/*
 * How a wish of the cloud becomes a document on the feeder. Pure; the only place of the rule.
 *
 * M1 A group whose base revision is the present one is taken.
 * M2 Another one is a conflict: the later stamp wins; on a tie, or when nobody vouches for the
 *    feeder's time of that edit, or when the stamp lies ahead of a trusted clock, the edit made at
 *    the feeder wins.
 * M3 The whole document must be valid afterwards, and its deletion allowed, or nothing of the
 *    mutation is taken.
 * M4 A deleted document stays deleted, an unknown one is not made by a patch.
 *    A group taken from the cloud carries the cloud's stamp, never one ahead of a trusted clock.
 * M5 The cloud's copy of a feeder that came back from an old image is taken only if the document
 *    has not been edited on the feeder since.
 */

/** The quality of a time that the cloud vouches for, as in the ledger. */
const CLOUD_TQ = 3;

/** Says why a document must not be, or not be deleted, given all the others; null when it may. */
export type DocValidator = (doc: DocState) => string | null;

export interface MergeInput {
  readonly mutation: Mutation;
  /** What the feeder has under this id, tombstones included. */
  readonly doc: DocState | undefined;
  readonly now: { readonly wallMs: EpochMs; readonly tq: number };
  readonly validate: DocValidator;
  /** Whether the document was edited in a later epoch than the copy's: only a restore asks. */
  readonly isTouched: boolean;
}

export interface MergeResult {
  /** The document afterwards; the same object when nothing changed. */
  readonly doc: DocState | undefined;
  readonly outcomes: Readonly<Record<string, GroupOutcome>>;
  readonly reason: string | null;
  /** What did not come to be, or was replaced by a later edit, for "restore my change". */
  readonly superseded: DocGroups;
}

/** Applies a mutation to a document. */
export function applyMutation(input: MergeInput): MergeResult {
  const { mutation, doc } = input;
  if (mutation.op === 'restore') return restore(input);
  if (mutation.op === 'create') {
    if (doc !== undefined) return lost(input, doc.deleted ? 'deleted' : 'exists');
    return accept(input, blank(mutation), Object.keys(mutation.groups), {});
  }
  if (doc === undefined) return whole(input, 'rejected', 'unknown');
  if (doc.deleted) return lost(input, 'deleted');
  return mutation.op === 'delete' ? remove(input, doc) : patch(input, doc);
}

function patch(input: MergeInput, doc: DocState): MergeResult {
  const won: string[] = [];
  const superseded: DocGroups = {};
  for (const [name, fields] of Object.entries(input.mutation.groups)) {
    if (winsGroup(input, doc.stamps[name], name)) {
      won.push(name);
      const before = doc.groups[name];
      const isConflict = (doc.stamps[name]?.rev ?? 0) !== (input.mutation.base[name] ?? 0);
      if (isConflict && before !== undefined) superseded[name] = before;
    } else superseded[name] = fields;
  }
  return accept(input, doc, won, superseded);
}

function remove(input: MergeInput, doc: DocState): MergeResult {
  const stamps = Object.entries(doc.stamps);
  if (!stamps.every(([name, stamp]) => winsGroup(input, stamp, name))) {
    return whole(input, 'superseded', 'edited');
  }
  const isConflict = stamps.some(([name, { rev }]) => rev !== (input.mutation.base[name] ?? 0));
  const lost = isConflict ? doc.groups : {};
  return finish(input, tombstone(doc, doc.rev + 1, stampOf(input, 1)), { '*': 'applied' }, lost);
}

/** M4 and M5: a copy is taken as it is, under a revision that both sides have not had. */
function restore(input: MergeInput): MergeResult {
  const { mutation, doc } = input;
  if (doc?.deleted === true && !mutation.deleted) return lost(input, 'deleted');
  if (input.isTouched) return whole(input, 'superseded', 'edited');
  const rev = Math.max(doc?.rev ?? 0, mutation.rev) + 1;
  if (mutation.deleted) {
    const present = doc ?? blank(mutation);
    return finish(input, tombstone(present, rev, stampOf(input, 1)), { '*': 'applied' }, {});
  }
  const stamps = Object.keys(mutation.groups).map((name) => {
    const grev = Math.max(doc?.stamps[name]?.rev ?? 0, mutation.grevs[name] ?? 0) + 1;
    return [name, stampOf(input, grev)] as const;
  });
  const copy: DocState = {
    ...blank(mutation),
    rev,
    groups: mutation.groups,
    stamps: Object.fromEntries(stamps),
  };
  return finish(input, copy, { '*': 'applied' }, {});
}

function accept(
  input: MergeInput,
  doc: DocState,
  won: readonly string[],
  superseded: DocGroups,
): MergeResult {
  const { mutation } = input;
  const outcomes: Record<string, GroupOutcome> = {};
  for (const name of Object.keys(mutation.groups)) {
    outcomes[name] = won.includes(name) ? 'applied' : 'superseded';
  }
  if (won.length === 0 && mutation.op !== 'create') {
    return { doc: input.doc, outcomes, reason: 'edited', superseded };
  }
  const stamps: Record<string, GroupStamp> = { ...doc.stamps };
  const groups: DocGroups = { ...doc.groups };
  for (const name of won) {
    stamps[name] = stampOf(input, (stamps[name]?.rev ?? 0) + 1);
    groups[name] = mutation.groups[name] ?? {};
  }
  return finish(input, { ...doc, rev: doc.rev + 1, groups, stamps }, outcomes, superseded);
}

/** M3. */
function finish(
  input: MergeInput,
  doc: DocState,
  outcomes: Readonly<Record<string, GroupOutcome>>,
  superseded: DocGroups,
): MergeResult {
  const reason = input.validate(doc);
  if (reason === null) return { doc, outcomes, reason: null, superseded };
  const names = Object.keys(outcomes);
  return {
    doc: input.doc,
    outcomes: Object.fromEntries(names.map((name) => [name, 'rejected' as const])),
    reason,
    superseded: input.mutation.groups,
  };
}

/** M1 and M2 for one group. */
function winsGroup(input: MergeInput, stamp: GroupStamp | undefined, name: string): boolean {
  const { mutation, now } = input;
  if (stamp === undefined || stamp.rev === (mutation.base[name] ?? 0)) return true;
  if (stamp.tq < 2) return false;
  if (now.tq >= 2 && !isPlausible(mutation.hlc, now.wallMs)) return false;
  return isLater(mutation.hlc, stamp.hlc);
}

function isLater(one: Hlc, other: Hlc): boolean {
  return one > other;
}

/** The time of a cloud's edit is vouched for by the cloud; one ahead of a trusted clock is not kept. */
function stampOf({ mutation, now }: MergeInput, rev: number): GroupStamp {
  const isAhead = now.tq >= 2 && !isPlausible(mutation.hlc, now.wallMs);
  return { rev, hlc: isAhead ? makeHlc(now.wallMs) : mutation.hlc, tq: CLOUD_TQ };
}

function blank(mutation: Mutation): DocState {
  const [kind, id] = mutation.doc;
  return { kind, id, rev: 0, deleted: false, groups: {}, stamps: {} };
}

function tombstone(doc: DocState, rev: number, stamp: GroupStamp): DocState {
  return { ...doc, rev, deleted: true, groups: {}, stamps: { deleted: stamp } };
}

/** M4. */
function lost(input: MergeInput, reason: string): MergeResult {
  return { ...whole(input, 'superseded', reason), superseded: input.mutation.groups };
}

function whole(input: MergeInput, outcome: GroupOutcome, reason: string): MergeResult {
  const names = Object.keys(input.mutation.groups);
  const outcomes = names.length === 0 ? [['*', outcome]] : names.map((name) => [name, outcome]);
  return {
    doc: input.doc,
    outcomes: Object.fromEntries(outcomes) as Record<string, GroupOutcome>,
    reason,
    superseded: input.mutation.groups,
  };
}
