import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadFakeBoard } from '../../../native/board-io/fake/fake-board.ts';
import {
  type ControlBoardBench,
  controlBoardContract,
} from '../../../test/contracts/control-board.ts';
import { fakeDoors } from '../../../test/support/board-doors.ts';
import { FakeNau7802 } from '../../../test/support/fake-nau7802.ts';
import { passSlowly } from '../../../test/support/hand-link.ts';
import { SimulatedCoprocessor } from '../../../test/support/simulated-coprocessor.ts';
import { SimulatedEnableLine, SimulatedTmc2209 } from '../../../test/support/simulated-tmc2209.ts';
import { SysfsFolder } from '../../../test/support/sysfs-folder.ts';
import { parseHardware } from '../../config/read-hardware.ts';
import type { Wiring } from '../../config/wiring-schema.ts';
import type { ControlBoard } from '../../dispensing/control-board.ts';
import type { DispenseOutcome } from '../../dispensing/feed-station.ts';
import { guessModel } from '../../dispensing/kibble-model.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { Nau7802Cell } from '../cells/nau7802-cell.ts';
import { InlineStation } from './inline-station.ts';
import { openWiredBoard } from './open-wired-board.ts';
import { firstCalibration, traitsOf } from './wiring-traits.ts';

function wiringOf(part: object, more: readonly object[] = []): Wiring {
  const dispenser = { turnsPerSecond: 0.5, gramsPerTurn: 6, ...part };
  const hardware = parseHardware({ kind: 'board', name: 'test', parts: [dispenser, ...more] }, '');
  if (hardware.kind !== 'board') throw new Error('no board');
  return hardware;
}

const rating = { ratedGrams: 5000, countsPerGram: 420 };
const nau = { part: 'nau7802', ...rating };
const alarm = 'sys/class/hwmon/hwmon0/in0_lcrit_alarm';

/** A folder whose firmware tells of the voltage. */
function voltFolder(): SysfsFolder {
  return new SysfsFolder({ 'sys/class/hwmon/hwmon0/name': 'rpi_volt', [alarm]: '0' });
}

/** What all benches share: the batches, and a board that is closed at the end. */
function watched(board: ControlBoard, clock: VirtualClock, folder: SysfsFolder) {
  const batches: ControlBoardBench['batches'] = [];
  board.onSamples((samples) => batches.push({ atMs: clock.monoMs(), samples }));
  return {
    board,
    batches,
    clock,
    folder,
    pass: (ms: number) => passSlowly(clock, ms),
    nowMs: () => clock.monoMs(),
    end: () => {
      board.close();
      folder.end();
    },
  };
}

/** A stepper whose driver speaks frames, and a converter that is a map of registers. */
function stepperBench(isPlugged = true) {
  const clock = new VirtualClock();
  const folder = voltFolder();
  const adc = new FakeNau7802(clock);
  const line = new SimulatedEnableLine(clock);
  const doors = fakeDoors(clock, folder, {
    timedOutput: () => line,
    openCell: () => new Nau7802Cell({ name: 'bowl', bus: adc, clock, chance: () => 0.5 }),
  });
  const chip = new SimulatedTmc2209(doors.port, clock, line);
  const wiring = wiringOf({ part: 'tmc2209', port: '/dev/serial0', enablePin: 23 }, [nau]);
  doors.port.plug(isPlugged);
  const board = openWiredBoard(wiring, doors);
  return {
    ...watched(board, clock, folder),
    // A live converter never repeats itself.
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 10) {
        if (adc.counts < 1000) adc.counts = (adc.counts + 7) % 1000;
        await passSlowly(clock, Math.min(10, ms - passed));
      }
    },
    wired: board,
    chip,
    adc,
    doors,
    orderMs: 0,
    isMotorOn: () => chip.motion() !== 0,
    unplugBowl: () => {
      adc.isPlugged = false;
    },
    saturateBowl: () => {
      adc.counts = 8_388_607;
    },
    sagSupply: (isWeak: boolean) => folder.put(alarm, isWeak ? '1' : '0'),
  };
}

/** A controller that owns motor and cell and speaks frames. */
function controllerBench() {
  const clock = new VirtualClock();
  const folder = voltFolder();
  const doors = fakeDoors(clock, folder);
  const chip = new SimulatedCoprocessor(doors.port, clock);
  const wiring = wiringOf({
    part: 'coprocessor',
    port: '/dev/serial0',
    edgesPerTurn: 16,
    stallMilliamps: 1200,
    ...rating,
  });
  const board = openWiredBoard(wiring, doors);
  return {
    ...watched(board, clock, folder),
    wired: board,
    chip,
    doors,
    orderMs: 5,
    isMotorOn: () => chip.sign !== 0,
    unplugBowl: () => {
      chip.bowl = null;
    },
    saturateBowl: () => {
      chip.bowl = 8_388_607;
    },
    sagSupply: (isWeak: boolean) => {
      chip.isUndervoltage = isWeak;
    },
  };
}

controlBoardContract(
  'a board with a TMC2209 and a NAU7802 at the level of frames and registers',
  stepperBench,
);
controlBoardContract('a board with a co-processor at the level of its frames', controllerBench);

describe('openWiredBoard', () => {
  it('names a motor whose port is pulled, and goes on giving samples', async () => {
    const bench = stepperBench();
    await bench.pass(1500);
    expect(bench.wired.problems()).toEqual([]);
    bench.doors.port.plug(false);
    await bench.pass(2000);
    expect(bench.wired.problems()).toMatchObject([{ part: 'motor drive', state: 'unplugged' }]);
    expect(bench.batches.length).toBeGreaterThan(0);
    bench.board.drive.run({ direction: 'forward', speed: 1, maxMs: 200 });
    await bench.pass(20);
    expect(bench.isMotorOn()).toBe(false);
    bench.end();
  });

  it.each([
    ['a stepper', stepperBench],
    [
      'a controller',
      () => {
        const bench = controllerBench();
        bench.chip.milliamps = 0;
        return bench;
      },
    ],
  ] as const)('FMEA-12 books nothing for %s whose port is pulled', async (_, openBench) => {
    const bench = openBench();
    const { clock, doors } = bench;
    const board = bench.wired;
    const calibration = firstCalibration(board.traits);
    const station = new InlineStation({ board, clock, calibration });
    await bench.pass(3000);
    expect(station.health().fault).toBeNull();
    doors.port.plug(false);
    await bench.pass(3000);
    // By this fault a feeding is refused for as long as it lasts.
    expect(station.health().fault).toBe('motor_unreachable');
    // One that was under way, or came first, turns nothing and says so.
    const { portionGrams, gramsMax } = { portionGrams: 10, gramsMax: 20 };
    const model = guessModel(board.traits);
    const order = { feedingId: 'f', portionGrams, gramsMax, openLoop: true, model };
    let outcome: DispenseOutcome | null = null;
    station
      .dispense(order, () => {})
      .then(
        (told) => {
          outcome = told;
        },
        () => {},
      );
    await bench.pass(60_000);
    expect(outcome).toMatchObject({
      result: 'failed',
      fault: 'motor_unreachable',
      dose: { lowGrams: 0, likelyGrams: 0, highGrams: 0 },
      turns: 0,
    });
    doors.port.plug(true);
    await bench.pass(70_000);
    expect(station.health().fault).not.toBe('motor_unreachable');
    expect(bench.wired.problems().map(({ part }) => part)).not.toContain('motor drive');
    await station.close();
    bench.end();
  });

  it('tells what each part finds out about itself, and what to do about one that is away', async () => {
    const bench = stepperBench();
    await bench.pass(2000);
    const well = bench.wired.selfTest();
    await bench.pass(2500);
    expect((await well).map(({ part, ok }) => [part, ok])).toEqual([
      ['motor drive', true],
      ['bowl scale', true],
      ['supply', true],
    ]);
    bench.doors.port.plug(false);
    const away = bench.wired.selfTest();
    await bench.pass(2500);
    expect((await away)[0]).toMatchObject({ part: 'motor drive', ok: false });
    expect((await away)[0]?.fix).toContain('Check the 12 V supply');
    bench.end();
  });

  it('takes a motor that is plugged in long after the start', async () => {
    const bench = stepperBench(false);
    await bench.pass(20_000);
    expect(bench.wired.problems()).toMatchObject([{ part: 'motor drive', state: 'unplugged' }]);
    bench.doors.port.plug(true);
    await bench.pass(70_000);
    expect(bench.wired.problems()).toEqual([]);
    bench.board.drive.run({ direction: 'forward', speed: 1, maxMs: 200 });
    await bench.pass(50);
    expect(bench.isMotorOn()).toBe(true);
    bench.end();
  });

  it('names a scale whose bus is pulled, and that it is back', async () => {
    const bench = stepperBench();
    await bench.pass(3000);
    bench.adc.isPlugged = false;
    await bench.pass(4000);
    const [problem] = bench.wired.problems();
    expect(problem).toMatchObject({ part: 'bowl scale' });
    expect(['silent', 'unplugged']).toContain(problem?.state);
    bench.adc.isPlugged = true;
    await bench.pass(70_000);
    expect(bench.wired.problems()).toEqual([]);
    expect(bench.batches.at(-1)?.samples.at(-1)?.bowl).not.toBeNull();
    bench.end();
  });

  it('B-44 closes a servo gate at the header’s PWM when it opens the board', () => {
    const clock = new VirtualClock();
    const channel = 'sys/devices/fe20c000.pwm/pwm/pwmchip0/pwm0';
    const folder = new SysfsFolder({
      [`${channel}/enable`]: '0',
      [`${channel}/period`]: '20000000',
      [`${channel}/duty_cycle`]: '1900000',
    });
    folder.link('sys/class/pwm/pwmchip0', '../../devices/fe20c000.pwm/pwm/pwmchip0');
    const cell = () => new Nau7802Cell({ name: 'bowl', bus, clock, chance: () => 0.5 });
    const bus = new FakeNau7802(clock);
    const board = loadFakeBoard();
    const doors = fakeDoors(clock, folder, {
      openCell: cell,
      native: () => ({ board, chip: '/dev/gpiochip0' }),
    });
    const gate = { part: 'servo_gate', way: 'pwm', pin: 18, closedUs: 1100, openUs: 1900 };
    const wired = openWiredBoard(wiringOf(gate, [nau]), doors);
    expect(folder.text(`${channel}/duty_cycle`)).toMatch(/^1100000/);
    expect(folder.text(`${channel}/enable`)).toBe('1');
    wired.close();
    board.fake.reset();
    folder.end();
  });

  it('gives up what it opened when a later part cannot be had', async () => {
    const clock = new VirtualClock();
    const folder = voltFolder();
    const line = new SimulatedEnableLine(clock);
    const doors = fakeDoors(clock, folder, { timedOutput: () => line });
    const wiring = wiringOf({ part: 'tmc2209', port: '/dev/serial0', enablePin: 23 }, [nau]);
    expect(() => openWiredBoard(wiring, doors)).toThrow('There is no cell here');
    expect(line.why).not.toBeNull();
    await passSlowly(clock, 1);
    expect(clock.pendingNames()).toEqual([]);
    folder.end();
  });
});

describe('traitsOf', () => {
  const build = (name: string): Wiring => {
    const path = resolve(import.meta.dirname, `../../../profiles/boards/${name}.json`);
    const hardware = parseHardware(JSON.parse(readFileSync(path, 'utf8')), path);
    if (hardware.kind !== 'board') throw new Error('no board');
    return hardware;
  };

  it.each([
    ['hx711-dc-motor', 16, 1200],
    ['nau7802-tmc2209', 2, null],
    ['coprocessor', 16, 1200],
  ] as const)('says of %s what its datasheets say', (name, indexEdgesPerTurn, stallMilliamps) => {
    const traits = traitsOf(build(name));
    expect(traits).toEqual({
      restSamplesPerSecond: 10,
      dispenseSamplesPerSecond: 80,
      indexEdgesPerTurn,
      hasMotorCurrent: stallMilliamps !== null,
      hasHopperCell: false,
      nominalTurnsPerSecond: 0.5,
      nominalGramsPerTurn: 6,
      stallMilliamps,
      ratedGrams: 5000,
      nominalCountsPerGram: 420,
    });
    expect(firstCalibration(traits)).toMatchObject({ countsPerGram: 420, taredAtMs: null });
  });
});
