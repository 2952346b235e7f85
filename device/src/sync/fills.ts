import {
  BATCH_ITEMS_MAX,
  EVENT_BODY_BYTES_MAX,
  type Fill,
  REQUEST_TIMEOUT_MS,
  SYNC_VERSION,
  utf8Length,
} from '@cat-feeder/shared';
import { wireItem } from './batches.ts';
import type { LinkState } from './link-io.ts';
import type { LogItem } from './sync-store.ts';
import { change, emitUplink, type Turn } from './turn.ts';

/** Sends entries that the cloud has as a gap: a run that reaches the gap's end. */
export function sendFill(turn: Turn): void {
  for (const next of turn.state.fills) {
    const run = heldRun(turn, next);
    const [first] = run;
    if (first?.item !== 'event') {
      dropFill(turn);
      continue;
    }
    const { epoch, to } = next;
    emitUplink(
      turn,
      { what: 'fill', epoch, from: first.seq, to },
      {
        ...{ method: 'POST', path: '/v1/sync/fill' },
        ...{ body: fillOf(turn, next, run, first.seq), timeoutMs: REQUEST_TIMEOUT_MS },
      },
    );
    return;
  }
}

/**
 * The last items of the gap that are held, from an entry on, up to its very end, or to that of an
 * own gap over it: the cloud compares there.
 */
function heldRun(turn: Turn, gap: LinkState['fills'][number]): readonly LogItem[] {
  const from = Math.max(gap.from, gap.to - BATCH_ITEMS_MAX + 1);
  const items = turn.context.store.items(gap.epoch, from, gap.to - from + 1);
  const end = items.findIndex((item) => firstSeq(item) <= gap.to && lastSeq(item) >= gap.to);
  const run = items.slice(0, end + 1);
  const begin = run.findIndex((item) => item.item === 'event' && fits(item.body));
  return begin < 0 ? [] : run.slice(begin);
}

function fits(body: string): boolean {
  return utf8Length(body) <= EVENT_BODY_BYTES_MAX;
}

function firstSeq(item: LogItem): number {
  return item.item === 'event' ? item.seq : item.from;
}

function lastSeq(item: LogItem): number {
  return item.item === 'event' ? item.seq : item.to;
}

function fillOf(
  turn: Turn,
  { epoch, to }: LinkState['fills'][number],
  run: readonly LogItem[],
  first: number,
): Fill {
  const last = run.at(-1);
  const isBeyond = last !== undefined && lastSeq(last) > to;
  const boots: string[] = [];
  const events = run.map((item) => wireItem(item, boots));
  return {
    ...{ v: SYNC_VERSION, session: turn.state.session, epoch, first, boots, events },
    prev: turn.context.store.hashAt(epoch, first - 1) ?? '',
    ...(isBeyond ? { gap_to: to } : {}),
  };
}

/** The first fill is over, as far as it can be; what lies before it in the gap is next. */
export function takeFill(turn: Turn, from: number): void {
  const [done, ...rest] = turn.state.fills;
  if (done === undefined) return;
  const isMore = from > done.from;
  change(turn, { fills: isMore ? [{ ...done, to: from - 1 }, ...rest] : rest });
}

/** The first fill cannot be done. */
export function dropFill(turn: Turn): void {
  change(turn, { fills: turn.state.fills.slice(1) });
}
