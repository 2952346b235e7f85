import { BATCH_ITEMS_MAX, type Fill, REQUEST_TIMEOUT_MS, SYNC_VERSION } from '@cat-feeder/shared';
import { wireEvent } from './batches.ts';
import type { LinkState } from './link-io.ts';
import type { LogEvent } from './sync-store.ts';
import { change, emitUplink, type Turn } from './turn.ts';

/** Sends entries that the cloud has as a gap: a run that reaches the gap's end. */
export function sendFill(turn: Turn): void {
  for (const next of turn.state.fills) {
    const run = heldRun(turn, next);
    const [first] = run;
    if (first === undefined) {
      dropFill(turn);
      continue;
    }
    const { epoch, to } = next;
    emitUplink(
      turn,
      { what: 'fill', epoch, from: first.seq, to },
      {
        ...{ method: 'POST', path: '/v1/sync/fill' },
        ...{ body: fillOf(turn, epoch, run), timeoutMs: REQUEST_TIMEOUT_MS },
      },
    );
    return;
  }
}

/** The last entries of the gap that are held, without a hole, up to its end. */
function heldRun(turn: Turn, gap: LinkState['fills'][number]): readonly LogEvent[] {
  const from = Math.max(gap.from, gap.to - BATCH_ITEMS_MAX + 1);
  const items = turn.context.store.items(gap.epoch, from, gap.to - from + 1);
  const run: LogEvent[] = [];
  for (const item of items.toReversed()) {
    if (item.item === 'event' && item.seq > gap.to) continue;
    if (item.item === 'gap' || item.seq !== gap.to - run.length || item.seq < from) break;
    run.push(item);
  }
  return run.reverse();
}

function fillOf(turn: Turn, epoch: number, run: readonly LogEvent[]): Fill {
  const first = run[0]?.seq ?? 1;
  const boots = [...new Set(run.map(({ boot }) => boot))];
  return {
    v: SYNC_VERSION,
    session: turn.state.session,
    epoch,
    first,
    prev: turn.context.store.hashAt(epoch, first - 1) ?? '',
    boots,
    events: run.map((item) => wireEvent(item, boots.indexOf(item.boot))),
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
