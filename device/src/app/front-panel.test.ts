import { describe, expect, it } from 'vitest';
import { simulatedPanel } from '../../test/support/simulated-panel.ts';
import { LiveEvents } from '../platform/live-events.ts';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { FrontPanel } from './front-panel.ts';
import { PanelInterlocks } from './panel-interlocks.ts';

function makePanel(level: { isLow: boolean }) {
  const clock = new VirtualClock();
  const live = new LiveEvents({ epoch: 'e', logger: silentLogger });
  const presses: string[] = [];
  const seen: number[] = [];
  const state = { hasFault: false, isFeeding: false, isClosed: false };
  const simulated = simulatedPanel(clock);
  const { button, indicator, sounder, power } = simulated;
  simulated.hopperGauge.level = Object.assign(level, {
    fraction: 0.5,
    confidence: 1,
    isEmpty: false,
  });
  const close = () => {
    state.isClosed = true;
  };
  const panel = { ...simulated, close };
  const front = new FrontPanel({
    panel,
    clock,
    live,
    hasFault: () => state.hasFault,
    isFeeding: () => state.isFeeding,
    interlocks: new PanelInterlocks(panel),
    onHopper: ({ fraction }) => seen.push(fraction),
    onPress: (pattern) => presses.push(pattern),
  });
  front.start();
  const change = (next: Partial<typeof state>) => {
    Object.assign(state, next);
    live.publish('faults', { items: [] });
  };
  return { front, state, presses, seen, button, indicator, sounder, power, clock, change };
}

const settle = async () => {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
};

describe('FrontPanel', () => {
  it('shows how the feeder is, and sounds once for what is wrong', () => {
    const { indicator, sounder, change } = makePanel({ isLow: false });
    expect([indicator.shown, sounder.playing]).toEqual(['ready', null]);
    change({ isFeeding: true });
    expect([indicator.shown, sounder.playing]).toEqual(['feeding', null]);
    change({ hasFault: true });
    expect([indicator.shown, sounder.playing]).toEqual(['fault', 'fault']);
    sounder.hush();
    change({ hasFault: true });
    expect(sounder.playing).toBeNull();
    change({ hasFault: false, isFeeding: false });
    expect(indicator.shown).toBe('ready');
  });

  it('shows a weak supply as a fault', () => {
    const { indicator, power } = makePanel({ isLow: false });
    power.set({ isUndervoltage: true, why: 'weak' });
    expect(indicator.shown).toBe('fault');
  });

  it('looks into the hopper now and then', async () => {
    const level = { isLow: true };
    const { indicator, sounder, clock, seen } = makePanel(level);
    await settle();
    expect([indicator.shown, sounder.playing]).toEqual(['low_food', 'low_food']);
    level.isLow = false;
    clock.advance(10 * 60_000);
    await settle();
    expect(indicator.shown).toBe('ready');
    expect(seen).toEqual([0.5, 0.5]);
  });

  it('hands on what the button says', () => {
    const { button, presses } = makePanel({ isLow: false });
    button.press('press');
    button.press('long');
    expect(presses).toEqual(['press', 'long']);
  });

  it('says which part is not well, and gives all of them up', () => {
    const { front, button, state, clock } = makePanel({ isLow: false });
    expect(front.condition()).toEqual({ state: 'ok' });
    button.become('stuck');
    expect(front.condition()).toEqual({
      state: 'degraded',
      why: 'The simulated front button is stuck.',
    });
    front.stop();
    expect(state.isClosed).toBe(true);
    expect(clock.pendingNames()).toEqual([]);
  });
});
