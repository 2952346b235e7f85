import {
  BATCH_ITEMS_MAX,
  docsDigest,
  HELLO_MS,
  type Hello,
  type HelloAnswer,
  REQUEST_TIMEOUT_MS,
  SEGMENTS_MAX,
  type SegmentAnswer,
  SYNC_VERSION,
  toSyncDoc,
} from '@cat-feeder/shared';
import { takeDown } from './downlink.ts';
import { beginFork } from './fork-work.ts';
import type { LinkState } from './link-io.ts';
import type { LogSegment } from './sync-store.ts';
import { change, emitUplink, type Turn } from './turn.ts';

/*
 * Hello decides: what the cloud has is learned here, each time anew.
 *
 * H1 What was acknowledged before counts for nothing: it may go down as well as up.
 * H2 A segment whose hash, genesis or length contradicts the cloud has diverged, and is forked.
 * H3 So is an active segment that is not the newest epoch: nothing is appended to an older one.
 */

/** Says hello. */
export function sayHello(turn: Turn): void {
  change(turn, { phase: 'greeting', fork: null, fills: [], claims: {} });
  const body = helloOf(turn);
  emitUplink(
    turn,
    { what: 'hello' },
    { method: 'POST', path: '/v1/sync/hello', body, timeoutMs: REQUEST_TIMEOUT_MS },
  );
}

/** What hello names; empty closed segments, too, since they say which lives the feeder knows. */
function namedSegments({ context: { store } }: Turn): readonly LogSegment[] {
  return store.segments().slice(-SEGMENTS_MAX);
}

function helloOf(turn: Turn): Hello {
  const { store, sha256, now, present } = turn.context;
  const segments = namedSegments(turn);
  const digest = () => docsDigest(sha256, store.docs().map(toSyncDoc));
  return {
    v: SYNC_VERSION,
    proto: { min: SYNC_VERSION, max: SYNC_VERSION },
    caps: ['gz'],
    fw: turn.state.firmware,
    boot: turn.state.boot,
    session_prev: store.number('session'),
    segs: segments.map(({ epoch, genesis, base, head }) => ({ epoch, gen: genesis, base, head })),
    dcur: store.number('cursor'),
    docs: store.hasUnackedDocs() ? null : digest(),
    now: present(),
    t0: Math.max(0, Math.floor(now.wallMs)),
  };
}

/** Takes the answer to hello. */
export function takeHello(turn: Turn, answer: HelloAnswer): void {
  const { store, now } = turn.context;
  const asked = namedSegments(turn);
  const answers = asked.map((segment) => answer.segs.find((one) => one.asked === segment.epoch));
  nameActive(turn, answers.at(-1));
  const segments = namedSegments(turn);
  const diverged = segments.filter((segment, i) =>
    isDiverged(turn, segment, { answer: answers[i], maxEpoch: answer.max_epoch }),
  );
  const agreed = segments.filter((segment) => !diverged.includes(segment));
  noteAcks(turn, agreed, answers);
  store.transact('sync.session', () => store.setNumber('session', answer.session));
  change(turn, {
    ...{ phase: 'live', session: answer.session, limits: limitsOf(answer) },
    batchItems: Math.min(BATCH_ITEMS_MAX, Math.max(1, answer.limits.max_events)),
    flushAtMs: now.monoMs,
    pollAtMs: now.monoMs + answer.limits.poll_s * 1000,
    helloAtMs: now.monoMs + HELLO_MS,
    needDocs: answer.need_docs,
    isCloned: answer.cloned,
    bell: answer.mqtt === undefined ? null : { ...answer.mqtt, session: answer.session },
    fills: agreed.flatMap((segment) => fillsOf(segment, answerTo(segment, answers))),
  });
  if (diverged.length > 0) {
    beginFork(turn, diverged);
    return;
  }
  takeDown(turn, answer.down);
}

/** The cloud gave the first segment its number. */
function nameActive(turn: Turn, answer: SegmentAnswer | undefined): void {
  const { store } = turn.context;
  const active = store.segments().at(-1);
  if (active?.epoch !== 0 || answer === undefined || answer.epoch === null) return;
  const { epoch } = answer;
  store.transact('sync.name_epoch', () => store.nameEpoch(epoch));
}

function answerTo(
  segment: LogSegment,
  answers: readonly (SegmentAnswer | undefined)[],
): SegmentAnswer | undefined {
  return answers.find((one) => one?.epoch === segment.epoch);
}

/** H2 and H3 for one segment. */
function isDiverged(
  turn: Turn,
  segment: LogSegment,
  known: { readonly answer: SegmentAnswer | undefined; readonly maxEpoch: number },
): boolean {
  const { answer, maxEpoch } = known;
  // Nothing is left of it: there is nothing to send, whatever the cloud thinks.
  if (segment.closed && segment.head < segment.base) return false;
  if (answer === undefined || answer.epoch === null) return true;
  if (!segment.closed && segment.epoch < maxEpoch) return true;
  if (answer.acked > segment.head && !segment.closed) return true;
  const own = turn.context.store.hashAt(segment.epoch, Math.min(answer.acked, segment.head));
  // Inside an own gap nothing proves that both mean the same history.
  if (own === undefined) return answer.acked >= segment.base;
  return own !== answer.hash;
}

/** H1. */
function noteAcks(
  turn: Turn,
  agreed: readonly LogSegment[],
  answers: readonly (SegmentAnswer | undefined)[],
): void {
  const { store } = turn.context;
  const acks: Record<number, { seq: number; hash: string }> = {};
  for (const segment of agreed) {
    const answer = answerTo(segment, answers);
    // The cloud may know nothing of an empty segment: then nothing of it is acknowledged.
    const seq = Math.min(answer?.acked ?? 0, segment.head);
    const hash = answer?.hash ?? null;
    if (hash !== null) acks[segment.epoch] = { seq, hash };
    if (seq === segment.acked) continue;
    store.transact('sync.acked', () => store.acknowledge(segment.epoch, seq));
  }
  change(turn, { acks });
}

function fillsOf(segment: LogSegment, answer: SegmentAnswer | undefined): LinkState['fills'] {
  const gaps = answer?.gaps ?? [];
  return gaps.map(([from, to]) => ({ epoch: segment.epoch, from, to }));
}

function limitsOf({ limits }: HelloAnswer): LinkState['limits'] {
  return {
    items: Math.min(BATCH_ITEMS_MAX, Math.max(1, limits.max_events)),
    bytes: Math.max(1, limits.max_bytes),
    capMs: Math.max(1, limits.backoff_cap_s) * 1000,
    pollMs: Math.max(1, limits.poll_s) * 1000,
  };
}
