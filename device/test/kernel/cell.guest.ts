import { loadBoardIo } from '@cat-feeder/board-io';
import type { Hx711Source } from 'hx711';
import { expect, it, onTestFinished } from 'vitest';
import { Hx711Cell } from '../../src/hardware/cells/hx711-cell.ts';
import { NativeLines } from '../../src/hardware/io/native-lines.ts';
import { SystemClock } from '../../src/platform/system-clock.ts';
import type { CellReading } from '../../src/weighing/cell-source.ts';
import { chipForTest, report, until, wait } from './guest-bench.ts';
import type { SimChip } from './sim-chip.ts';

/*
 * Nothing here answers PD_SCK: a simulated line cannot follow pulses of microseconds. So this shows
 * the driver's requests, threads and words on a real kernel, and that it never makes a number up;
 * that it reads numbers rightly is proven over the fake kernel (device/native/board-io).
 */

const board = loadBoardIo();
const [DATA, CLOCK] = [5, 6] as const;

function openCell(chip: SimChip) {
  const source: Hx711Source = { kind: 'lines', chip: chip.path, dataLine: DATA, clockLine: CLOCK };
  const part = new Hx711Cell({
    name: 'bowl',
    board,
    sources: [source],
    gain: 128,
    rate: { kind: 'fixed', samplesPerSecond: 10 },
    clock: new SystemClock(),
    chance: () => 0,
  });
  onTestFinished(() => part.close());
  const readings: CellReading[] = [];
  part.onReadings((batch) => readings.push(...batch));
  part.setMode('dispense');
  return { part, readings };
}

it('FMEA-20 an HX711 that is not there is silent, and gives no counts', async () => {
  const { part, readings } = openCell(chipForTest());
  await until(() => readings.length > 1);
  expect(part.health()).toMatchObject({ state: 'silent', why: expect.stringMatching(/supply/) });
  expect(readings.every(({ counts }) => counts === null)).toBe(true);
  const check = await part.selfTest();
  expect(check).toMatchObject({ ok: false, fix: expect.stringMatching(/DOUT/) });
});

it('FMEA-20 a data line that stays low is a fault, and gives no counts', async () => {
  const chip = chipForTest();
  const { part, readings } = openCell(chip);
  chip.put(DATA, 0);
  // Which of them depends on how long this machine's pulses last.
  await until(() => ['stuck', 'implausible'].includes(part.health().state));
  await wait(500);
  expect(readings.every(({ counts }) => counts === null)).toBe(true);
  report('hx711StuckLow', part.health());
});

it('an HX711 whose chip goes away is unplugged, and is found again', async () => {
  const chip = chipForTest();
  const { part, readings } = openCell(chip);
  await until(() => readings.length > 0);
  chip.unplug();
  await until(() => part.health().state === 'unplugged');
  expect(part.health().why).toMatch(/\.$/);
  chip.plug();
  await until(() => part.health().state === 'silent');
});

it('a taken clock line is named', () => {
  const chip = chipForTest();
  const lines = new NativeLines({ board, chip: chip.path });
  lines.output({ pin: CLOCK, activeLow: false });
  const { part } = openCell(chip);
  expect(part.health()).toMatchObject({ state: 'unplugged', why: expect.stringMatching(/EBUSY/) });
  expect(board.lineInfo(chip.path, DATA).used).toBe(false);
  lines.close();
});

it('holds both lines under its name, and gives them back', () => {
  const chip = chipForTest();
  const { part } = openCell(chip);
  expect(board.lineInfo(chip.path, DATA)).toMatchObject({ direction: 'in', bias: 'up' });
  expect(board.lineInfo(chip.path, CLOCK)).toMatchObject({ direction: 'out', used: true });
  part.close();
  expect(board.lineInfo(chip.path, CLOCK).used).toBe(false);
});
