import { readFileSync } from 'node:fs';
import { loadBoardIo } from '@cat-feeder/board-io';
import { expect, it } from 'vitest';
import { NativeLines } from '../../src/hardware/io/native-lines.ts';
import { headerBase, loadOnoff, OnoffLines } from '../../src/hardware/io/onoff-lines.ts';
import { SysfsTree } from '../../src/platform/sysfs-tree.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';
import { lineSourceContract } from '../contracts/line-source.ts';
import { chipForTest, report, until } from './guest-bench.ts';
import { SimChip } from './sim-chip.ts';

const onoff = await loadOnoff();
const tree = new SysfsTree();
const clock = new SystemClock();
const request = { pin: 17, activeLow: false, bias: 'none', debounceMs: 0 } as const;

const open = () => {
  const chip = new SimChip();
  const lines = new OnoffLines({ onoff, tree, clock });
  return {
    lines,
    pins: [17, 27, 22] as const,
    put: (pin: number, level: 0 | 1) => chip.put(pin, level),
    wire: (pin: number) => chip.level(pin),
    unplug: () => chip.unplug(),
    until,
    end: () => {
      lines.close();
      chip.end();
    },
  };
};
lineSourceContract('onoff on a real /sys/class/gpio', open, { readsOnly: true });

it('onoff finds the header’s base beside another chip, and sees 200 edges of 200', async () => {
  const other = chipForTest('raspberrypi-exp-gpio');
  const chip = chipForTest();
  const base = headerBase(tree);
  expect(readFileSync(`/sys/class/gpio/gpiochip${base}/label`, 'utf8')).toBe('pinctrl-bcm2711\n');
  const lines = new OnoffLines({ onoff, tree, clock });
  const levels: number[] = [];
  lines.input(request).onEdge(({ level }) => levels.push(level));
  other.put(request.pin, 1);
  const wanted = Array.from({ length: 200 }, (_, index) => (index + 1) % 2);
  for (const [index, level] of wanted.entries()) {
    chip.put(request.pin, level === 1 ? 1 : 0);
    await until(() => levels.length > index);
  }
  expect(levels).toEqual(wanted);
  report('onoff', { base, edges: levels.length });
  lines.close();
});

it('onoff names a line that the character device holds', () => {
  const chip = chipForTest();
  const native = new NativeLines({ board: loadBoardIo(), chip: chip.path });
  native.input(request);
  const lines = new OnoffLines({ onoff, tree, clock });
  expect(() => lines.input(request)).toThrow('another program holds it');
  native.close();
  lines.input(request);
  lines.close();
});
