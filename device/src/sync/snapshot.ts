import { toSyncDoc } from '@cat-feeder/shared';
import { change, type Turn } from './turn.ts';

/** Appends all living documents as one run of entries: the cloud's are not the same. */
export function appendSnapshot(turn: Turn): void {
  const { store, now } = turn.context;
  const docs = store.docs().filter(({ deleted }) => !deleted);
  const of = docs.length;
  store.transact('sync.snapshot', () => {
    if (of === 0) store.append('doc.snapshot', { n: 0, of: 0, doc: null });
    for (const [i, doc] of docs.entries()) {
      store.append('doc.snapshot', { n: i + 1, of, doc: toSyncDoc(doc) });
    }
  });
  change(turn, { needDocs: false, flushAtMs: now.monoMs });
}
