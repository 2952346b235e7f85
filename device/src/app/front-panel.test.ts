import { describe, expect, it } from 'vitest';
import type { Panel } from '../hardware/parts/open-panel.ts';
import {
  SimulatedButton,
  SimulatedIndicator,
  SimulatedSounder,
} from '../hardware/simulated/parts/simulated-panel.ts';
import {
  SimulatedPowerSupply,
  SimulatedThermometer,
} from '../hardware/simulated/parts/simulated-surroundings.ts';
import { LiveEvents } from '../platform/live-events.ts';
import { silentLogger } from '../platform/logger.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { FrontPanel } from './front-panel.ts';

function makePanel(level: { isLow: boolean }) {
  const clock = new VirtualClock();
  const live = new LiveEvents({ epoch: 'e', logger: silentLogger });
  const state = { hasFault: false, isFeeding: false, presses: [] as string[], isClosed: false };
  const button = new SimulatedButton();
  const indicator = new SimulatedIndicator();
  const sounder = new SimulatedSounder();
  const power = new SimulatedPowerSupply();
  const look = async () => ({ fraction: 0.5, confidence: 1, isEmpty: false, atMs: 0, ...level });
  const gauge = Object.assign(new SimulatedThermometer(), { look });
  const panel: Panel = {
    button,
    buttonGrams: 0,
    indicator,
    sounder,
    power,
    lid: null,
    bowl: null,
    petReader: null,
    hopperGauge: gauge,
    thermometer: new SimulatedThermometer(),
    missing: [],
    close: () => {
      state.isClosed = true;
    },
  };
  const front = new FrontPanel({
    panel,
    clock,
    live,
    hasFault: () => state.hasFault,
    isFeeding: () => state.isFeeding,
    onPress: (pattern) => {
      state.presses.push(pattern);
    },
  });
  front.start();
  const change = (next: Partial<typeof state>) => {
    Object.assign(state, next);
    live.publish('faults', { items: [] });
  };
  return { front, state, button, indicator, sounder, power, clock, change };
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
    const { indicator, sounder, clock } = makePanel(level);
    await settle();
    expect([indicator.shown, sounder.playing]).toEqual(['low_food', 'low_food']);
    level.isLow = false;
    clock.advance(10 * 60_000);
    await settle();
    expect(indicator.shown).toBe('ready');
  });

  it('hands on what the button says', () => {
    const { button, state } = makePanel({ isLow: false });
    button.press('press');
    button.press('long');
    expect(state.presses).toEqual(['press', 'long']);
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
