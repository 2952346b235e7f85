import {
  type EventBody,
  type EventName,
  eventBodies,
  eventName,
  type SyncDoc,
  SyncDocSchema,
  UlidSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import type { DeviceTransaction, DocRow, EventRow } from './cloud-store.ts';
import { endOf } from './command-states.ts';

/*
 * What the cloud shows follows from the entries, by (epoch, seq) and never by arrival: a document's
 * row knows its entry, and only a later entry replaces it.
 */

/** Of a clip that was deleted before anything of it came. */
const NO_SHA256 = 'A'.repeat(43);

/** Where an entry stands. */
export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/** Whether one place lies after the other. */
export function isAfter(one: Position, other: Position): boolean {
  return one.epoch > other.epoch || (one.epoch === other.epoch && one.seq > other.seq);
}

/** What it says of a body that fits its schema and still stands for nothing. */
type Unreadable = 'unreadable';

type Projector<Name extends EventName> = (
  tx: DeviceTransaction,
  body: EventBody<Name>,
  at: EventRow,
) => Promise<Unreadable | undefined>;

const projectors: { readonly [Name in EventName]?: Projector<Name> } = {
  'doc.changed': changeDoc,
  'mutation.closed': closeMutation,
  'command.ended': endCommand,
  'doc.snapshot': takeSnapshot,
  'clip.dropped': dropClip,
};

/** Projects rows in their order; those whose body cannot be read come back quarantined. */
export async function project(
  tx: DeviceTransaction,
  rows: readonly EventRow[],
): Promise<readonly EventRow[]> {
  const projected: EventRow[] = [];
  for (const row of rows) projected.push(await projectOne(tx, row));
  return projected;
}

async function projectOne(tx: DeviceTransaction, row: EventRow): Promise<EventRow> {
  const name = eventName(row.kind);
  const projector = name === undefined ? undefined : projectors[name];
  if (name === undefined || projector === undefined) return row;
  const parsed = v.safeParse(eventBodies[name], JSON.parse(row.body));
  if (!parsed.success) return { ...row, quarantined: true };
  const said = await (projector as Projector<EventName>)(tx, parsed.output, row);
  return said === 'unreadable' ? { ...row, quarantined: true } : row;
}

/** The entry's schema is wider than that of a document: no key can be made of any text. */
async function changeDoc(
  tx: DeviceTransaction,
  { grevs, ...doc }: EventBody<'doc.changed'>,
  at: Position,
): Promise<Unreadable | undefined> {
  const parsed = v.safeParse(SyncDocSchema, { ...doc, grevs: grevs ?? {} });
  if (!parsed.success) return 'unreadable';
  return putDoc(tx, parsed.output, at);
}

async function putDoc(tx: DeviceTransaction, doc: SyncDoc, at: Position): Promise<undefined> {
  const present = await tx.doc(doc.kind, doc.id);
  if (present !== undefined && !isAfter(at, present)) return;
  await tx.putDoc({ doc, isGone: false, epoch: at.epoch, seq: at.seq });
}

/** The feeder does not have it: its row stays as a mark, so that no older entry brings it back. */
function gone(row: DocRow, at: Position): DocRow {
  const doc = { ...row.doc, deleted: true, groups: {} };
  return { doc, isGone: !row.doc.deleted || row.isGone, epoch: at.epoch, seq: at.seq };
}

async function closeMutation(
  tx: DeviceTransaction,
  body: EventBody<'mutation.closed'>,
  at: Position,
): Promise<undefined> {
  const { mid, target, outcomes, reason, doc } = body;
  const mutation = await tx.mutation(mid);
  if (mutation !== undefined && mutation.outcomes === null) {
    await tx.putMutation({ ...mutation, outcomes, reason });
  }
  if (doc === undefined) return;
  if (doc !== null) {
    await putDoc(tx, doc, at);
    return;
  }
  const present = target === null ? undefined : await tx.doc(...target);
  if (present !== undefined && isAfter(at, present)) await tx.putDoc(gone(present, at));
}

async function endCommand(
  tx: DeviceTransaction,
  body: EventBody<'command.ended'>,
): Promise<undefined> {
  const command = await tx.command(body.commandId);
  const ended = command === undefined ? undefined : endOf(command, body);
  if (ended !== undefined) await tx.putCommand(ended);
}

/** At the last document of a run, what is older than the run is not on the feeder. */
async function takeSnapshot(
  tx: DeviceTransaction,
  body: EventBody<'doc.snapshot'>,
  at: Position,
): Promise<undefined> {
  if (body.doc !== null) await putDoc(tx, body.doc, at);
  if (body.n !== body.of) return;
  const runBegin = { epoch: at.epoch, seq: at.seq - Math.max(0, body.of - 1) };
  for (const row of await tx.docs()) {
    if (!row.doc.deleted && isAfter(runBegin, row)) await tx.putDoc(gone(row, at));
  }
}

/**
 * A clip that its owner deleted goes here, too, also one that is still to come. Of the others that
 * are gone from the feeder, only an upload that will never be finished goes.
 */
async function dropClip(
  tx: DeviceTransaction,
  { clipId, reason }: EventBody<'clip.dropped'>,
  { receivedMs }: EventRow,
): Promise<Unreadable | undefined> {
  if (!v.is(UlidSchema, clipId)) return 'unreadable';
  const clip = await tx.clip(clipId);
  const isByOwner = reason === 'person';
  if (clip?.state === 'open' || (clip?.state === 'stored' && isByOwner)) {
    await tx.putClip({ ...clip, state: 'removing', dueMs: receivedMs });
    return undefined;
  }
  const homeId = (await tx.device())?.homeId ?? null;
  if (clip !== undefined || !isByOwner || homeId === null) return undefined;
  await tx.putClip({
    ...{ clipId, homeId, feedId: null, state: 'removed', bytes: 0, sha256: NO_SHA256, key: '' },
    ...{ uploadId: null, createdMs: receivedMs, storedMs: null, dueMs: null },
  });
  return undefined;
}
