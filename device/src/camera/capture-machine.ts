import type { CameraState, Milliseconds } from '@cat-feeder/shared';
import { backOffMs, type Chance } from '../platform/back-off.ts';

/*
 * The life of the camera's child process.
 *
 *  off --wanted--> probing --ready--> starting --segment--> running
 *   ^                 |unusable          |ended                |ended
 *   |                 v                  v                     v
 *   |             degraded <--5th-- backing_off <--ended-- stopping <--stall, slow start, unwanted
 *   |                 |60 s              |1..60 s              |
 *   |                 +--> probing       +--> starting         | TERM, after 2 s KILL, again and again
 *   +-- unwanted: at once, or from stopping when the child has ended
 *
 * M1 There is a child in starting, running and stopping, and in no other state.
 * M2 A child that brings no new picture or no segment in time is stopped, whatever it reports.
 * M3 Every state but off and running has a deadline; running has those of M2.
 * M4 A child is started only while the camera is wanted and usable, and never sooner than the
 *    back-off allows.
 */

/** A child that has brought no segment after this long is stopped. */
export const START_LIMIT_MS: Milliseconds = 20_000;
/** No new picture, or no new segment, for this long is a stall. */
export const STALL_MS: Milliseconds = 5_000;
/** A segment may take as long as so many of the one before it. */
const STALL_SEGMENTS = 3;
/** From asking a child to end to killing it, and between two kills. */
export const TERM_MS: Milliseconds = 2_000;
/** The look at the tools limits itself; this is the net below it. */
export const PROBE_LIMIT_MS: Milliseconds = 60_000;
/** The tools are looked at again after this long. */
export const DEGRADED_MS: Milliseconds = 60_000;
/** Failures in a row until the camera is called degraded. */
export const FAILURES_MAX = 5;
/** A child that has run this long has proven itself: earlier failures are forgotten. */
export const HEALTHY_MS: Milliseconds = 60_000;

export interface CaptureState {
  readonly name: CameraState;
  readonly isWanted: boolean;
  /** What went wrong last, for people; empty when all is well. */
  readonly why: string;
  readonly failures: number;
  /** When `due` is to be told, on the monotonic clock; null: never. */
  readonly dueMs: Milliseconds | null;
  /** When the present child came to run, and its last signs of life. */
  readonly runningSinceMs: Milliseconds;
  readonly frames: number;
  readonly frameAtMs: Milliseconds;
  readonly segmentAtMs: Milliseconds;
  /** How long it was: a camera that encodes by itself has its own idea of a second. */
  readonly segmentMs: Milliseconds;
}

export type CaptureEvent =
  | { readonly kind: 'wanted' | 'unwanted' | 'ready' | 'due' }
  | { readonly kind: 'segment'; readonly durationMs: Milliseconds }
  | { readonly kind: 'unusable' | 'ended'; readonly why: string }
  | { readonly kind: 'frames'; readonly frames: number };

/** What is to be done about it. */
export type CaptureOrder = 'probe' | 'open' | 'terminate' | 'kill' | null;

export interface CaptureStep {
  readonly state: CaptureState;
  readonly order: CaptureOrder;
}

/** Off, and not wanted. */
export const captureOff: CaptureState = {
  name: 'off',
  isWanted: false,
  why: '',
  failures: 0,
  dueMs: null,
  runningSinceMs: 0,
  frames: 0,
  frameAtMs: 0,
  segmentAtMs: 0,
  segmentMs: 0,
};

/** What follows from an event at an instant of the monotonic clock. Pure but for the chance. */
export function nextCapture(
  state: CaptureState,
  event: CaptureEvent,
  nowMs: Milliseconds,
  chance: Chance,
): CaptureStep {
  switch (event.kind) {
    case 'wanted':
      return want(state, nowMs);
    case 'unwanted':
      return unwant(state, nowMs);
    case 'ready':
      return state.name === 'probing' ? open(state, nowMs) : stay(state);
    case 'unusable':
      return state.name === 'probing' ? degrade(state, event.why, nowMs) : stay(state);
    case 'frames':
      return stay(hasChild(state) ? withFrames(state, event.frames, nowMs) : state);
    case 'segment':
      return stay(withSegment(state, event.durationMs, nowMs));
    case 'ended':
      return hasChild(state) ? ended(state, event.why, { nowMs, chance }) : stay(state);
    case 'due':
      return state.dueMs !== null && nowMs >= state.dueMs ? due(state, nowMs) : stay(state);
  }
}

/** Whether there is a child. */
export function hasChild({ name }: CaptureState): boolean {
  return name === 'starting' || name === 'running' || name === 'stopping';
}

const stay = (state: CaptureState): CaptureStep => ({ state, order: null });

function want(state: CaptureState, nowMs: Milliseconds): CaptureStep {
  const wanted = { ...state, isWanted: true };
  return state.name === 'off' ? probe({ ...wanted, failures: 0 }, nowMs) : stay(wanted);
}

function unwant(state: CaptureState, nowMs: Milliseconds): CaptureStep {
  const unwanted = { ...state, isWanted: false };
  if (state.name === 'stopping') return stay(unwanted);
  if (hasChild(state)) return stop(unwanted, '', nowMs);
  return stay({ ...captureOff });
}

function probe(state: CaptureState, nowMs: Milliseconds): CaptureStep {
  return { state: { ...state, name: 'probing', dueMs: nowMs + PROBE_LIMIT_MS }, order: 'probe' };
}

function open(state: CaptureState, nowMs: Milliseconds): CaptureStep {
  const dueMs = nowMs + START_LIMIT_MS;
  return { state: { ...state, name: 'starting', dueMs, frames: 0 }, order: 'open' };
}

function stop(state: CaptureState, why: string, nowMs: Milliseconds): CaptureStep {
  const dueMs = nowMs + TERM_MS;
  return { state: { ...state, name: 'stopping', why, dueMs }, order: 'terminate' };
}

function degrade(state: CaptureState, why: string, nowMs: Milliseconds): CaptureStep {
  return stay({ ...state, name: 'degraded', why, dueMs: nowMs + DEGRADED_MS });
}

function withFrames(state: CaptureState, frames: number, nowMs: Milliseconds): CaptureState {
  if (frames <= state.frames) return state;
  return watched({ ...state, frames, frameAtMs: nowMs });
}

function withSegment(
  state: CaptureState,
  segmentMs: Milliseconds,
  nowMs: Milliseconds,
): CaptureState {
  const sign = { segmentAtMs: nowMs, segmentMs };
  if (state.name === 'running') return watched({ ...state, ...sign });
  if (state.name !== 'starting') return state;
  const signs = { ...sign, runningSinceMs: nowMs, frameAtMs: nowMs };
  return watched({ ...state, ...signs, name: 'running', why: '' });
}

/** The deadline of a running child is that of the sign of life which is due first. */
function watched(state: CaptureState): CaptureState {
  if (state.name !== 'running') return state;
  return { ...state, dueMs: Math.min(frameDueMs(state), segmentDueMs(state)) };
}

const frameDueMs = ({ frameAtMs }: CaptureState) => frameAtMs + STALL_MS;
const segmentDueMs = ({ segmentAtMs, segmentMs }: CaptureState) =>
  segmentAtMs + Math.max(STALL_MS, STALL_SEGMENTS * segmentMs);

function ended(
  state: CaptureState,
  lastWords: string,
  { nowMs, chance }: { readonly nowMs: Milliseconds; readonly chance: Chance },
): CaptureStep {
  if (!state.isWanted) return stay({ ...captureOff });
  // It was stopped because nobody wanted it, and is wanted again: no failure.
  if (state.name === 'stopping' && state.why === '') return open(state, nowMs);
  // Why it was stopped says more than what it said when it was.
  const why = state.name === 'stopping' && state.why !== '' ? state.why : lastWords;
  const hasProven = state.runningSinceMs > 0 && nowMs - state.runningSinceMs >= HEALTHY_MS;
  const failures = hasProven ? 1 : state.failures + 1;
  const next = { ...state, why, failures, runningSinceMs: 0 };
  if (failures >= FAILURES_MAX) return degrade(next, why, nowMs);
  return stay({ ...next, name: 'backing_off', dueMs: nowMs + backOffMs(failures, chance) });
}

function due(state: CaptureState, nowMs: Milliseconds): CaptureStep {
  switch (state.name) {
    case 'probing':
      return degrade(state, 'The look at the camera’s tools did not end.', nowMs);
    case 'starting':
      return stop(state, 'The camera brought no picture after its start.', nowMs);
    case 'running': {
      const what = frameDueMs(state) <= segmentDueMs(state) ? 'picture' : 'segment';
      return stop(state, `The camera brings no new ${what}.`, nowMs);
    }
    case 'stopping':
      return { state: { ...state, dueMs: nowMs + TERM_MS }, order: 'kill' };
    case 'backing_off':
      return open(state, nowMs);
    case 'degraded':
      return probe(state, nowMs);
    case 'off':
      return stay({ ...state, dueMs: null });
  }
}
