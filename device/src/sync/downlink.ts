import {
  applyMutation,
  bytesToText,
  type CommandItem,
  CommandItemSchema,
  type DownAnswer,
  type DownItem,
  DownItemSchema,
  type EventBody,
  HASH_BYTES,
  type MutationItem,
  MutationItemSchema,
  PokeSchema,
  REQUEST_TIMEOUT_MS,
  toSyncDoc,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { change, emitUplink, noteAppended, type Turn } from './turn.ts';

/*
 * The downlink: items in the order of their numbers, each with its cursor in one transaction.
 *
 * D1 An item at or below the cursor is nothing; a mutation or command whose id is known is done.
 * D2 A mutation, its document, its entry and the cursor are one transaction.
 * D3 What is not understood is closed as unsupported; it never blocks those after it.
 */

/** Asks for open items. */
export function pull(turn: Turn): void {
  const { session, limits } = turn.state;
  const after = turn.context.store.number('cursor');
  change(turn, { pollAtMs: turn.context.now.monoMs + limits.pollMs });
  emitUplink(
    turn,
    { what: 'down' },
    {
      method: 'GET',
      path: `/v1/sync/down?session=${session}&after=${after}`,
      body: undefined,
      timeoutMs: REQUEST_TIMEOUT_MS,
    },
  );
}

/** Settles the items of an answer; afterwards everything up to `upto` is settled. */
export function takeDown(turn: Turn, answer: DownAnswer): void {
  const { store, now } = turn.context;
  const isAllTold = !store.hasUnackedDocs();
  for (const item of answer.items) takeItem(turn, item, isAllTold);
  if (answer.upto > store.number('cursor')) {
    store.transact('sync.cursor', () => store.setNumber('cursor', answer.upto));
  }
  if (answer.head > answer.upto) change(turn, { pollAtMs: now.monoMs });
}

/** An item or a doorbell by MQTT: the next item is taken, anything else leads to a pull. */
export function takePushed(turn: Turn, body: unknown): void {
  const { store, now } = turn.context;
  const cursor = store.number('cursor');
  const item = v.safeParse(DownItemSchema, body);
  if (item.success && item.output.d === cursor + 1) {
    takeItem(turn, item.output, !store.hasUnackedDocs());
    return;
  }
  const poke = v.safeParse(PokeSchema, body);
  const down = item.success ? item.output.d : poke.success ? poke.output.down : 0;
  if (down > cursor) change(turn, { pollAtMs: now.monoMs });
}

/** D1. */
function takeItem(turn: Turn, item: DownItem, isAllTold: boolean): void {
  const { store } = turn.context;
  if (item.d <= store.number('cursor')) return;
  const mutation = v.safeParse(MutationItemSchema, item);
  const command = v.safeParse(CommandItemSchema, item);
  store.transact('sync.item', () => {
    const known = store.mutationOutcomes(item.ref);
    const target = mutation.success ? mutation.output.b.doc : null;
    if (known !== undefined) {
      if (isAllTold) tellAgain(turn, { mid: item.ref, target, outcomes: known });
    } else if (mutation.success) takeMutation(turn, mutation.output);
    else if (command.success) takeCommand(turn, command.output);
    else if (item.k !== 'cmd') closeUnknown(turn, item);
    store.setNumber('cursor', item.d);
  });
  noteAppended(turn, 'A');
}

/** D2. */
function takeMutation(turn: Turn, { ref: mid, d, b: mutation }: MutationItem): void {
  const { store, now, validate } = turn.context;
  const [kind, id] = mutation.doc;
  const before = store.doc(kind, id);
  const isTouched = mutation.op === 'restore' && store.isTouched(kind, id, mutation.epoch);
  const result = applyMutation({ mutation, doc: before, now, validate, isTouched });
  const { doc, outcomes, reason, superseded } = result;
  if (doc !== undefined && doc !== before) store.putDoc(doc);
  store.append('mutation.closed', {
    ...{ mid, target: [kind, id], outcomes: { ...outcomes }, reason, superseded },
    doc: doc === undefined ? null : toSyncDoc(doc),
  });
  store.closeMutation(mid, d, outcomes);
}

/**
 * A mutation that was dealt with is asked for again although the cloud has every entry: it was
 * restored from a backup and the entry is no longer held here. So it is said once more.
 */
function tellAgain(
  turn: Turn,
  known: Pick<EventBody<'mutation.closed'>, 'mid' | 'target' | 'outcomes'>,
): void {
  const { store } = turn.context;
  const body = { ...known, reason: 'repeated', superseded: {} };
  if (known.target === null) {
    store.append('mutation.closed', body);
    return;
  }
  const doc = store.doc(...known.target);
  store.append('mutation.closed', { ...body, doc: doc === undefined ? null : toSyncDoc(doc) });
}

/** D3. */
function closeUnknown(turn: Turn, { ref: mid, d }: DownItem): void {
  const { store } = turn.context;
  const outcomes = { '*': 'unsupported' as const };
  const reason = 'unsupported';
  store.append('mutation.closed', { mid, target: null, outcomes, reason, superseded: {} });
  store.closeMutation(mid, d, outcomes);
}

/** The command is written down with its nonce before anybody is asked about it. */
function takeCommand(turn: Turn, item: CommandItem): void {
  const { store, random } = turn.context;
  if (store.command(item.ref) !== undefined) return;
  const nonce = bytesToText(random(HASH_BYTES));
  const { ref: id, b: order, na: notAfterMs } = item;
  store.putCommand({ id, state: 'claiming', nonce, order, notAfterMs });
}
