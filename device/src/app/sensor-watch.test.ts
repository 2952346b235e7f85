import type { Fault } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { SensorWatch } from './sensor-watch.ts';

const MINUTE_MS = 60_000;

function watched() {
  const clock = new VirtualClock();
  const state = { fault: null as Fault | null, isBusy: false, raised: [] as Fault[] };
  const watch = new SensorWatch({
    clock,
    fault: () => state.fault,
    isBusy: () => state.isBusy,
    isShown: (fault) => state.raised.includes(fault),
    raise: (fault) => state.raised.push(fault),
  });
  watch.start();
  return { clock, state, watch };
}

describe('SensorWatch', () => {
  it('tells once of what lasts, and again when it was forgotten', () => {
    const { clock, state } = watched();
    state.fault = 'scale_silent';
    clock.advance(5 * MINUTE_MS);
    expect(state.raised).toEqual([]);
    clock.advance(60 * MINUTE_MS);
    expect(state.raised).toEqual(['scale_silent']);
    state.raised = [];
    clock.advance(MINUTE_MS);
    expect(state.raised).toEqual(['scale_silent']);
  });

  it('says nothing of what passes', () => {
    const { clock, state } = watched();
    for (let i = 0; i < 20; i++) {
      state.fault = i % 2 === 0 ? 'bowl_missing' : null;
      clock.advance(4 * MINUTE_MS);
    }
    expect(state.raised).toEqual([]);
  });

  it('does not take a feeding for the end of a fault', () => {
    const { clock, state } = watched();
    state.fault = 'scale_stuck';
    clock.advance(3 * MINUTE_MS);
    state.isBusy = true;
    state.fault = null;
    clock.advance(2 * MINUTE_MS);
    state.isBusy = false;
    state.fault = 'scale_stuck';
    clock.advance(2 * MINUTE_MS);
    expect(state.raised).toEqual(['scale_stuck']);
  });

  it('ends when it is stopped', () => {
    const { clock, watch } = watched();
    watch.stop();
    expect(clock.nextDueMs()).toBeUndefined();
  });
});
