import { type EventBody, eventKinds } from '@cat-feeder/shared';
import type { LogEvent, LogItem } from '../../device/src/sync/sync-store.ts';

/** The document that an entry changed, as kind/id; a snapshot changes none. */
export function docOf({ kind: number, body }: LogEvent): string | undefined {
  if (number === eventKinds['doc.changed'].number) {
    const { kind, id } = JSON.parse(body) as { kind?: string; id?: string };
    return id === undefined ? undefined : `${kind}/${id}`;
  }
  if (number !== eventKinds['mutation.closed'].number) return undefined;
  const { target } = JSON.parse(body) as EventBody<'mutation.closed'>;
  return target === null ? undefined : target.join('/');
}

/** The last number of an item. */
export function endOf(item: LogItem): number {
  return item.item === 'event' ? item.seq : item.to;
}

/** Index of the first item that ends at or after a number. */
export function firstEndingAt(items: readonly LogItem[], seq: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && endOf(item) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
