import type { CameraState } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CaptureEvent,
  type CaptureOrder,
  type CaptureState,
  captureOff,
  DEGRADED_MS,
  FAILURES_MAX,
  HEALTHY_MS,
  hasChild,
  nextCapture,
  STALL_MS,
  START_LIMIT_MS,
  TERM_MS,
} from './capture-machine.ts';

const NOW = 1_000_000;
const half = () => 0.5;
const wantedIn = (name: CameraState): CaptureState => ({
  ...captureOff,
  name,
  isWanted: name !== 'off',
  dueMs: NOW,
  runningSinceMs: name === 'running' ? NOW - 10_000 : 0,
});
const eventOf = (kind: CaptureEvent['kind']): CaptureEvent => {
  if (kind === 'frames') return { kind, frames: 1 };
  if (kind === 'segment') return { kind, durationMs: 1000 };
  if (kind === 'ended' || kind === 'unusable') return { kind, why: 'so' };
  return { kind };
};
type Cell = readonly [CameraState, CaptureOrder];

/** From every state, by every event, when its deadline has come. */
const table: Record<CameraState, Record<CaptureEvent['kind'], Cell>> = {
  off: {
    wanted: ['probing', 'probe'],
    unwanted: ['off', null],
    ready: ['off', null],
    unusable: ['off', null],
    segment: ['off', null],
    frames: ['off', null],
    ended: ['off', null],
    due: ['off', null],
  },
  probing: {
    wanted: ['probing', null],
    unwanted: ['off', null],
    ready: ['starting', 'open'],
    unusable: ['degraded', null],
    segment: ['probing', null],
    frames: ['probing', null],
    ended: ['probing', null],
    due: ['degraded', null],
  },
  starting: {
    wanted: ['starting', null],
    unwanted: ['stopping', 'terminate'],
    ready: ['starting', null],
    unusable: ['starting', null],
    segment: ['running', null],
    frames: ['starting', null],
    ended: ['backing_off', null],
    due: ['stopping', 'terminate'],
  },
  running: {
    wanted: ['running', null],
    unwanted: ['stopping', 'terminate'],
    ready: ['running', null],
    unusable: ['running', null],
    segment: ['running', null],
    frames: ['running', null],
    ended: ['backing_off', null],
    due: ['stopping', 'terminate'],
  },
  stopping: {
    wanted: ['stopping', null],
    unwanted: ['stopping', null],
    ready: ['stopping', null],
    unusable: ['stopping', null],
    segment: ['stopping', null],
    frames: ['stopping', null],
    ended: ['starting', 'open'],
    due: ['stopping', 'kill'],
  },
  backing_off: {
    wanted: ['backing_off', null],
    unwanted: ['off', null],
    ready: ['backing_off', null],
    unusable: ['backing_off', null],
    segment: ['backing_off', null],
    frames: ['backing_off', null],
    ended: ['backing_off', null],
    due: ['starting', 'open'],
  },
  degraded: {
    wanted: ['degraded', null],
    unwanted: ['off', null],
    ready: ['degraded', null],
    unusable: ['degraded', null],
    segment: ['degraded', null],
    frames: ['degraded', null],
    ended: ['degraded', null],
    due: ['probing', 'probe'],
  },
};

const cells = Object.entries(table).flatMap(([name, row]) =>
  Object.entries(row).map(
    ([kind, cell]) => [name as CameraState, kind as CaptureEvent['kind'], cell] as const,
  ),
);

describe('the life of the capture child', () => {
  it.each(cells)('in %s, %s leads to %o', (name, kind, [next, order]) => {
    const step = nextCapture(wantedIn(name), eventOf(kind), NOW, half);
    expect([step.state.name, step.order]).toEqual([next, order]);
  });

  it('FMEA-55 stops a child whose pictures stand still although it goes on reporting them', () => {
    let state = running();
    for (let at = NOW; at <= NOW + STALL_MS; at += 500) {
      state = nextCapture(state, { kind: 'frames', frames: 15 }, at, half).state;
      state = nextCapture(state, { kind: 'segment', durationMs: 1000 }, at, half).state;
    }
    const step = nextCapture(state, { kind: 'due' }, NOW + STALL_MS, half);
    expect(step).toMatchObject({ order: 'terminate', state: { name: 'stopping' } });
    expect(step.state.why).toContain('picture');
  });

  it('stops a child that encodes but brings no segments', () => {
    let state = running();
    for (let at = NOW; at <= NOW + STALL_MS; at += 500) {
      state = nextCapture(state, { kind: 'frames', frames: at }, at, half).state;
    }
    expect(nextCapture(state, { kind: 'due' }, NOW + STALL_MS, half).state.why).toContain(
      'segment',
    );
  });

  it('waits for the long segments of a camera that encodes by itself', () => {
    const state = nextCapture(running(), { kind: 'segment', durationMs: 4000 }, NOW, half).state;
    const counted = nextCapture(state, { kind: 'frames', frames: 99 }, NOW + 9000, half).state;
    expect(counted.dueMs).toBe(NOW + 12_000);
  });

  it('kills what does not end when it is asked to, again and again', () => {
    const stopping = nextCapture(wantedIn('starting'), { kind: 'due' }, NOW, half).state;
    expect(nextCapture(stopping, { kind: 'due' }, NOW + TERM_MS - 1, half).order).toBeNull();
    const killed = nextCapture(stopping, { kind: 'due' }, NOW + TERM_MS, half);
    expect(killed.order).toBe('kill');
    expect(nextCapture(killed.state, { kind: 'due' }, NOW + 2 * TERM_MS, half).order).toBe('kill');
  });

  it('is degraded after five failures, and tries again after a minute', () => {
    let state = { ...wantedIn('backing_off') };
    for (let failure = 1; failure < FAILURES_MAX; failure++) {
      state = nextCapture({ ...state, name: 'starting' }, eventOf('ended'), NOW, half).state;
      expect(state.name).toBe('backing_off');
    }
    state = nextCapture({ ...state, name: 'starting' }, eventOf('ended'), NOW, half).state;
    expect(state).toMatchObject({ name: 'degraded', why: 'so', dueMs: NOW + DEGRADED_MS });
  });

  it('forgets failures of a camera that has run for a minute', () => {
    const proven = { ...running(), failures: 4, runningSinceMs: NOW - HEALTHY_MS };
    expect(nextCapture(proven, eventOf('ended'), NOW, half).state).toMatchObject({
      name: 'backing_off',
      failures: 1,
    });
  });
});

function running(): CaptureState {
  const starting = { ...wantedIn('starting'), dueMs: NOW + START_LIMIT_MS };
  const counted = nextCapture(starting, { kind: 'frames', frames: 15 }, NOW, half).state;
  return nextCapture(counted, { kind: 'segment', durationMs: 1000 }, NOW, half).state;
}

const events = fc.array(
  fc.record({
    afterMs: fc.integer({ min: 0, max: 30_000 }),
    event: fc.oneof(
      fc.constantFrom(...Object.keys(table.off).map((kind) => eventOf(kind as never))),
      fc.integer({ min: 0, max: 1000 }).map((frames) => ({ kind: 'frames', frames }) as const),
    ),
  }),
  { maxLength: 60 },
);

describe('whatever happens', () => {
  it('M1 opens only without a child, and M3 always has a deadline', () => {
    fc.assert(
      fc.property(events, fc.double({ min: 0, max: 0.999, noNaN: true }), (happened, chance) => {
        let state = captureOff;
        let nowMs = 0;
        for (const { afterMs, event: next } of happened) {
          nowMs += afterMs;
          const before = state;
          const step = nextCapture(before, next, nowMs, () => chance);
          state = step.state;
          const isReplaced = next.kind === 'ended' && before.name === 'stopping';
          if (step.order === 'open') {
            expect(hasChild(before) && !isReplaced).toBe(false);
            expect(state.isWanted).toBe(true);
          }
          if (step.order === 'terminate' || step.order === 'kill') {
            expect(hasChild(before)).toBe(true);
          }
          expect(state.dueMs === null).toBe(state.name === 'off');
          if (state.name === 'off') expect(state).toEqual({ ...captureOff });
        }
      }),
    );
  });
});
