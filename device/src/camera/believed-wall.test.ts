import { type ClockQuality, DAY_MS } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { believedWall } from './believed-wall.ts';

const START_MS = 1_800_000_000_000;

/** A station clock that is set by hand. */
function byHand(quality: ClockQuality = 'synchronized') {
  const state = { wallMs: START_MS, ageMs: 5000, quality };
  const now = () => ({ ...state, monoMs: state.ageMs, bootId: 'boot' });
  return { state, believed: believedWall({ now }) };
}

describe('the time by which clips grow old', () => {
  it('goes with the time that is lived', () => {
    const { state, believed } = byHand();
    expect(believed()).toBe(START_MS);
    state.wallMs += 40 * DAY_MS;
    state.ageMs += 40 * DAY_MS;
    expect(believed()).toBe(START_MS + 40 * DAY_MS);
  });

  it('does not jump ahead with the clock, but back with it', () => {
    const { state, believed } = byHand();
    believed();
    state.wallMs += 400 * DAY_MS;
    expect(believed()).toBe(START_MS);
    state.wallMs = START_MS - DAY_MS;
    expect(believed()).toBe(START_MS - DAY_MS);
  });

  it('is put right once when an RTC was behind', () => {
    const { state, believed } = byHand('rtc');
    expect(believed()).toBe(START_MS);
    state.wallMs += 400 * DAY_MS;
    expect(believed()).toBe(START_MS);
    state.quality = 'synchronized';
    expect(believed()).toBe(START_MS + 400 * DAY_MS);
    state.wallMs += 400 * DAY_MS;
    expect(believed()).toBe(START_MS + 400 * DAY_MS);
  });

  it.each(['unknown', 'estimated'] as const)('is not known from a clock that is %s', (quality) => {
    expect(byHand(quality).believed()).toBeNull();
  });
});
