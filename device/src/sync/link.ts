import {
  BACKOFF_CAP_MS,
  BATCH_BYTES_MAX,
  BATCH_ITEMS_MAX,
  BatchAnswerSchema,
  ClaimAnswerSchema,
  DownAnswerSchema,
  FillAnswerSchema,
  ForkAnswerSchema,
  HELLO_MS,
  HelloAnswerSchema,
  POLL_MS,
} from '@cat-feeder/shared';
import { type RawAnswer, type ReadAnswer, readAnswer } from './answers.ts';
import { halve, pendingSegment, sendBatch, takeAck } from './batches.ts';
import {
  askAgain,
  claimUnderWay,
  endCommand,
  resumeCommands,
  sendClaims,
  takeDenial,
  takeGrant,
} from './command-desk.ts';
import { pull, takeDown, takePushed } from './downlink.ts';
import { dropFill, sendFill, takeFill } from './fills.ts';
import { sendFork, takeFork } from './fork-work.ts';
import { sayHello, takeHello } from './greeting.ts';
import type { LinkContext, LinkInput, LinkState, LinkStep, UplinkRequest } from './link-io.ts';
import { appendSnapshot } from './snapshot.ts';
import { change, jitter, noteAppended, relax, rest, type Turn } from './turn.ts';

/*
 * The feeder's side of the protocol: `step` takes what happened and says what to do.
 *
 *   stopped --started--> resting --time--> greeting --answer--> live <--> forking
 *                          ^ ^                |                   |          |
 *                          | '----no answer---'                   |          |
 *                          '------fenced, lost, contradicted------+----------'
 *   greeting or live --revoked, unclaimed, no common version--> local --an hour--> greeting
 *
 * L1 One request of the uplink is under way at a time; claims have a lane of their own.
 * L2 Only an answer that fits its schema changes anything; noise is a lost answer.
 * L3 Nothing here waits, and nothing that feeds waits for anything here.
 */

/** A feeder without rights tries again after this long, plus up to as much again. */
const LOCAL_RETRY_MS = 3_600_000;
/** Hello gives the broker this feeder's account again: so long after it refused it, up to twice. */
const BELL_RETRY_MS = 600_000;
/** After a start the first hello comes within this time. */
const START_SPREAD_MS = 2_000;

/** The state before `started`. */
export const initialLink: LinkState = {
  phase: 'stopped',
  boot: '',
  firmware: '',
  session: 0,
  lastId: 0,
  busy: null,
  claims: {},
  retryAtMs: 0,
  claimRetryAtMs: 0,
  flushAtMs: null,
  pollAtMs: 0,
  helloAtMs: 0,
  acks: {},
  limits: {
    items: BATCH_ITEMS_MAX,
    bytes: BATCH_BYTES_MAX,
    capMs: BACKOFF_CAP_MS,
    pollMs: POLL_MS,
  },
  batchItems: BATCH_ITEMS_MAX,
  fork: null,
  fills: [],
  needDocs: false,
  bell: null,
  isCloned: false,
};

/** One step. */
export function step(state: LinkState, input: LinkInput, context: LinkContext): LinkStep {
  const turn: Turn = { state, outputs: [], context };
  take(turn, input);
  if (turn.state.phase !== 'stopped') {
    proceed(turn);
    turn.outputs.push({ kind: 'wake', atMonoMs: nextWake(turn.state, context.now.monoMs) });
  }
  return { state: turn.state, outputs: turn.outputs };
}

function take(turn: Turn, input: LinkInput): void {
  if (input.kind === 'started') start(turn, input);
  else if (input.kind === 'appended') noteAppended(turn, input.cls);
  else if (input.kind === 'answer') takeAnswer(turn, input.id, input);
  else if (input.kind === 'failed') takeAnswer(turn, input.id, { status: 0, body: undefined });
  else if (input.kind === 'executed') takeResult(turn, input);
  else if (input.kind === 'pushed' && turn.state.phase === 'live') takePushed(turn, input.body);
  else if (input.kind === 'listening' && turn.state.phase === 'live') {
    change(turn, { pollAtMs: turn.context.now.monoMs });
  } else if (input.kind === 'unheard' && turn.state.phase === 'live') greetSooner(turn);
  else if (input.kind === 'reachable' && turn.state.phase === 'resting') hurry(turn);
}

function takeResult(turn: Turn, word: Extract<LinkInput, { kind: 'executed' }>): void {
  const command = turn.context.store.command(word.commandId);
  if (command?.state !== 'executing') return;
  endCommand(turn, command, word);
}

function start(turn: Turn, input: { readonly boot: string; readonly firmware: string }): void {
  const { now, random } = turn.context;
  const { boot, firmware } = input;
  const retryAtMs = now.monoMs + jitter(random, START_SPREAD_MS);
  turn.state = { ...initialLink, phase: 'resting', boot, firmware, retryAtMs };
  resumeCommands(turn);
}

function greetSooner(turn: Turn): void {
  const { now, random } = turn.context;
  const soonMs = now.monoMs + BELL_RETRY_MS + jitter(random, BELL_RETRY_MS);
  change(turn, { helloAtMs: Math.min(turn.state.helloAtMs, soonMs) });
}

function hurry(turn: Turn): void {
  const { now, random } = turn.context;
  const soonMs = now.monoMs + jitter(random, START_SPREAD_MS);
  change(turn, { retryAtMs: Math.min(turn.state.retryAtMs, soonMs) });
}

/** Does what is due, as far as the lanes are free. */
function proceed(turn: Turn): void {
  const { now } = turn.context;
  const { phase, busy, retryAtMs } = turn.state;
  if (phase === 'resting' || phase === 'local') {
    if (now.monoMs >= retryAtMs) sayHello(turn);
    return;
  }
  if (phase === 'live') sendClaims(turn);
  if (busy !== null) return;
  if (phase === 'forking' && turn.state.fork !== null) sendFork(turn, turn.state.fork);
  else if (phase === 'live') useUplink(turn);
}

function useUplink(turn: Turn): void {
  const { now } = turn.context;
  const { helloAtMs, pollAtMs, fills } = turn.state;
  if (turn.state.needDocs) appendSnapshot(turn);
  const { flushAtMs } = turn.state;
  if (now.monoMs >= helloAtMs) sayHello(turn);
  else if (flushAtMs !== null && now.monoMs >= flushAtMs) sendBatch(turn);
  if (turn.state.busy !== null) return;
  if (now.monoMs >= pollAtMs) pull(turn);
  else if (fills.length > 0 && pendingSegment(turn) === undefined) sendFill(turn);
}

/** When something is due that no answer brings. */
function nextWake(state: LinkState, nowMs: number): number {
  const { phase, busy, retryAtMs, claimRetryAtMs, flushAtMs, pollAtMs, helloAtMs } = state;
  if (phase === 'resting' || phase === 'local') return retryAtMs;
  const lane = busy === null ? [flushAtMs ?? nowMs, pollAtMs] : [];
  return Math.min(
    ...[...lane, claimRetryAtMs, nowMs + HELLO_MS, helloAtMs].filter((at) => at > nowMs),
  );
}

function takeAnswer(turn: Turn, id: number, answer: RawAnswer): void {
  const claim = claimUnderWay(turn, id);
  if (claim !== undefined) {
    takeClaimAnswer(turn, claim, answer);
    return;
  }
  const { busy } = turn.state;
  if (busy === null || busy.id !== id) return;
  change(turn, { busy: null });
  takeUplink(turn, busy.request, answer);
}

function takeClaimAnswer(
  turn: Turn,
  claim: { readonly commandId: string; readonly sentMonoMs: number },
  raw: RawAnswer,
): void {
  const answer = readAnswer(ClaimAnswerSchema, raw);
  if (answer.kind === 'ok') takeGrant(turn, claim, answer.body);
  else if (answer.kind === 'noise') askAgain(turn);
  else if (answer.reaction === 'drop') takeDenial(turn, claim.commandId, answer.refusal);
  else if (answer.reaction === 'hello') rest(turn, answer.retryAfterMs);
  else askAgain(turn);
}

function takeUplink(turn: Turn, request: UplinkRequest, raw: RawAnswer): void {
  if (request.what === 'hello') {
    settle(turn, readAnswer(HelloAnswerSchema, raw), (body) => takeHello(turn, body));
  } else if (request.what === 'batch') takeBatchAnswer(turn, request, raw);
  else if (request.what === 'fork') {
    settle(turn, readAnswer(ForkAnswerSchema, raw), (body) => takeFork(turn, request, body));
  } else if (request.what === 'fill') takeFillAnswer(turn, request.from, raw);
  else {
    settle(turn, readAnswer(DownAnswerSchema, raw), (body) => {
      relax(turn);
      takeDown(turn, body);
    });
  }
}

function takeBatchAnswer(
  turn: Turn,
  request: Extract<UplinkRequest, { what: 'batch' }>,
  raw: RawAnswer,
): void {
  const answer = readAnswer(BatchAnswerSchema, raw);
  const refusal = answer.kind === 'refused' ? answer.refusal : null;
  if (refusal === 'too_large' || refusal === 'bad_request') halve(turn, request.items);
  else settle(turn, answer, (body) => takeAck(turn, request.epoch, body));
}

function takeFillAnswer(turn: Turn, from: number, raw: RawAnswer): void {
  const answer = readAnswer(FillAnswerSchema, raw);
  if (answer.kind === 'refused' && answer.reaction === 'drop') dropFill(turn);
  else settle(turn, answer, () => takeFill(turn, from));
}

/** L2: an accepted answer is used; everything else ends the session, or the rights. */
function settle<T>(turn: Turn, answer: ReadAnswer<T>, use: (body: T) => void): void {
  if (answer.kind === 'ok') use(answer.body);
  else if (answer.kind === 'refused' && answer.reaction === 'local') standAlone(turn);
  else rest(turn, answer.retryAfterMs);
}

function standAlone(turn: Turn): void {
  const { now, random } = turn.context;
  const retryAtMs = now.monoMs + LOCAL_RETRY_MS + jitter(random, LOCAL_RETRY_MS);
  const nothing = { busy: null, claims: {}, fork: null, fills: [], bell: null };
  change(turn, { ...nothing, phase: 'local', retryAtMs });
}
