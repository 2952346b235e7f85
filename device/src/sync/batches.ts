import {
  type Ack,
  BATCH_ITEMS_MAX,
  type Batch,
  type BatchAnswer,
  EVENT_BODY_BYTES_MAX,
  REQUEST_TIMEOUT_MS,
  SYNC_VERSION,
  utf8Length,
  type WireEvent,
  type WireGap,
} from '@cat-feeder/shared';
import type { LogItem, LogSegment } from './sync-store.ts';
import { change, emitUplink, relax, rest, type Turn } from './turn.ts';

/*
 * The uplink: one batch under way, the oldest segment first.
 *
 * B1 A number counts as acknowledged only by the cloud's answer of this session, and only when its
 *    hash is the feeder's own.
 * B2 An entry that the cloud cannot take goes as a gap; it never blocks those after it.
 */

/** What one entry needs besides its body. */
const ITEM_BYTES = 96;

/** The oldest segment with entries that the cloud does not have. */
export function pendingSegment(turn: Turn): LogSegment | undefined {
  const { acks } = turn.state;
  return turn.context.store.segments().find(({ epoch, head }) => {
    const ack = acks[epoch];
    return ack !== undefined && ack.seq < head;
  });
}

/** Sends the next batch, if there is something to send. */
export function sendBatch(turn: Turn): void {
  const segment = pendingSegment(turn);
  const ack = segment === undefined ? undefined : turn.state.acks[segment.epoch];
  change(turn, { flushAtMs: null });
  if (segment === undefined || ack === undefined) return;
  const body = batchOf(turn, segment, ack);
  emitUplink(
    turn,
    { what: 'batch', epoch: segment.epoch, items: body.events.length },
    { method: 'POST', path: '/v1/sync/events', body, timeoutMs: REQUEST_TIMEOUT_MS },
  );
}

function batchOf(turn: Turn, segment: LogSegment, ack: { seq: number; hash: string }): Batch {
  const { state, context } = turn;
  const first = ack.seq + 1;
  const packer = new Packer(state.limits.bytes, state.batchItems === 0);
  if (first < segment.base) {
    packer.gap({ gap: [first, segment.base - 1], why: 'trimmed', hash: segment.baseHash });
  }
  const from = Math.max(first, segment.base);
  for (const item of context.store.items(segment.epoch, from, Math.max(1, state.batchItems))) {
    if (!packer.add(item, from)) break;
  }
  return {
    v: SYNC_VERSION,
    session: state.session,
    epoch: segment.epoch,
    first,
    prev: ack.hash,
    dcur: context.store.number('cursor'),
    events: packer.items,
    boots: packer.boots,
  };
}

/** Gathers items up to the limits; at least one always fits. */
class Packer {
  readonly items: (WireEvent | WireGap)[] = [];
  readonly boots: string[] = [];
  readonly #bytesMax: number;
  readonly #isFirstRefused: boolean;
  #bytes = 0;

  constructor(bytesMax: number, isFirstRefused: boolean) {
    this.#bytesMax = bytesMax;
    this.#isFirstRefused = isFirstRefused;
  }

  gap(gap: WireGap): void {
    this.items.push(gap);
    this.#bytes += ITEM_BYTES;
  }

  /** False when it is full. */
  add(item: LogItem, from: number): boolean {
    const bytes = ITEM_BYTES + (item.item === 'event' ? item.body.length : 0);
    const isFull = this.items.length >= BATCH_ITEMS_MAX || this.#bytes + bytes > this.#bytesMax;
    if (isFull && this.items.length > 0) return false;
    if (item.item === 'gap') {
      this.gap({ gap: [Math.max(item.from, from), item.to], why: item.why, hash: item.hash });
      return true;
    }
    const isRefused = this.#isFirstRefused && this.items.length === 0;
    const wire = isRefused ? oversize(item) : wireItem(item, this.boots);
    this.items.push(wire);
    this.#bytes += bytes;
    return true;
  }
}

/** One item as it travels; its boot joins `boots`. B2: what is too large goes as a gap. */
export function wireItem(item: LogItem, boots: string[]): WireEvent | WireGap {
  if (item.item === 'gap') {
    return { gap: [item.from, item.to], why: item.why, hash: item.hash };
  }
  const { eid, kind, kver, wallMs, tq, monoMs, body } = item;
  if (utf8Length(body) > EVENT_BODY_BYTES_MAX) return oversize(item);
  const known = boots.indexOf(item.boot);
  const bt = known >= 0 ? known : boots.push(item.boot) - 1;
  const t = Math.max(0, Math.floor(wallMs));
  return { e: eid, k: kind, kv: kver, t, tq, bt, mo: monoMs, b: JSON.parse(body) };
}

function oversize({ seq, hash }: Extract<LogItem, { item: 'event' }>): WireGap {
  return { gap: [seq, seq], why: 'oversize', hash };
}

/** B1: takes an acknowledgement. */
export function takeAck(turn: Turn, epoch: number, answer: BatchAnswer): void {
  const { ack, poke } = answer;
  const segment = turn.context.store.segments().find((one) => one.epoch === epoch);
  if (segment === undefined || !isOwnAck(turn, segment, ack)) {
    rest(turn);
    return;
  }
  turn.context.store.transact('sync.acked', () => turn.context.store.acknowledge(epoch, ack.seq));
  const acks = { ...turn.state.acks, [epoch]: { seq: ack.seq, hash: ack.hash } };
  const { limits, batchItems, flushAtMs } = turn.state;
  change(turn, { acks, batchItems: Math.min(limits.items, Math.max(1, batchItems * 2)) });
  relax(turn);
  const { monoMs } = turn.context.now;
  if (flushAtMs === null && pendingSegment(turn) !== undefined) change(turn, { flushAtMs: monoMs });
  if ((poke ?? 0) > turn.context.store.number('cursor')) change(turn, { pollAtMs: monoMs });
}

function isOwnAck(turn: Turn, segment: LogSegment, ack: Ack): boolean {
  const before = turn.state.acks[segment.epoch]?.seq ?? 0;
  if (ack.epoch !== segment.epoch || ack.seq > segment.head || ack.seq < before) return false;
  const own = turn.context.store.hashAt(segment.epoch, ack.seq);
  return own === undefined || own === ack.hash;
}

/** B2: what was refused as a whole is sent in halves; the last single entry as a gap. */
export function halve(turn: Turn, items: number): void {
  if (turn.state.batchItems === 0) {
    // Even the gap was refused: asking again at once would only be asked again.
    rest(turn);
    return;
  }
  change(turn, { batchItems: Math.floor(items / 2), flushAtMs: turn.context.now.monoMs });
}
