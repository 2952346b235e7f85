import { describe, expect, it } from 'vitest';
import {
  boardContract,
  currentMeterContract,
  hopperGaugeContract,
  powerSupplyContract,
  thermometerContract,
} from '../../../test/contracts/surroundings.ts';
import { FakeLines } from '../../../test/support/fake-lines.ts';
import { FakeVl53l0x } from '../../../test/support/fake-vl53l0x.ts';
import { piFolder } from '../../../test/support/pi-folder.ts';
import { SysfsFolder } from '../../../test/support/sysfs-folder.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { HwmonCurrentMeter } from './hwmon-current-meter.ts';
import { PiBoard } from './pi-board.ts';
import { RangeHopperGauge } from './range-hopper-gauge.ts';
import { SysfsPowerSupply } from './sysfs-power-supply.ts';
import { SysfsThermometer } from './sysfs-thermometer.ts';

const turnsMax = 2000;

/** Moves the time while a promise waits for it. */
async function settle<T>(clock: VirtualClock, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const watch = () => {
    isSettled = true;
  };
  promise.then(watch, watch);
  for (let turns = 0; turns < turnsMax && !isSettled; turns++) {
    await Promise.resolve();
    clock.advance(1);
  }
  return promise;
}

function gaugeRig() {
  const clock = new VirtualClock();
  const chip = new FakeVl53l0x();
  const span = { emptyMm: 250, fullMm: 50 };
  const gauge = new RangeHopperGauge({ bus: chip, clock, span });
  const part = {
    look: () => settle(clock, gauge.look()),
    selfTest: () => settle(clock, gauge.selfTest()),
    health: () => gauge.health(),
    close: () => gauge.close(),
  };
  return {
    part,
    chip,
    clock,
    gauge,
    fill: (fraction: number) => {
      chip.millimetres = Math.round(250 - 200 * fraction);
    },
    breakIt: () => {
      chip.isPlugged = false;
      // Health is what the last look saw.
      void gauge.look();
    },
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 100) {
        clock.advance(100);
        await Promise.resolve();
      }
    },
    end: () => gauge.close(),
  };
}

hopperGaugeContract('a VL53L0X in the lid', gaugeRig);

describe('a VL53L0X in the lid', () => {
  it('is not believed when its echo is weak, outside the hopper or of another chip', async () => {
    const weak = gaugeRig();
    weak.chip.signalMcps = 0.4;
    expect((await weak.part.look())?.confidence).toBeCloseTo(0.1, 2);
    weak.chip.millimetres = 260;
    expect(await weak.part.look()).toMatchObject({ fraction: 0, isEmpty: false });

    const dusty = gaugeRig();
    dusty.chip.rangeStatus = 4;
    expect(await dusty.part.look()).toBeNull();
    expect(dusty.part.health().why).toContain('dusty');

    const open = gaugeRig();
    open.chip.millimetres = 900;
    expect(await open.part.look()).toBeNull();
    expect(open.part.health()).toMatchObject({ state: 'implausible' });

    const other = gaugeRig();
    other.chip.model = 0xea;
    expect(await other.part.look()).toBeNull();
    expect(other.part.health().why).toContain('0xea and not a VL53L0X');
  });

  it('gives up on a chip that never finishes, and finds it again', async () => {
    const bench = gaugeRig();
    bench.chip.isSilent = true;
    expect(await bench.part.look()).toBeNull();
    expect(bench.part.health()).toMatchObject({ state: 'silent' });
    bench.chip.isSilent = false;
    expect(await bench.part.look()).not.toBeNull();
    expect(bench.part.health().state).toBe('ok');
  });

  it('makes one look of two that overlap', async () => {
    const { gauge, chip, clock } = gaugeRig();
    const both = Promise.all([gauge.look(), gauge.look()]);
    await settle(clock, both);
    expect(chip.shots).toBe(5);
  });
});

function currentRig() {
  const clock = new VirtualClock();
  const folder = new SysfsFolder({
    'sys/class/hwmon/hwmon0/name': 'cpu_thermal\n',
    'sys/class/hwmon/hwmon2/name': 'ina219\n',
    'sys/class/hwmon/hwmon2/curr1_input': '0\n',
  });
  const part = new HwmonCurrentMeter({
    tree: folder.tree,
    clock,
    readText: (path) => {
      const text = folder.tree.read(path.slice(folder.root.length));
      return text === null ? Promise.reject(new Error('ENODEV')) : Promise.resolve(text);
    },
  });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 5) {
      clock.advance(5);
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  };
  return {
    part,
    folder,
    pass,
    flow: async (milliamps: number, ms: number) => {
      folder.put('sys/class/hwmon/hwmon2/curr1_input', `${milliamps}\n`);
      await pass(ms);
    },
    breakIt: () => {
      folder.remove('sys/class/hwmon/hwmon2');
      part.setPeriod(10);
    },
    end: () => {
      part.close();
      folder.end();
    },
  };
}

currentMeterContract('an INA219 of the kernel', () => {
  const bench = currentRig();
  // Broken is what a measurement saw; the contract's closing test asks before any.
  return bench;
});

describe('an INA219 of the kernel', () => {
  it('takes the sign away, and names what cannot be', async () => {
    const bench = currentRig();
    bench.part.setPeriod(10);
    await bench.flow(-420, 50);
    expect(bench.part.takeMilliamps()).toBe(420);
    await bench.flow(99_999, 50);
    expect(bench.part.takeMilliamps()).toBeNull();
    expect(bench.part.health()).toMatchObject({ state: 'implausible' });
    bench.end();
  });

  it('is found again under another number', async () => {
    const bench = currentRig();
    bench.part.setPeriod(10);
    await bench.flow(100, 30);
    bench.folder.remove('sys/class/hwmon/hwmon2');
    await bench.pass(100);
    expect(['unplugged', 'silent']).toContain(bench.part.health().state);
    bench.folder.put('sys/class/hwmon/hwmon4/name', 'ina226');
    bench.folder.put('sys/class/hwmon/hwmon4/curr1_input', '55');
    await bench.pass(100);
    bench.part.takeMilliamps();
    await bench.pass(20);
    expect(bench.part.takeMilliamps()).toBe(55);
    expect(bench.part.health().state).toBe('ok');
    bench.end();
  });
});

const volt = 'sys/class/hwmon/hwmon1';
const battery = 'sys/class/power_supply/ups';

function powerRig() {
  const clock = new VirtualClock();
  const lines = new FakeLines(clock);
  const folder = new SysfsFolder({
    [`${volt}/name`]: 'rpi_volt',
    [`${volt}/in0_lcrit_alarm`]: '0',
    [`${battery}/type`]: 'Battery',
    [`${battery}/capacity`]: '90',
    [`${battery}/status`]: 'Full',
    'sys/class/power_supply/wall/type': 'Mains',
    'sys/class/power_supply/wall/online': '1',
  });
  const part = new SysfsPowerSupply({
    tree: folder.tree,
    clock,
    powerFail: { lines, pin: 4, level: 0 },
  });
  return {
    part,
    folder,
    lines,
    pass: async (ms: number) => clock.advance(ms),
    weaken: (isWeak: boolean) => folder.put(`${volt}/in0_lcrit_alarm`, isWeak ? '1' : '0'),
    breakIt: () => lines.lose(4),
    end: () => {
      part.close();
      folder.end();
    },
  };
}

powerSupplyContract('the kernel’s power supplies', powerRig);

describe('the kernel’s power supplies', () => {
  it('tell of mains, battery and its charge', async () => {
    const bench = powerRig();
    expect(bench.part.reading()).toMatchObject({ source: 'mains', chargeFraction: 0.9 });
    bench.folder.put('sys/class/power_supply/wall/online', '0');
    bench.folder.put(`${battery}/status`, 'Discharging');
    await bench.pass(2000);
    expect(bench.part.reading()).toMatchObject({ source: 'battery', isUndervoltage: false });
    bench.folder.put(`${battery}/capacity`, '14');
    await bench.pass(2000);
    expect(bench.part.reading()).toMatchObject({
      isUndervoltage: true,
      why: 'the battery is down to 14 %',
    });
    bench.end();
  });

  it('tell of failing mains at once, by the line', () => {
    const bench = powerRig();
    const seen: boolean[] = [];
    bench.part.onChange(({ isFailing }) => seen.push(isFailing));
    bench.lines.put(4, 0);
    expect(bench.part.reading()).toMatchObject({ isFailing: true, source: 'battery' });
    bench.lines.put(4, 1);
    expect(seen).toEqual([true, false]);
    bench.end();
  });

  it('name a gauge that says nonsense, and need none', async () => {
    const bench = powerRig();
    bench.folder.put(`${battery}/capacity`, '250');
    await bench.pass(2000);
    expect(bench.part.health()).toMatchObject({ state: 'implausible' });
    bench.end();
    const bare = new SysfsFolder();
    const part = new SysfsPowerSupply({ tree: bare.tree, clock: new VirtualClock() });
    expect(part.reading()).toMatchObject({ source: 'unknown', isUndervoltage: false });
    expect((await part.selfTest()).ok).toBe(true);
    bare.end();
  });
});

const zone = 'sys/class/thermal/thermal_zone0';

function thermalRig() {
  const folder = new SysfsFolder({ [`${zone}/type`]: 'cpu-thermal', [`${zone}/temp`]: '45000' });
  const part = new SysfsThermometer({ tree: folder.tree });
  return {
    part,
    folder,
    pass: async () => {},
    breakIt: () => {
      folder.put(`${zone}/temp`, '-273000');
      part.read();
    },
    end: () => folder.end(),
  };
}

thermometerContract('the kernel’s thermal zones', thermalRig);

it('the kernel’s thermal zones tell of a board that slows down', async () => {
  const bench = thermalRig();
  bench.folder.put(`${zone}/temp`, '82100');
  expect(await bench.part.selfTest()).toMatchObject({ ok: false });
  bench.end();
});

function boardRig(change?: Parameters<typeof piFolder>[0]) {
  const folder = piFolder(change);
  return {
    part: new PiBoard({ tree: folder.tree, arch: 'arm64' }),
    pass: async () => {},
    breakIt: () => folder.remove('sys/bus/gpio'),
    end: () => folder.end(),
  };
}

boardContract('a Pi by its files', boardRig);

describe('a Pi by its files', () => {
  it('is known with its buses, ports and monitors', () => {
    const bench = boardRig();
    expect(bench.part.facts()).toEqual({
      model: 'Raspberry Pi 4 Model B Rev 1.5',
      family: 'pi4',
      kernel: '6.12.47+rpt-rpi-v8',
      is64Bit: true,
      headerChip: { path: '/dev/gpiochip0', label: 'pinctrl-bcm2711' },
      chips: [
        { path: '/dev/gpiochip0', label: 'pinctrl-bcm2711' },
        { path: '/dev/gpiochip1', label: 'raspberrypi,firmware-gpio' },
      ],
      i2cBuses: [1],
      spiDevices: ['0.0', '0.1'],
      serialPorts: [
        { path: '/dev/serial0', device: '/dev/ttyS0', takenBy: 'console' },
        { path: '/dev/serial1', device: '/dev/ttyAMA0', takenBy: 'bluetooth' },
        { path: '/dev/ttyAMA0', device: '/dev/ttyAMA0', takenBy: 'bluetooth' },
        { path: '/dev/ttyS0', device: '/dev/ttyS0', takenBy: 'console' },
      ],
      pwmChip: 'sys/class/pwm/pwmchip0',
      pwmPins: null,
      monitors: ['cpu_thermal', 'rpi_volt', 'ina219'],
      leds: ['ACT', 'feeder'],
      clocks: ['rtc0'],
      converters: ['nau7802'],
    });
    bench.end();
  });

  it.each([
    ['Raspberry Pi 3 Model B Plus Rev 1.3', 'pi3'],
    ['Raspberry Pi Zero 2 W Rev 1.0', 'zero2w'],
    ['Raspberry Pi 5 Model B Rev 1.0', 'pi5'],
    ['Raspberry Pi Compute Module 5 Rev 1.0', 'pi5'],
    ['Raspberry Pi 400 Rev 1.0', 'pi4'],
    ['Raspberry Pi Zero W Rev 1.1', 'other'],
    ['Orange Pi 5', 'other'],
  ])('%s is of the family %s', (model, family) => {
    const bench = boardRig({ model });
    expect(bench.part.facts().family).toBe(family);
    bench.end();
  });

  it('is asked for its chips first, where they can be asked', () => {
    const folder = piFolder();
    const chips = [{ path: '/dev/gpiochip7', label: 'pinctrl-rp1' }];
    const board = new PiBoard({ tree: folder.tree, chips: () => chips });
    expect(board.facts()).toMatchObject({ chips, headerChip: chips[0] });
    folder.end();
  });

  it('of 32 bits is refused', async () => {
    const folder = piFolder();
    const check = await new PiBoard({ tree: folder.tree, arch: 'arm' }).selfTest();
    expect(check.found).toContain('not a 64-bit');
    folder.end();
  });

  it('finds the header’s PWM by its place, not by its number', () => {
    const folder = piFolder();
    folder.remove('sys/class/pwm');
    folder.link('sys/class/pwm/pwmchip0', '../../devices/platform/soc/fe20c800.pwm/pwm/pwmchip0');
    const board = new PiBoard({ tree: folder.tree });
    expect(board.facts().pwmChip).toBeNull();
    folder.link(
      'sys/class/pwm/pwmchip4',
      '../../devices/platform/axi/1000120000.pcie/1f00098000.pwm/pwm/pwmchip4',
    );
    expect(board.facts().pwmChip).toBe('sys/class/pwm/pwmchip4');
    folder.end();
  });
});
