import { loadBoardIo } from '@cat-feeder/board-io';
import { describe, expect, it } from 'vitest';
import { headerChip } from '../../src/hardware/io/header-chip.ts';
import { NativeLines } from '../../src/hardware/io/native-lines.ts';
import { NativeTimedOutput } from '../../src/hardware/io/native-timed-output.ts';
import { lineSourceContract } from '../contracts/line-source.ts';
import { timedOutputContract } from '../contracts/timed-output.ts';
import { chipForTest, pass, report, spread, until } from './guest-bench.ts';
import { SimChip } from './sim-chip.ts';

const board = loadBoardIo();
const PIN = 17;

lineSourceContract('a real character device', () => {
  const chip = new SimChip();
  const lines = new NativeLines({ board, chip: chip.path });
  return {
    lines,
    pins: [17, 27, 22],
    put: (pin, level) => chip.put(pin, level),
    wire: (pin) => chip.level(pin),
    unplug: () => chip.unplug(),
    until,
    end: () => {
      lines.close();
      chip.end();
    },
  };
});

describe.each([false, true])('a real line (active low: %s)', (activeLow) => {
  timedOutputContract('a real line', () => {
    const chip = new SimChip();
    // The resistor that holds the driver off while nobody drives its input.
    if (activeLow) chip.put(PIN, 1);
    const output = new NativeTimedOutput({ board, chip: chip.path, pin: PIN, activeLow });
    return {
      output,
      // Of a chip that is gone nothing can be seen.
      isOn: () => !chip.isGone && chip.level(PIN) === (activeLow ? 0 : 1),
      pass,
      unplug: () => chip.unplug(),
      end: () => {
        output.close();
        chip.end();
      },
    };
  });
});

describe('chips of a real kernel', () => {
  it('are found by their label, whatever their number', () => {
    const first = chipForTest('raspberrypi-exp-gpio');
    const header = chipForTest('pinctrl-rp1');
    expect(headerChip(board)).toBe(header.path);
    expect(board.listChips()).toContainEqual({
      path: first.path,
      name: first.path.slice('/dev/'.length),
      label: 'raspberrypi-exp-gpio',
      lines: 58,
    });
  });

  it('tell who holds a line', () => {
    const chip = chipForTest();
    const held = new NativeTimedOutput({ board, chip: chip.path, pin: PIN, activeLow: false });
    expect(board.lineInfo(chip.path, PIN)).toMatchObject({
      used: true,
      consumer: 'cat-feeder motor',
      direction: 'out',
    });
    const again = () =>
      new NativeLines({ board, chip: chip.path }).output({ pin: PIN, activeLow: false });
    expect(again).toThrow("Pin 17 is taken by 'cat-feeder motor'.");
    held.close();
    expect(board.lineInfo(chip.path, PIN).used).toBe(false);
  });

  it('stamp edges with the clock that the feeder lives by, and debounce', async () => {
    const chip = chipForTest();
    const lines = new NativeLines({ board, chip: chip.path });
    const quick = lines.input({ pin: PIN, activeLow: false, bias: 'down', debounceMs: 0 });
    const waits: number[] = [];
    const toCallback: number[] = [];
    let putMs = 0;
    quick.onEdge(({ atMs }) => {
      waits.push(atMs - putMs);
      toCallback.push(board.monotonicMs() - atMs);
    });
    for (let i = 1; i <= 100; i++) {
      putMs = board.monotonicMs();
      chip.put(PIN, i % 2 === 1 ? 1 : 0);
      await until(() => waits.length === i);
    }
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(Math.min(...toCallback)).toBeGreaterThanOrEqual(0);
    report('edgeMs', { putToStamp: spread(waits), stampToCallback: spread(toCallback) });
    const calm = lines.input({ pin: 22, activeLow: false, bias: 'down', debounceMs: 200 });
    const levels: number[] = [];
    calm.onEdge(({ level }) => levels.push(level));
    for (const level of [1, 0, 1, 0, 1] as const) chip.put(22, level);
    await until(() => levels.length > 0);
    await pass(300);
    expect(levels).toEqual([1]);
    lines.close();
  });
});
