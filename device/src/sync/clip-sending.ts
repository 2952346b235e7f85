import {
  BACKOFF_CAP_MS,
  BACKOFF_FLOOR_MS,
  BACKOFF_STEPS_MAX,
  bytesToText,
  CLIP_JITTER_MS,
  CLIP_PART_BYTES,
  CLIP_URLS_MAX,
  ClipCompleteAnswerSchema,
  type ClipPart,
  type ClipUploadAnswer,
  ClipUploadAnswerSchema,
  HOUR_MS,
  type Milliseconds,
  RETRY_AFTER_MS_MAX,
  syncRefusals,
  UlidSchema,
} from '@cat-feeder/shared';
import * as v from 'valibot';
import { type ReadAnswer, readAnswer } from './answers.ts';
import type {
  ClipInput,
  ClipJob,
  ClipOutput,
  ClipSendState,
  ClipStage,
  ClipStep,
  ClipStepContext,
} from './clip-io.ts';
import { jitter } from './turn.ts';

/*
 * The sending of clips: `stepClips` takes what happened and says what to do.
 *
 *   idle --a clip, its time--> reading --> asking --parts--> sending --the last of them--> asking
 *    ^                                        '--nothing is missing--> completing --> idle
 *    '------ not wanted, no session, a failure (with its wait), the clip is gone ------'
 *
 * K1 Nothing leaves unless the owner wants it at that moment.
 * K2 Entries and feedings have the line: no part begins while they wait, one under way is held, and
 *    given up when that takes long.
 * K3 A clip is marked as sent only when the cloud has said so of the bytes that were read here.
 * K4 One clip, one part, one request at a time; a clip that fails too often waits for the next start.
 */

const LOOK_MS: Milliseconds = 30_000;
const LOOK_BUSY_MS: Milliseconds = 1_000;
/** A store cuts a line on which nothing comes for longer. */
const HOLD_MS_MAX: Milliseconds = 15_000;
const FAILURES_MAX = 5;
/** What a cloud that keeps no clips, or does not let this feeder in, is left alone for. */
const NO_STORE_RETRY_MS = 6 * HOUR_MS;
const NO_RIGHTS_RETRY_MS = HOUR_MS;

export const initialClipSending: ClipSendState = {
  stage: { kind: 'idle' },
  lastId: 0,
  beginAtMs: null,
  attempt: 0,
  failures: new Map(),
  aside: new Set(),
  why: '',
};

/** One step under way. */
interface ClipTurn {
  state: ClipSendState;
  readonly outputs: ClipOutput[];
  readonly context: ClipStepContext;
}

/** One step. */
export function stepClips(
  state: ClipSendState,
  input: ClipInput,
  context: ClipStepContext,
): ClipStep {
  const turn: ClipTurn = { state, outputs: [], context };
  const { isWanted, isOnline } = context.conditions;
  if (!isWanted || !isOnline) {
    // K1: whatever came is of no use any more.
    giveUp(turn);
    // Whoever switches it on sees it begin; after an outage, everybody comes at once.
    const { beginAtMs } = turn.state;
    const isAhead = beginAtMs !== null && beginAtMs > context.monoMs;
    if (!isWanted) change(turn, { beginAtMs: context.monoMs });
    else if (!isAhead) change(turn, { beginAtMs: null });
  } else {
    take(turn, input);
    proceed(turn);
  }
  if (isWanted) wake(turn);
  return { state: turn.state, outputs: turn.outputs };
}

function take(turn: ClipTurn, input: ClipInput): void {
  const { stage } = turn.state;
  if (input.kind === 'read' && stage.kind === 'reading' && input.clipId === stage.job.clip.id) {
    takeDigest(turn, stage.job, input.digest);
  } else if (input.kind === 'sent' && stage.kind === 'sending' && stage.isBegun) {
    const [{ n }] = stage.parts;
    if (input.clipId === stage.job.clip.id && input.n === n) takeSent(turn, stage, input.status);
  } else if (input.kind === 'answer' && 'requestId' in stage && stage.requestId === input.id) {
    if (stage.kind === 'asking') {
      takeMissing(turn, stage.job, readAnswer(ClipUploadAnswerSchema, input));
    } else takeStored(turn, stage.job, readAnswer(ClipCompleteAnswerSchema, input));
  }
}

function proceed(turn: ClipTurn): void {
  const { stage } = turn.state;
  if (stage.kind === 'idle') begin(turn);
  else if (!turn.context.queue.has(stage.job.clip.id)) {
    // Its owner deleted it, or it had to make room; the ledger tells the cloud.
    giveUp(turn);
    change(turn, { beginAtMs: turn.context.monoMs });
  } else if (stage.kind === 'sending') yieldLine(turn, stage);
}

/** Chooses the next clip; the first one after a pause waits a while of its own. */
function begin(turn: ClipTurn): void {
  const { queue, conditions, monoMs, random } = turn.context;
  const { aside, beginAtMs } = turn.state;
  const clip = queue.next(aside);
  if (clip === undefined) {
    change(turn, { beginAtMs: null });
    return;
  }
  const waitMs = conditions.isWatched ? 0 : jitter(random, CLIP_JITTER_MS);
  const atMs = beginAtMs ?? monoMs + waitMs;
  change(turn, { beginAtMs: atMs });
  if (monoMs < atMs || conditions.isBusy) return;
  setStage(turn, { kind: 'reading', job: { clip, md5s: [], asks: 0 } });
  turn.outputs.push({ kind: 'read', clipId: clip.id });
}

function takeDigest(
  turn: ClipTurn,
  job: ClipJob,
  digest: Extract<ClipInput, { kind: 'read' }>['digest'],
): void {
  if (digest === null || digest.sha256 !== job.clip.sha256) {
    leave(turn, job, 'the file of a clip is not what was recorded');
    return;
  }
  ask(turn, { ...job, md5s: digest.md5s });
}

/** What is missing of it? */
function ask(turn: ClipTurn, before: ClipJob): void {
  const job = { ...before, asks: before.asks + 1 };
  const { id, bytes, sha256, feedingIds } = job.clip;
  if (job.asks > Math.ceil(job.md5s.length / CLIP_URLS_MAX) + FAILURES_MAX) {
    leave(turn, job, 'the store never has all of a clip');
    return;
  }
  const feed = feedingIds.find((one) => v.is(UlidSchema, one)) ?? null;
  const requestId = request(turn, `/v1/clips/${id}/upload`, {
    ...{ bytes, feed },
    sha256: hexToText(sha256),
  });
  setStage(turn, { kind: 'asking', job, requestId });
}

function takeMissing(turn: ClipTurn, job: ClipJob, answer: ReadAnswer<ClipUploadAnswer>): void {
  if (answer.kind !== 'ok') {
    takeRefusal(turn, job, answer);
    return;
  }
  const { state, parts, part_bytes } = answer.body;
  if (state === 'stored') finish(turn, job);
  else if (part_bytes !== CLIP_PART_BYTES || parts.some(({ n }) => n > job.md5s.length)) {
    leave(turn, job, 'the cloud takes clips in other parts');
  } else if (isFilled(parts)) {
    setStage(turn, { kind: 'sending', job, parts, isBegun: false, heldSinceMs: null });
  } else {
    const etags = job.md5s.map((etag, i) => ({ n: i + 1, etag }));
    const requestId = request(turn, `/v1/clips/${job.clip.id}/complete`, { parts: etags });
    setStage(turn, { kind: 'completing', job, requestId });
  }
}

type Sending = Extract<ClipStage, { kind: 'sending' }>;

/** K2. */
function yieldLine(turn: ClipTurn, stage: Sending): void {
  const { conditions, monoMs } = turn.context;
  const { isBegun, heldSinceMs } = stage;
  if (!isBegun) {
    if (!conditions.isBusy) sendPart(turn, stage);
  } else if (conditions.isBusy && heldSinceMs === null) {
    turn.outputs.push({ kind: 'hold' });
    setStage(turn, { ...stage, heldSinceMs: monoMs });
  } else if (!conditions.isBusy && heldSinceMs !== null) {
    turn.outputs.push({ kind: 'go' });
    setStage(turn, { ...stage, heldSinceMs: null });
  } else if (heldSinceMs !== null && monoMs - heldSinceMs > HOLD_MS_MAX) {
    turn.outputs.push({ kind: 'end' });
    setStage(turn, { ...stage, isBegun: false, heldSinceMs: null });
  }
}

function sendPart(turn: ClipTurn, stage: Sending): void {
  const { job, parts } = stage;
  const [part] = parts;
  const from = (part.n - 1) * CLIP_PART_BYTES;
  const bytes = Math.min(CLIP_PART_BYTES, job.clip.bytes - from);
  const md5 = job.md5s[part.n - 1] ?? '';
  setStage(turn, { ...stage, isBegun: true, heldSinceMs: null });
  turn.outputs.push({ kind: 'send', clipId: job.clip.id, part, from, bytes, md5 });
}

function takeSent(turn: ClipTurn, stage: Sending, status: number): void {
  const { job, parts } = stage;
  if (status >= 200 && status < 300) {
    const rest = parts.slice(1);
    if (isFilled(rest))
      setStage(turn, { ...stage, parts: rest, isBegun: false, heldSinceMs: null });
    else ask(turn, job);
    return;
  }
  // The address is too old, or the store did not like the bytes; else it did not answer.
  const why = status === 0 ? 'the store did not answer' : `the store answers with ${status}`;
  if (status >= 400 && status < 500) fail(turn, job, { why });
  else rest(turn, why);
}

function takeStored(turn: ClipTurn, job: ClipJob, answer: ReadAnswer<unknown>): void {
  if (answer.kind === 'ok') finish(turn, job);
  else takeRefusal(turn, job, answer);
}

/** K3. */
function finish(turn: ClipTurn, { clip }: ClipJob): void {
  turn.context.queue.markSent(clip.id);
  const failures = new Map(turn.state.failures);
  failures.delete(clip.id);
  change(turn, { failures, attempt: 0, why: '', beginAtMs: turn.context.monoMs });
  setStage(turn, { kind: 'idle' });
}

function takeRefusal(
  turn: ClipTurn,
  job: ClipJob,
  answer: Exclude<ReadAnswer<unknown>, { kind: 'ok' }>,
): void {
  if (answer.kind === 'noise') {
    rest(turn, 'no answer', answer.retryAfterMs);
    return;
  }
  const { refusal, reaction, retryAfterMs } = answer;
  const { why } = syncRefusals[refusal];
  const isAsked = turn.state.stage.kind === 'asking';
  if (refusal === 'cancelled' || refusal === 'reused' || refusal === 'bad_request') {
    leave(turn, job, why);
  } else if (refusal === 'not_found' && isAsked) {
    pause(turn, 'the cloud keeps no clips', NO_STORE_RETRY_MS);
  } else if (reaction === 'local') pause(turn, why, NO_RIGHTS_RETRY_MS);
  else if (refusal === 'incomplete' || refusal === 'not_found') fail(turn, job, { why });
  else rest(turn, why, retryAfterMs);
}

/** This clip failed: it is tried again, some times. */
function fail(turn: ClipTurn, job: ClipJob, { why }: { readonly why: string }): void {
  const { id } = job.clip;
  const count = (turn.state.failures.get(id) ?? 0) + 1;
  change(turn, { failures: new Map(turn.state.failures).set(id, count) });
  if (count >= FAILURES_MAX) leave(turn, job, why);
  else rest(turn, why);
}

/** This clip is left until the next start; the others go on. */
function leave(turn: ClipTurn, { clip }: ClipJob, why: string): void {
  change(turn, { aside: new Set(turn.state.aside).add(clip.id), why });
  change(turn, { beginAtMs: turn.context.monoMs });
  setStage(turn, { kind: 'idle' });
}

/** Full jitter below `min(cap, 2^n s)`, or what was asked for and up to a quarter more. */
function rest(turn: ClipTurn, why: string, retryAfterMs?: Milliseconds): void {
  const { random } = turn.context;
  const { attempt } = turn.state;
  const asked = Math.min(retryAfterMs ?? 0, RETRY_AFTER_MS_MAX);
  const cap = Math.min(BACKOFF_CAP_MS, 2 ** attempt * 1000);
  const waitMs = asked > 0 ? Math.ceil(asked) + jitter(random, asked / 4) : jitter(random, cap);
  change(turn, { attempt: Math.min(BACKOFF_STEPS_MAX, attempt + 1) });
  pause(turn, why, waitMs + BACKOFF_FLOOR_MS);
}

function pause(turn: ClipTurn, why: string, waitMs: Milliseconds): void {
  change(turn, { why, beginAtMs: turn.context.monoMs + waitMs });
  setStage(turn, { kind: 'idle' });
}

/** Ends what is under way; the clip has its turn again. */
function giveUp(turn: ClipTurn): void {
  if (turn.state.stage.kind === 'idle') return;
  turn.outputs.push({ kind: 'end' });
  setStage(turn, { kind: 'idle' });
}

function wake(turn: ClipTurn): void {
  const { monoMs } = turn.context;
  const { stage, beginAtMs } = turn.state;
  // A clip whose time has come only waits for the line.
  const isSoon = stage.kind === 'sending' || (stage.kind === 'idle' && beginAtMs !== null);
  const nextMs = monoMs + (isSoon ? LOOK_BUSY_MS : LOOK_MS);
  const beginMs = stage.kind === 'idle' ? (beginAtMs ?? 0) : 0;
  turn.outputs.push({
    kind: 'wake',
    atMonoMs: Math.max(nextMs, Math.min(beginMs, monoMs + LOOK_MS)),
  });
}

function request(turn: ClipTurn, path: string, body: unknown): number {
  const id = turn.state.lastId + 1;
  change(turn, { lastId: id });
  turn.outputs.push({ kind: 'request', id, path, body });
  return id;
}

function change(turn: ClipTurn, part: Partial<ClipSendState>): void {
  turn.state = { ...turn.state, ...part };
}

function setStage(turn: ClipTurn, stage: ClipStage): void {
  change(turn, { stage });
}

function isFilled(parts: readonly ClipPart[]): parts is readonly [ClipPart, ...ClipPart[]] {
  return parts.length > 0;
}

function hexToText(hex: string): string {
  const bytes = new Uint8Array(hex.length / 2);
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16);
  return bytesToText(bytes);
}
