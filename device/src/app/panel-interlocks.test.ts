import { describe, expect, it } from 'vitest';
import { simulatedPanel } from '../../test/support/simulated-panel.ts';
import { VirtualClock } from '../platform/virtual-clock.ts';
import { PanelInterlocks } from './panel-interlocks.ts';

function watched() {
  const panel = simulatedPanel(new VirtualClock());
  const interlocks = new PanelInterlocks(panel);
  let told = 0;
  const unsubscribe = interlocks.onChange(() => {
    told += 1;
  });
  return { panel, interlocks, unsubscribe, told: () => told };
}

describe('PanelInterlocks', () => {
  it('names what speaks against the motor, the gravest first, and tells each change', () => {
    const { panel, interlocks, told } = watched();
    expect(interlocks.active()).toEqual([]);
    panel.power.set({ isUndervoltage: true });
    panel.bowl.move(false);
    panel.lid.move(false);
    panel.power.set({ isFailing: true });
    expect(interlocks.active()).toEqual([
      'power_failing',
      'lid_open',
      'bowl_missing',
      'undervoltage',
    ]);
    expect(told()).toBe(4);
    panel.lid.move(true);
    expect(interlocks.active()).not.toContain('lid_open');
  });

  it('takes a switch that cannot be believed for none', () => {
    const { panel, interlocks } = watched();
    panel.lid.move(false);
    panel.bowl.move(false);
    panel.lid.become('babbling');
    panel.bowl.become('unplugged');
    expect(interlocks.active()).toEqual([]);
  });

  it('is silent where nothing is wired, and after the unsubscribe', () => {
    const { panel, unsubscribe, told } = watched();
    unsubscribe();
    panel.lid.move(false);
    expect(told()).toBe(0);
    const bare = new PanelInterlocks({ lid: null, bowl: null, power: panel.power });
    expect(bare.active()).toEqual([]);
  });
});
