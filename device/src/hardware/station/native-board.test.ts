import type { BoardIo } from '@cat-feeder/board-io';
import { expect, it } from 'vitest';
import { loadFakeBoard } from '../../../native/board-io/fake/fake-board.ts';
import {
  type ControlBoardBench,
  controlBoardContract,
} from '../../../test/contracts/control-board.ts';
import { fakeDoors } from '../../../test/support/board-doors.ts';
import { FakeNau7802 } from '../../../test/support/fake-nau7802.ts';
import { passSlowly } from '../../../test/support/hand-link.ts';
import { SysfsFolder } from '../../../test/support/sysfs-folder.ts';
import { parseHardware } from '../../config/read-hardware.ts';
import { guessModel } from '../../dispensing/kibble-model.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { Nau7802Cell } from '../cells/nau7802-cell.ts';
import { NativeLines } from '../io/native-lines.ts';
import { InlineStation } from './inline-station.ts';
import { openCell } from './open-cell.ts';
import type { BoardDoors } from './open-drive.ts';
import { openWiredBoard } from './open-wired-board.ts';

/** A DC motor with its index through the addon itself, on a kernel made of nothing. */
const native = loadFakeBoard();
const { fake } = native;
const chip = '/dev/gpiochip0';
const ENABLE = 23;
const EDGE = 16;
const alarm = 'sys/class/hwmon/hwmon0/in0_lcrit_alarm';

const motor = {
  part: 'dc_motor',
  enablePin: ENABLE,
  directionPin: 24,
  faultPin: 25,
  edgePin: EDGE,
  edgesPerTurn: 16,
  turnsPerSecond: 0.5,
  gramsPerTurn: 6,
};
const rating = { ratedGrams: 5000, countsPerGram: 420 };
/** Where the HX711's wires end on the header, whichever way it is read. */
const DOUT = 9;
const PD_SCK = 10;
const ENOENT = 2;

/** A load cell on this kernel, moved on by the bench. */
interface BenchCell {
  readonly part: object;
  readonly openCell: BoardDoors['openCell'];
  counts: number;
  isPlugged: boolean;
  /** So much time passes at the cell. */
  pass(ms: number): Promise<void>;
}

function nau7802(clock: VirtualClock): BenchCell {
  const adc = new FakeNau7802(clock);
  return Object.assign(adc, {
    part: { part: 'nau7802', ...rating },
    openCell: () => new Nau7802Cell({ name: 'bowl', bus: adc, clock, chance: () => 0.5 }),
    pass: async () => {},
  });
}

/** The converter clocked by a thread of the addon: each conversion is awaited before time goes on. */
function hx711(clock: VirtualClock, lines: NativeLines): BenchCell {
  let offsetMs: number | null = null;
  const board: BoardIo = {
    ...native,
    openHx711: (request, onResults) => {
      if (request.source.kind === 'spi') fake.fail('open', ENOENT, 1);
      return native.openHx711(request, (results) => {
        // The kernel's clock began elsewhere; what was told last was converted just now.
        offsetMs ??= (results.at(-1)?.atMs ?? 0) - clock.monoMs();
        const shift = offsetMs;
        onResults(results.map((result) => ({ ...result, atMs: result.atMs - shift })));
      });
    },
  };
  let owedMs = 0;
  const convert = async (counts: number) => {
    const { reads } = fake.hx711Report();
    fake.hx711Convert(counts, 1);
    // The thread reads at once when it lives; a loaded machine may keep it waiting.
    for (let tries = 0; tries < 500 && fake.hx711Report().reads === reads; tries++) {
      await new Promise((resolve) =>
        tries < 100 ? setImmediate(resolve) : setTimeout(resolve, 1),
      );
    }
    // Nobody reads any more: what was converted is lost with the next edge.
    if (fake.hx711Report().reads === reads) cell.isPlugged = false;
    await new Promise((resolve) => setImmediate(resolve));
  };
  const cell: BenchCell = {
    part: { part: 'hx711', ...rating },
    openCell: (wiring) => {
      const busOf = (): never => {
        throw new TypeError('There is no I2C here.');
      };
      return openCell(wiring, { board, chip, lines, busOf, clock, chance: () => 0.5 });
    },
    counts: 0,
    isPlugged: true,
    pass: async (ms) => {
      for (owedMs += ms; owedMs >= 12.5; owedMs -= 12.5) {
        if (cell.isPlugged) await convert(cell.counts);
      }
    },
  };
  return cell;
}

function openBench(makeCell: typeof hx711 = nau7802) {
  fake.addChip(chip, 'gpiochip0', 'pinctrl-bcm2711', 58);
  fake.freeze();
  // The driver's fault output is high while all is well, and so is the light barrier.
  fake.put(chip, 25, 1);
  const clock = new VirtualClock();
  const folder = new SysfsFolder({ 'sys/class/hwmon/hwmon0/name': 'rpi_volt', [alarm]: '0' });
  const lines = new NativeLines({ board: native, chip });
  const adc = makeCell(clock, lines);
  const doors = fakeDoors(clock, folder, {
    native: () => ({ board: native, chip }),
    lines,
    openCell: adc.openCell,
  });
  const wiring = parseHardware({ kind: 'board', name: 'native', parts: [motor, adc.part] }, '');
  if (wiring.kind !== 'board') throw new Error('no board');
  const board = openWiredBoard(wiring, doors);
  const batches: ControlBoardBench['batches'] = [];
  board.onSamples((samples) => batches.push({ atMs: clock.monoMs(), samples }));
  const isMotorOn = () => fake.line(chip, ENABLE).level === 1;
  let edge: 0 | 1 = 0;
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5) {
      fake.advance(Math.min(5, ms - passed));
      if (isMotorOn() && passed % 25 === 0) {
        edge = edge === 0 ? 1 : 0;
        fake.put(chip, EDGE, edge);
      }
      // A live converter never repeats itself.
      if (adc.counts < 1000) adc.counts = (adc.counts + 7) % 1000;
      await adc.pass(Math.min(5, ms - passed));
      await passSlowly(clock, Math.min(5, ms - passed));
    }
  };
  return {
    board,
    clock,
    batches,
    pass,
    orderMs: 0,
    nowMs: () => clock.monoMs(),
    isMotorOn,
    unplugBowl: () => {
      adc.isPlugged = false;
    },
    saturateBowl: () => {
      adc.counts = 8_388_607;
    },
    sagSupply: (isWeak: boolean) => folder.put(alarm, isWeak ? '1' : '0'),
    end: () => {
      board.close();
      fake.reset();
      folder.end();
    },
  };
}

controlBoardContract('a board with a DC motor and a NAU7802', () => openBench());
controlBoardContract('a board with a DC motor and an HX711 whose SPI is not there', () =>
  openBench((clock, lines) => {
    fake.hx711Lines(chip, DOUT, PD_SCK);
    return hx711(clock, lines);
  }),
);

it('B-44 a driver that reports a fault, and a chip that goes away, are named', async () => {
  const bench = openBench();
  await bench.pass(1500);
  expect(bench.board.problems()).toEqual([]);
  fake.put(chip, 25, 0);
  await bench.pass(50);
  bench.board.drive.run({ direction: 'forward', speed: 1, maxMs: 200 });
  await bench.pass(20);
  expect(bench.isMotorOn()).toBe(false);
  expect(bench.board.problems()).toMatchObject([{ part: 'motor drive', state: 'implausible' }]);
  fake.unplug(chip);
  await bench.pass(50);
  const named = bench.board.problems().map(({ part }) => part);
  expect(named).toContain('shaft sensor');
  bench.end();
});

it('FMEA-04 a weak supply is told by the station at rest, and a feeding turns nothing', async () => {
  const bench = openBench();
  const { board, clock } = bench;
  const calibration = {
    zeroCounts: 0,
    countsPerGram: 420,
    noiseGrams: 0.1,
    taredAtMs: null,
    spannedAtMs: null,
  };
  const station = new InlineStation({ board, clock, calibration });
  await bench.pass(3000);
  expect(station.health().undervoltage).toBe(false);
  bench.sagSupply(true);
  await bench.pass(3000);
  // What checkFeed refuses by.
  expect(station.health().undervoltage).toBe(true);
  const model = guessModel(board.traits);
  const order = { feedingId: 'f', portionGrams: 5, gramsMax: 8, openLoop: true, model };
  const run = station.dispense(order, () => {});
  run.catch(() => {}); // Closing the station ends it.
  let turned = false;
  for (let step = 0; step < 100; step++) {
    await bench.pass(50);
    turned ||= bench.isMotorOn();
  }
  expect(turned).toBe(false);
  await station.close();
  bench.end();
});
