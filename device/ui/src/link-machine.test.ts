import { describe, expect, it } from 'vitest';
import {
  type LinkEvent,
  type LinkState,
  nextLinkState,
  retryDelayMs,
  SILENCE_MS_MAX,
} from './link-machine.ts';

const expected: Record<LinkState, Record<LinkEvent, LinkState>> = {
  connecting: {
    heard: 'live',
    silent: 'lost',
    failed: 'lost',
    hidden: 'asleep',
    shown: 'connecting',
  },
  live: { heard: 'live', silent: 'lost', failed: 'lost', hidden: 'asleep', shown: 'live' },
  lost: { heard: 'live', silent: 'lost', failed: 'lost', hidden: 'asleep', shown: 'lost' },
  asleep: {
    heard: 'asleep',
    silent: 'asleep',
    failed: 'asleep',
    hidden: 'asleep',
    shown: 'connecting',
  },
};

const states = Object.keys(expected) as LinkState[];
const events = Object.keys(expected.live) as LinkEvent[];
const table = states.flatMap((state) => events.map((event) => [state, event] as const));

describe('the link to the feeder', () => {
  it.each(table)('%s --%s', (state, event) => {
    expect(nextLinkState(state, event)).toBe(expected[state][event]);
  });

  it('I1 is live only after something was heard', () => {
    for (const [state, event] of table) {
      if (nextLinkState(state, event) !== 'live') continue;
      expect(event === 'heard' || state === 'live').toBe(true);
    }
  });

  it('leaves time to draw the news of a silence within 3 s', () => {
    expect(SILENCE_MS_MAX).toBeLessThanOrEqual(2_400);
    expect(SILENCE_MS_MAX).toBeGreaterThan(2_000);
  });

  it('tries again quickly first, and never slower than every four seconds', () => {
    expect([0, 1, 2, 3, 4, 99].map(retryDelayMs)).toEqual([300, 1_000, 2_000, 4_000, 4_000, 4_000]);
  });
});
