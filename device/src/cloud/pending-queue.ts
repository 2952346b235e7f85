import {
  type CloudQueue,
  type EventClass,
  eventName,
  type Pending,
  type PendingWhy,
} from '@cat-feeder/shared';
import type { SyncStore } from '../sync/sync-store.ts';
import type { LinkView } from './cloud-link.ts';

/** Entries that are shown one by one. */
const SHOWN_MAX = 50;

/** Why nothing travels at all, by the state of the link; null: what is due does. */
const standstill: Readonly<Record<LinkView['state'], PendingWhy | null>> = {
  off: 'off',
  resting: 'no_connection',
  connecting: 'connecting',
  online: null,
  local: 'refused',
};

/** Feedings travel at once; visits and weights wait for company, see docs/sync-protocol.md. */
const ofClass: Readonly<Record<EventClass, PendingWhy>> = {
  A: 'next_batch',
  B: 'collecting',
  C: 'collecting',
};

/** What the cloud is to get and does not have, oldest first, each with why it is still here. */
export function pendingQueue(input: {
  readonly link: LinkView;
  readonly store: Pick<SyncStore, 'segments' | 'items' | 'openCommands'>;
  readonly isLinked: boolean;
}): CloudQueue {
  const { link, store, isLinked } = input;
  const stopped = isLinked ? standstill[link.state] : 'unclaimed';
  const commands = store.openCommands().map(({ id, state, order }): Pending => {
    const why = state === 'executing' ? 'executing' : (stopped ?? 'asking');
    return { what: 'command', id, name: order.op, atMs: null, why };
  });
  const items = [...commands, ...entriesOf(input, stopped)];
  return { waiting: link.waiting, nextTrySeconds: link.nextTrySeconds, items };
}

function entriesOf(
  { link, store }: Parameters<typeof pendingQueue>[0],
  stopped: PendingWhy | null,
): Pending[] {
  const entries: Pending[] = [];
  for (const { epoch, acked, head } of store.segments()) {
    if (acked >= head || entries.length >= SHOWN_MAX) continue;
    const sent = link.sending?.epoch === epoch ? link.sending.items : 0;
    const items = store.items(epoch, acked + 1, SHOWN_MAX - entries.length);
    for (const [index, item] of items.entries()) {
      if (item.item === 'gap') continue;
      const { seq, kind, wallMs: atMs, cls } = item;
      const name = eventName(kind) ?? `kind ${kind}`;
      const why = stopped ?? (index < sent ? 'under_way' : ofClass[cls]);
      entries.push({ what: 'entry', id: `${epoch}:${seq}`, name, atMs, why });
    }
  }
  return entries;
}
