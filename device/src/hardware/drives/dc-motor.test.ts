import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFakeBoard } from '../../../native/board-io/fake/fake-board.ts';
import { feedDriveContract } from '../../../test/contracts/feed-drive.ts';
import { partContract } from '../../../test/contracts/part.ts';
import { PwmKernelTree } from '../../../test/support/pwm-kernel.ts';
import { SysfsFolder } from '../../../test/support/sysfs-folder.ts';
import { NativeLines } from '../io/native-lines.ts';
import { type BridgeWiring, DcMotorDrive, type DcMotorParts, TURN_ROUND_MS } from './dc-motor.ts';
import { HeaderPwmSpeed } from './header-pwm-speed.ts';
import { LineEdgeCounter } from './line-edge-counter.ts';

const board = loadFakeBoard();
const { fake } = board;
const chip = '/dev/gpiochip0';
const FAULT = 22;
const pin = (number: number, activeLow = false) => ({ pin: number, activeLow });
const enableDirection: BridgeWiring = {
  kind: 'enable-direction',
  enable: pin(17),
  direction: pin(27),
};
const twoInputs: BridgeWiring = { kind: 'two-inputs', forward: pin(17), reverse: pin(27) };
const activeLowInputs: BridgeWiring = {
  kind: 'two-inputs',
  forward: pin(17, true),
  reverse: pin(27, true),
};

const level = (line: number) => fake.line(chip, line).level;
const bothLines = () => `${level(17)}${level(27)}`;
/** What a motor does at these levels of the two lines; a bridge with both inputs on brakes. */
const motions: Readonly<Record<string, Readonly<Record<string, 1 | -1>>>> = {
  'enable-direction': { '10': 1, '11': -1 },
  'two-inputs': { '10': 1, '01': -1 },
  'two inverted inputs': { '01': 1, '10': -1 },
};

function open(over: Partial<DcMotorParts> = {}): DcMotorDrive {
  return new DcMotorDrive({
    board,
    chip,
    wiring: enableDirection,
    speed: null,
    fault: null,
    ...over,
  });
}

beforeEach(() => {
  fake.addChip(chip, 'gpiochip0', 'pinctrl-bcm2711', 58);
  // The pulls that hold a driver off while nobody drives its inputs.
  fake.freeze();
});
afterEach(() => fake.reset());

describe.each([
  ['enable-direction', enableDirection],
  ['two-inputs', twoInputs],
  ['two inverted inputs', activeLowInputs],
] as const)('a DC motor by %s', (name, wiring) => {
  beforeEach(() => {
    if (wiring !== activeLowInputs) return;
    fake.put(chip, 17, 1);
    fake.put(chip, 27, 1);
  });

  feedDriveContract('a DC motor', () => {
    const part = open({ wiring });
    return {
      part,
      pass: (ms) => Promise.resolve(fake.advance(ms)),
      motion: () => motions[name]?.[bothLines()] ?? 0,
      startMsMax: TURN_ROUND_MS,
      ready: () => Promise.resolve(),
      breakIt: () => fake.unplug(chip),
      end: () => part.close(),
    };
  });
});

describe('a DC motor', () => {
  it('stands still before it turns the other way', () => {
    const motor = open();
    motor.run({ direction: 'forward', speed: 1, maxMs: 250 });
    fake.advance(100);
    motor.run({ direction: 'reverse', speed: 1, maxMs: 250 });
    fake.advance(TURN_ROUND_MS - 1);
    expect(bothLines()).toBe('00');
    fake.advance(1);
    expect(bothLines()).toBe('11');
    motor.close();
  });

  it('is on for its share of the time when it has no speed input', () => {
    const motor = open();
    motor.run({ direction: 'forward', speed: 0.3, maxMs: 100 });
    let onMs = 0;
    for (let ms = 0; ms < 100; ms++) {
      fake.advance(0.5);
      onMs += level(17);
      fake.advance(0.5);
    }
    expect(onMs).toBe(30);
    expect(level(17)).toBe(0);
    motor.close();
  });

  it('frees its lines when another one cannot be had, and names that one', () => {
    const lines = new NativeLines({ board, chip });
    fake.hold(chip, FAULT, 'stray script');
    expect(() => open({ fault: { lines, pin: FAULT } })).toThrow(
      "Pin 22 is taken by 'stray script'.",
    );
    open().close();
    fake.hold(chip, 17, 'stray script');
    expect(() => open()).toThrow("Pin 17 is taken by 'stray script'.");
  });
});

describe('FMEA-12 the fault output of a motor driver', () => {
  const turn = { direction: 'forward', speed: 1, maxMs: 250 } as const;
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
  }

  it('stops the motor and keeps it off until it is gone', async () => {
    fake.put(chip, FAULT, 1);
    const lines = new NativeLines({ board, chip });
    const motor = open({ fault: { lines, pin: FAULT } });
    motor.run(turn);
    fake.advance(50);
    expect(level(17)).toBe(1);
    fake.put(chip, FAULT, 0);
    await until(() => level(17) === 0);
    expect(motor.health()).toMatchObject({ state: 'implausible' });
    expect(await motor.selfTest()).toMatchObject({ ok: false });
    motor.run(turn);
    fake.advance(50);
    expect(level(17)).toBe(0);
    fake.put(chip, FAULT, 1);
    await until(() => motor.health().state === 'ok');
    motor.run(turn);
    fake.advance(50);
    expect(level(17)).toBe(1);
    motor.close();
    lines.close();
  });

  it('is seen when it is there from the start, and its loss is one too', async () => {
    fake.put(chip, FAULT, 0);
    const lines = new NativeLines({ board, chip });
    const motor = open({ fault: { lines, pin: FAULT } });
    expect(motor.health().state).toBe('implausible');
    fake.put(chip, FAULT, 1);
    await until(() => motor.health().state === 'ok');
    fake.unplug(chip);
    await until(() => motor.health().state !== 'ok');
    motor.close();
    lines.close();
  });
});

describe('the speed by the header’s PWM', () => {
  const chipFolder = 'sys/class/pwm/pwmchip2';
  const file = (name: string) => `${chipFolder}/pwm1/${name}`;
  const turn = (speed: number) => ({ direction: 'forward', speed, maxMs: 250 }) as const;
  let folder: SysfsFolder;
  beforeEach(() => {
    folder = new SysfsFolder();
  });
  afterEach(() => folder.end());

  /** The kernel makes the channel's folder at once when it is exported. */
  function addPwm(device: string): void {
    for (const name of ['enable', 'period', 'duty_cycle']) folder.put(`pwm/${name}`, '0');
    folder.put('devices/export', '');
    for (const name of ['enable', 'period', 'duty_cycle'])
      folder.put(`devices/platform/${device}/pwm/pwmchip2/pwm1/${name}`, '0');
    folder.link(chipFolder, `../../../devices/platform/${device}/pwm/pwmchip2`);
  }

  it.each(['axi/1000120000.pcie/1f00098000.pwm', 'soc/fe20c000.pwm'])(
    'is set by the device path %s before the motor turns',
    (device) => {
      addPwm(device);
      const tree = new PwmKernelTree(folder.root);
      const motor = open({ speed: new HeaderPwmSpeed({ tree, pin: 13 }) });
      motor.run(turn(0.4));
      expect(folder.text(file('period'))).toBe('50000');
      expect(folder.text(file('duty_cycle'))).toBe('20000');
      expect(folder.text(file('enable'))).toBe('1');
      fake.advance(10);
      expect(level(17)).toBe(1);
      motor.run(turn(1));
      expect(folder.text(file('duty_cycle'))).toBe('50000');
      motor.close();
      expect(folder.text(file('enable'))).toBe('0');
    },
  );

  it.each([
    ['axi/1000120000.pcie/1f00098000.pwm', 'pwm2'],
    ['soc/3f20c000.pwm', 'pwm0'],
  ])('on %s leaves the chip at BCM 18 by %s', (device, channel) => {
    const chip = `devices/platform/${device}/pwm/pwmchip2`;
    for (const name of ['enable', 'period', 'duty_cycle'])
      folder.put(`sys/${chip}/${channel}/${name}`, '0');
    folder.link(chipFolder, `../../${chip}`);
    const tree = new PwmKernelTree(folder.root);
    const motor = open({ speed: new HeaderPwmSpeed({ tree, pin: 18 }) });
    motor.run(turn(0.4));
    expect(motor.health().state).toBe('ok');
    expect(folder.text(`${chipFolder}/${channel}/duty_cycle`)).toBe('20000');
    motor.close();
  });

  it('has its channel exported when the feeder starts, since its files are ours only a while later', () => {
    addPwm('soc/fe20c000.pwm');
    const channel = 'devices/platform/soc/fe20c000.pwm/pwm/pwmchip2';
    folder.remove(`${channel}/pwm1`);
    folder.put(`${channel}/export`, '');
    const tree = new PwmKernelTree(folder.root);
    const motor = open({ speed: new HeaderPwmSpeed({ tree, pin: 13 }) });
    expect(folder.text(`${chipFolder}/export`)).toBe('1');
    motor.close();
  });

  it('takes over a channel that was left with a longer duty', () => {
    addPwm('soc/fe20c000.pwm');
    folder.put(file('period'), '1000000');
    folder.put(file('duty_cycle'), '900000');
    const tree = new PwmKernelTree(folder.root);
    const motor = open({ speed: new HeaderPwmSpeed({ tree, pin: 13 }) });
    motor.run(turn(0.4));
    expect(folder.text(file('period'))).toBe('50000');
    expect(folder.text(file('duty_cycle'))).toBe('20000');
    expect(motor.health().state).toBe('ok');
    motor.close();
  });

  it('keeps the motor off, and says why, while there is no PWM', () => {
    const motor = open({ speed: new HeaderPwmSpeed({ tree: folder.tree, pin: 13 }) });
    motor.run(turn(0.4));
    fake.advance(10);
    expect(level(17)).toBe(0);
    expect(motor.health()).toMatchObject({ state: 'unplugged' });
    expect(motor.health().why).toMatch(/dtoverlay=pwm-2chan/);
    addPwm('soc/3f20c000.pwm');
    motor.run(turn(0.4));
    fake.advance(10);
    expect(level(17)).toBe(1);
    expect(motor.health().state).toBe('ok');
    motor.close();
  });

  it('names a file that refuses', () => {
    addPwm('soc/fe20c000.pwm');
    folder.remove('devices/platform/soc/fe20c000.pwm/pwm/pwmchip2/pwm1/period');
    folder.put('devices/platform/soc/fe20c000.pwm/pwm/pwmchip2/pwm1/period/x', '');
    const motor = open({ speed: new HeaderPwmSpeed({ tree: folder.tree, pin: 13 }) });
    motor.run(turn(0.4));
    expect(motor.health().why).toMatch(/refuses period \(EISDIR\)/);
    motor.close();
  });
});

describe('a shaft sensor', () => {
  const benchOf = () => {
    const lines = new NativeLines({ board, chip });
    const part = new LineEdgeCounter({ lines, pin: 5, activeLow: false });
    const pass = async () => {
      while (part.health().state === 'ok') await new Promise((resolve) => setImmediate(resolve));
    };
    return { part, pass, breakIt: () => fake.unplug(chip), end: () => lines.close() };
  };
  partContract(benchOf);

  it('counts every edge once, and says nothing when it is lost', async () => {
    const bench = benchOf();
    for (let i = 1; i <= 40; i++) fake.put(chip, 5, i % 2 === 1 ? 1 : 0);
    while (bench.part.edges() !== 40) await new Promise((resolve) => setImmediate(resolve));
    fake.unplug(chip);
    while (bench.part.edges() !== null) await new Promise((resolve) => setImmediate(resolve));
    bench.end();
  });
});
