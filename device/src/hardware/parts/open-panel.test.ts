import { describe, expect, it } from 'vitest';
import { FakeLines } from '../../../test/support/fake-lines.ts';
import { FakeVl53l0x } from '../../../test/support/fake-vl53l0x.ts';
import { HandLink } from '../../../test/support/hand-link.ts';
import { piFolder } from '../../../test/support/pi-folder.ts';
import { parseHardware } from '../../config/read-hardware.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { openPanel } from './open-panel.ts';

const all = [
  { part: 'button', pin: 5, portionGrams: 4 },
  { part: 'lid_switch', pin: 6 },
  { part: 'bowl_switch', pin: 13 },
  { part: 'light', pin: 17 },
  { part: 'buzzer', pin: 18, tone: 'pwm' },
  { part: 'hopper_gauge', emptyMm: 260, fullMm: 40 },
  { part: 'power_fail', pin: 4 },
  { part: 'pet_reader', port: '/dev/ttyUSB0', kind: 'wl134a', powerPin: 20 },
];

/** Instead of a pin that is held. */
const ONOFF_MISSING = -1;

function open(parts: readonly object[], held: readonly number[] = []) {
  const clock = new VirtualClock();
  const lines = new FakeLines(clock);
  for (const pin of held.filter((one) => one >= 0)) lines.output({ pin, activeLow: false });
  const folder = piFolder();
  const bus = new FakeVl53l0x();
  const hardware = parseHardware({ kind: 'board', name: 'x', parts }, '');
  if (hardware.kind !== 'board') throw new Error('no board');
  const link = new HandLink();
  const oldLines = new FakeLines(clock);
  const doors = {
    clock,
    tree: folder.tree,
    lines,
    busOf: () => bus,
    openPort: () => link,
    onoff: () => {
      if (held.includes(ONOFF_MISSING)) throw new Error('onoff cannot be loaded.');
      return oldLines;
    },
  };
  const panel = openPanel(hardware, doors);
  return { panel, lines, oldLines, clock, folder, link };
}

describe('openPanel', () => {
  it('opens everything that is wired, and gives it all up again', () => {
    const { panel, lines, clock, folder, link } = open(all);
    const { button, lid, bowl, indicator, sounder } = panel;
    const { hopperGauge, petReader, power, thermometer } = panel;
    const others = [hopperGauge, petReader, power, thermometer];
    const parts = [button, lid, bowl, indicator, sounder, ...others];
    expect(parts.every((part) => part !== null)).toBe(true);
    expect(panel.missing).toEqual([]);
    expect(panel.buttonGrams).toBe(4);
    expect(lines.driven(20)).toBe(1);
    indicator?.show('fault');
    panel.close();
    expect(link.isClosed).toBe(true);
    for (const pin of [4, 5, 6, 13, 17, 20]) expect(lines.isHeld(pin)).toBe(false);
    expect(clock.pendingNames()).toEqual([]);
    folder.end();
  });

  it('goes on without a part that cannot be had, and says why', () => {
    const { panel, folder } = open(all, [5, 4]);
    expect(panel.button).toBeNull();
    expect(panel.lid).not.toBeNull();
    expect(panel.power.reading().isFailing).toBe(false);
    expect(panel.missing).toEqual([
      { part: 'button', why: 'Line 5 is in use.' },
      { part: 'power_fail', why: 'Line 4 is in use.' },
    ]);
    panel.close();
    folder.end();
  });

  it('reads the inputs that want it by onoff, without a pull of their own', () => {
    const parts = [
      { part: 'button', pin: 5, via: 'onoff' },
      { part: 'lid_switch', pin: 6, via: 'onoff' },
      { part: 'power_fail', pin: 4, via: 'onoff' },
      { part: 'bowl_switch', pin: 13 },
    ];
    const { panel, lines, oldLines, folder } = open(parts);
    expect(oldLines.requests.map(({ pin, bias }) => [pin, bias])).toEqual([
      [5, 'none'],
      [6, 'none'],
      [4, 'none'],
    ]);
    expect(lines.requests.map(({ pin, bias }) => [pin, bias])).toEqual([[13, 'up']]);
    panel.close();
    expect(oldLines.isHeld(6)).toBe(false);
    folder.end();
    const without = open(parts, [ONOFF_MISSING]);
    expect(without.panel.missing.map(({ part }) => part)).toEqual([
      'button',
      'lid_switch',
      'power_fail',
    ]);
    expect(without.panel.bowl).not.toBeNull();
    without.panel.close();
    without.folder.end();
  });

  it('takes the kernel’s light, and a buzzer with its own tone', () => {
    const { panel, lines, folder } = open([
      { part: 'kernel_light', name: 'feeder' },
      { part: 'buzzer', pin: 27 },
    ]);
    panel.indicator?.show('ready');
    expect(folder.text('sys/class/leds/feeder/brightness')).toBe('1');
    expect(panel.buttonGrams).toBe(0);
    panel.sounder?.play('ready');
    expect(lines.driven(27)).toBe(1);
    panel.close();
    folder.end();
  });
});
