import {
  bytesToText,
  chainText,
  FORK_ITEMS_MAX,
  type Fork,
  type ForkAnswer,
  HASH_BYTES,
  REQUEST_TIMEOUT_MS,
  SYNC_VERSION,
} from '@cat-feeder/shared';
import type { ForkWork, SeqRange } from './link-io.ts';
import type { ForkPlan, LogItem, LogSegment } from './sync-store.ts';
import { change, emitUplink, rest, type Turn } from './turn.ts';

/*
 * A fork: the feeder's ledger and the cloud's went different ways.
 *
 * F1 The new genesis is durable before anything is sent: every retry finds the same epoch.
 * F2 What the cloud has, in whatever epoch, is not sent again: eids tell.
 * F3 One transaction cuts, renumbers and opens; before it nothing has happened.
 */

/** Begins to compare what diverged, and always the active segment. */
export function beginFork(turn: Turn, diverged: readonly LogSegment[]): void {
  const { store, random } = turn.context;
  const active = store.segments().at(-1);
  if (active === undefined) return;
  const genNew = active.pendingGenesis ?? bytesToText(random(HASH_BYTES));
  if (active.pendingGenesis === null) {
    store.transact('sync.pending_genesis', () => store.setPendingGenesis(genNew));
  }
  // What is younger than the first of them goes along, so that the order stays that of creation.
  const from = Math.min(...diverged.map(({ epoch }) => epoch));
  const closed = store
    .segments()
    .filter(({ epoch, closed: isClosed, head, base }) => isClosed && epoch >= from && head >= base);
  const [first = active] = closed;
  const fork: ForkWork = {
    genNew,
    epochs: [...closed.map(({ epoch }) => epoch), active.epoch],
    at: { epoch: first.epoch, from: first.base },
    common: {},
    have: {},
    newEpoch: null,
  };
  change(turn, { phase: 'forking', fork });
}

/** Sends the next page. */
export function sendFork(turn: Turn, work: ForkWork): void {
  const { store } = turn.context;
  const { at } = work;
  const segment = store.segments().find(({ epoch }) => epoch === at?.epoch);
  if (at === null || segment === undefined) {
    rest(turn);
    return;
  }
  const items = store.items(at.epoch, at.from, FORK_ITEMS_MAX);
  const body: Fork = {
    v: SYNC_VERSION,
    session: turn.state.session,
    gen_new: work.genNew,
    epoch: at.epoch,
    gen: segment.genesis,
    from: at.from,
    items: items.map((item) => forkItem(item)),
  };
  const to = lastOf(items) ?? segment.head;
  emitUplink(
    turn,
    { what: 'fork', epoch: at.epoch, from: at.from, to },
    { method: 'POST', path: '/v1/sync/fork', body, timeoutMs: REQUEST_TIMEOUT_MS },
  );
}

function forkItem(item: LogItem): Fork['items'][number] {
  return item.item === 'event' ? [item.eid, item.hash] : [item.to - item.from + 1, item.hash];
}

function lastOf(items: readonly LogItem[]): number | undefined {
  const last = items.at(-1);
  return last?.item === 'event' ? last.seq : last?.to;
}

/** Takes the answer to a page; after the last one the fork is done. */
export function takeFork(
  turn: Turn,
  page: { readonly epoch: number; readonly to: number },
  answer: ForkAnswer,
): void {
  const work = turn.state.fork;
  if (work === null) return;
  const { epoch } = page;
  if (work.newEpoch !== null && work.newEpoch !== answer.epoch) {
    rest(turn);
    return;
  }
  const common = answer.common ?? work.common[epoch];
  const ranges: readonly SeqRange[] = [...(work.have[epoch] ?? []), ...answer.have];
  const known: ForkWork = {
    ...work,
    newEpoch: answer.epoch,
    common: common === undefined ? work.common : { ...work.common, [epoch]: common },
    have: { ...work.have, [epoch]: ranges },
    at: nextPage(turn, work, page),
  };
  if (known.at === null) finish(turn, known);
  else change(turn, { fork: known });
}

function nextPage(
  turn: Turn,
  work: ForkWork,
  { epoch, to }: { readonly epoch: number; readonly to: number },
): ForkWork['at'] {
  const segments = turn.context.store.segments();
  const segment = segments.find((one) => one.epoch === epoch);
  if (segment !== undefined && to < segment.head) return { epoch, from: to + 1 };
  const next = work.epochs[work.epochs.indexOf(epoch) + 1];
  const following = segments.find((one) => one.epoch === next);
  return following === undefined ? null : { epoch: following.epoch, from: following.base };
}

/** F3. */
function finish(turn: Turn, work: ForkWork): void {
  const { store } = turn.context;
  const segments = store.segments().filter(({ epoch }) => work.epochs.includes(epoch));
  const heads = segments.map(({ epoch, base }) => ({
    epoch,
    head: work.common[epoch] ?? base - 1,
  }));
  const kept = heads.flatMap(({ epoch, head }) => [...beyond(turn, work, { epoch, head })]);
  const plan: ForkPlan = {
    cut: heads,
    opened: { epoch: work.newEpoch ?? 0, genesis: work.genNew },
    items: renumber(turn, work.genNew, kept),
  };
  store.transact('sync.fork', () => store.fork(plan));
  rest(turn);
  change(turn, { retryAtMs: turn.context.now.monoMs });
}

/** F2: entries after the common number that the cloud does not have, and gaps. */
function* beyond(
  turn: Turn,
  work: ForkWork,
  cut: { readonly epoch: number; readonly head: number },
): Generator<LogItem> {
  const have = work.have[cut.epoch] ?? [];
  let from = cut.head + 1;
  for (;;) {
    const items = turn.context.store.items(cut.epoch, from, FORK_ITEMS_MAX);
    if (items.length === 0) return;
    for (const item of items) {
      if (item.item === 'gap' || !have.some(([a, b]) => a <= item.seq && item.seq <= b)) yield item;
    }
    from = (lastOf(items) ?? from) + 1;
  }
}

/** The same entries under new numbers, chained from a new genesis. */
export function* renumber(
  turn: Turn,
  genesis: string,
  items: Iterable<LogItem>,
): Generator<LogItem> {
  let seq = 1;
  let hash = genesis;
  for (const item of items) {
    if (item.item === 'gap') {
      const to = seq + item.to - item.from;
      hash = item.hash;
      yield { ...item, from: seq, to };
      seq = to + 1;
      continue;
    }
    hash = chainText(turn.context.sha256, hash, item);
    yield { ...item, seq, hash };
    seq += 1;
  }
}
