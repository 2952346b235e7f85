import type { Milliseconds } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PressPattern } from '../../platform/front-button.ts';
import {
  DOUBLE_GAP_MS,
  LONG_MS,
  nextPress,
  type PressEvent,
  type Pressing,
  type PressState,
  unpressed,
} from './press-machine.ts';

type Outcome = readonly [PressState, PressPattern | null];

/** Every state and event, soon after the state began. */
const soon: Readonly<Record<PressState, Readonly<Record<PressEvent, Outcome>>>> = {
  up: { down: ['down', null], up: ['up', null], time: ['up', null] },
  down: { down: ['down', null], up: ['between', null], time: ['down', null] },
  between: { down: ['down_again', null], up: ['between', null], time: ['between', null] },
  down_again: { down: ['down_again', null], up: ['up', 'double'], time: ['down_again', null] },
  held: { down: ['held', null], up: ['up', null], time: ['held', null] },
};

/** The same, a long time after the state began. */
const late: typeof soon = {
  up: { down: ['down', null], up: ['up', null], time: ['up', null] },
  down: { down: ['down', null], up: ['up', 'long'], time: ['held', 'long'] },
  between: { down: ['down', 'press'], up: ['up', 'press'], time: ['up', 'press'] },
  down_again: { down: ['down_again', null], up: ['up', 'long'], time: ['held', 'long'] },
  held: { down: ['held', null], up: ['up', null], time: ['held', null] },
};

const cases = (table: typeof soon, passedMs: Milliseconds) =>
  Object.entries(table).flatMap(([state, events]) =>
    Object.entries(events).map(([event, outcome]) => ({ state, event, outcome, passedMs })),
  );

describe('the press machine', () => {
  it.each([...cases(soon, 100), ...cases(late, LONG_MS)])(
    '$state --$event after $passedMs ms--> $outcome',
    ({ state, event, outcome, passedMs }) => {
      const now = { state: state as PressState, sinceMs: 5000 };
      const { pressing, pattern } = nextPress(now, event as PressEvent, 5000 + passedMs);
      expect([pressing.state, pattern]).toEqual(outcome);
    },
  );

  it('P1 tells one pattern for each press, or one for two that belong together', () => {
    const touches = fc.array(
      fc.record({
        gapMs: fc.integer({ min: 1, max: 3000 }),
        holdMs: fc.integer({ min: 1, max: 3000 }),
      }),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(touches, (list) => {
        const told = play(list);
        let expected = 0;
        for (let i = 0; i < list.length; i++) {
          expected += 1;
          const next = list[i + 1];
          const isShort = (list[i]?.holdMs ?? 0) < LONG_MS;
          if (isShort && next !== undefined && next.gapMs < DOUBLE_GAP_MS) i += 1;
        }
        expect(told).toHaveLength(expected);
      }),
    );
  });

  it('P2 judges a long press by the edges alone, when nobody came in between', () => {
    const down = nextPress(unpressed, 'down', 1000).pressing;
    expect(nextPress(down, 'up', 1000 + LONG_MS).pattern).toBe('long');
    expect(nextPress(down, 'up', 1000 + LONG_MS - 1).pattern).toBeNull();
  });
});

/** Plays touches with a `time` at each moment that the machine asked for. */
function play(list: readonly { gapMs: Milliseconds; holdMs: Milliseconds }[]): PressPattern[] {
  const told: PressPattern[] = [];
  let now: Pressing = unpressed;
  let wakeAtMs: Milliseconds | null = null;
  const step = (event: PressEvent, atMs: Milliseconds) => {
    while (wakeAtMs !== null && wakeAtMs < atMs) take('time', wakeAtMs);
    take(event, atMs);
  };
  const take = (event: PressEvent, atMs: Milliseconds) => {
    const next = nextPress(now, event, atMs);
    now = next.pressing;
    wakeAtMs = next.wakeAtMs;
    if (next.pattern !== null) told.push(next.pattern);
  };
  let atMs = 10_000;
  for (const { gapMs, holdMs } of list) {
    atMs += gapMs;
    step('down', atMs);
    atMs += holdMs;
    step('up', atMs);
  }
  step('time', atMs + 10_000);
  return told;
}
