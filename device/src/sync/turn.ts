import {
  BACKOFF_FLOOR_MS,
  BACKOFF_STEPS_MAX,
  type EventClass,
  FLUSH_A_MS,
  FLUSH_B_MS,
  FLUSH_C_MS,
  type Milliseconds,
  type RandomBytes,
  RETRY_AFTER_MS_MAX,
} from '@cat-feeder/shared';
import type { LinkContext, LinkOutput, LinkState, UplinkRequest } from './link-io.ts';

/** One step under way: the state so far and what the shell will be told. */
export interface Turn {
  state: LinkState;
  readonly outputs: LinkOutput[];
  readonly context: LinkContext;
}

/** Changes parts of the state. */
export function change(turn: Turn, part: Partial<LinkState>): void {
  turn.state = { ...turn.state, ...part };
}

/** A whole number from 0 to below `max`: timers know no fractions of a millisecond. */
export function jitter(random: RandomBytes, max: Milliseconds): Milliseconds {
  const [a = 0, b = 0, c = 0] = random(3);
  return Math.floor(((a * 65_536 + b * 256 + c) / 16_777_216) * max);
}

const SECOND_MS = 1000;

/** Full jitter below `min(cap, 2^attempt s)`, with a floor; the count is durable. */
export function backOff(turn: Turn, retryAfterMs?: Milliseconds): Milliseconds {
  const { store, random } = turn.context;
  const attempt = store.number('attempt');
  if (attempt < BACKOFF_STEPS_MAX) {
    store.transact('sync.attempt', () => store.setNumber('attempt', attempt + 1));
  }
  if (retryAfterMs !== undefined) {
    const asked = Math.min(retryAfterMs, RETRY_AFTER_MS_MAX);
    return Math.ceil(asked) + jitter(random, asked / 4) + BACKOFF_FLOOR_MS;
  }
  const cap = Math.min(turn.state.limits.capMs, 2 ** attempt * SECOND_MS);
  return jitter(random, cap) + BACKOFF_FLOOR_MS;
}

/** Something came through after hello: the next trouble starts from the beginning. */
export function relax(turn: Turn): void {
  const { store } = turn.context;
  if (store.number('attempt') === 0) return;
  store.transact('sync.attempt', () => store.setNumber('attempt', 0));
}

/** Leaves the session; a hello follows after the back-off. Claims under way are asked again then. */
export function rest(turn: Turn, retryAfterMs?: Milliseconds): void {
  const retryAtMs = turn.context.now.monoMs + backOff(turn, retryAfterMs);
  change(turn, { phase: 'resting', busy: null, claims: {}, fork: null, fills: [], retryAtMs });
}

export interface Message {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: unknown;
  readonly timeoutMs: Milliseconds;
}

/** Sends a request; returns its id. */
export function emit(turn: Turn, message: Message): number {
  const id = turn.state.lastId + 1;
  change(turn, { lastId: id });
  turn.outputs.push({ kind: 'request', id, ...message });
  return id;
}

/** Sends the one request of the uplink. */
export function emitUplink(turn: Turn, request: UplinkRequest, message: Message): void {
  const id = emit(turn, message);
  change(turn, { busy: { id, request } });
}

const flushMs = { A: FLUSH_A_MS, B: FLUSH_B_MS, C: FLUSH_C_MS } as const;

/** An entry was written: a batch is due within its class's time. */
export function noteAppended(turn: Turn, cls: EventClass): void {
  const { flushAtMs } = turn.state;
  const dueMs = turn.context.now.monoMs + flushMs[cls];
  change(turn, { flushAtMs: flushAtMs === null ? dueMs : Math.min(flushAtMs, dueMs) });
}
