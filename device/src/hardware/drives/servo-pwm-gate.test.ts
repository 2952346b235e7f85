import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFakeBoard } from '../../../native/board-io/fake/fake-board.ts';
import { feedDriveContract } from '../../../test/contracts/feed-drive.ts';
import { passSlowly } from '../../../test/support/hand-link.ts';
import { PwmKernelTree } from '../../../test/support/pwm-kernel.ts';
import { SysfsFolder } from '../../../test/support/sysfs-folder.ts';
import type { MotorSlice } from '../../dispensing/control-board.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { CLOSING_MS } from './servo-gate.ts';
import { ServoPwmDrive } from './servo-pwm-gate.ts';

const board = loadFakeBoard();
const { fake } = board;
const ENODEV = 19;
const settings = { pin: 18, closedUs: 1000, openUs: 2000 };
const CLOSED = 1_000_000;
const OPEN = 2_000_000;
/** A Pi 5, whose BCM 18 is channel 2; exported by an earlier run that died with the gate open. */
const block = 'sys/devices/platform/axi/1000120000.pcie/1f00098000.pwm/pwm/pwmchip0';
const channel = 'sys/class/pwm/pwmchip0/pwm2';

beforeEach(() => fake.freeze());
afterEach(() => fake.reset());

function open() {
  const folder = new SysfsFolder({
    [`${block}/pwm2/enable`]: '1',
    [`${block}/pwm2/period`]: '20000000',
    [`${block}/pwm2/duty_cycle`]: '2000000',
  });
  folder.link('sys/class/pwm/pwmchip0', `../../../${block}`);
  const clock = new VirtualClock();
  const tree = new PwmKernelTree(folder.root);
  const part = new ServoPwmDrive({ board, tree, clock, settings });
  /** The width of the pulses in ns; null: the servo gets none. */
  const duty = () => {
    if (tree.readNumber(`${channel}/enable`) !== 1) return null;
    return Number(/^\d+/.exec(tree.read(`${channel}/duty_cycle`) ?? '')?.[0]);
  };
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1) {
      fake.advance(Math.min(1, ms - passed));
      await passSlowly(clock, Math.min(1, ms - passed));
    }
  };
  return { folder, clock, part, duty, pass };
}

const slice = (direction: MotorSlice['direction'], maxMs: number, speed = 1) => {
  return { direction, speed, maxMs };
};

feedDriveContract('a gate with a servo at the PWM', () => {
  const { folder, clock, part, duty, pass } = open();
  // Shut is shut, pressed or not: what a reverse slice is, only its order tells.
  let pressedUntilMs = 0;
  const watched = {
    run: (given: MotorSlice) => {
      part.run(given);
      const isReverse = given.direction === 'reverse' && part.canTurn();
      pressedUntilMs = isReverse ? clock.monoMs() + given.maxMs : 0;
    },
    stop: () => {
      part.stop();
      pressedUntilMs = 0;
    },
    canTurn: () => part.canTurn(),
    health: () => part.health(),
    selfTest: () => part.selfTest(),
    close: () => {
      part.close();
      pressedUntilMs = 0;
    },
  };
  return {
    part: watched,
    pass,
    motion: () => {
      if (duty() === OPEN) return 1;
      return duty() === CLOSED && clock.monoMs() < pressedUntilMs ? -1 : 0;
    },
    startMsMax: 2,
    ready: () => pass(CLOSING_MS + 1),
    breakIt: () => {
      folder.remove('sys');
      fake.fail('write', ENODEV, 1_000_000);
    },
    end: () => {
      part.close();
      folder.end();
    },
  };
});

describe('a gate with a servo at the PWM', () => {
  let bench: ReturnType<typeof open>;
  beforeEach(() => {
    bench = open();
  });
  afterEach(() => {
    bench.part.close();
    bench.folder.end();
  });

  it('is closed at the start, whatever the run before left, and then left alone', async () => {
    expect(bench.duty()).toBe(CLOSED);
    await bench.pass(CLOSING_MS + 1);
    expect(bench.duty()).toBeNull();
  });

  it('opens as far as it is told, closes by itself, and then gets no more pulses', async () => {
    const { part, duty, pass } = bench;
    part.run(slice('forward', 200, 0.5));
    await pass(1);
    expect(duty()).toBe(1_500_000);
    await pass(198);
    expect(duty()).toBe(1_500_000);
    await pass(2);
    expect(duty()).toBe(CLOSED);
    await pass(CLOSING_MS);
    expect(duty()).toBeNull();
  });

  it('FMEA-06 closes in time while the program that opened it is blocked', async () => {
    const { part, duty } = bench;
    part.run(slice('forward', 250));
    // Only the addon's thread lives.
    fake.advance(1);
    expect(duty()).toBe(OPEN);
    fake.advance(250);
    expect(duty()).toBe(CLOSED);
  });

  it('is stopped once, not again with every sample, and does not open for less than a pulse', async () => {
    const { part, duty, pass } = bench;
    part.run(slice('forward', 250));
    await pass(50);
    for (let ms = 0; ms < CLOSING_MS; ms += 10) {
      part.stop();
      expect(duty()).toBe(CLOSED);
      await pass(10);
    }
    await pass(1);
    expect(duty()).toBeNull();
    part.run(slice('forward', 19));
    await pass(1);
    expect(duty()).toBe(CLOSED);
  });

  it('presses the gate shut and goes on giving the closing pulses when it is given up', async () => {
    const { part, duty, pass } = bench;
    part.run(slice('forward', 250));
    await pass(50);
    part.close();
    await pass(1000);
    expect(duty()).toBe(CLOSED);
    expect(part.canTurn()).toBe(false);
  });

  it('is told as missing until its PWM can be had, and taken then', async () => {
    const { clock, folder } = bench;
    const block = folder.text(`${channel}/period`);
    folder.remove(`${channel}/period`);
    folder.put(`${channel}/period/is-a-folder`, '');
    const tree = new PwmKernelTree(folder.root);
    const late = new ServoPwmDrive({ board, tree, clock, settings });
    expect(late.health()).toMatchObject({ state: 'unplugged' });
    expect(late.canTurn()).toBe(false);
    late.run(slice('forward', 250));
    late.stop();
    folder.remove(`${channel}/period`);
    folder.put(`${channel}/period`, block);
    await bench.pass(1001);
    expect(late.health().state).toBe('ok');
    expect(bench.duty()).toBe(CLOSED);
    late.close();
  });

  it('says why there is no PWM, and is not made with widths that would harm the servo', () => {
    const { clock, folder } = bench;
    const whyOf = (change: Partial<typeof settings>) => {
      const tree = new PwmKernelTree(folder.root);
      const part = new ServoPwmDrive({ board, tree, clock, settings: { ...settings, ...change } });
      const { why } = part.health();
      part.close();
      return why;
    };
    expect(() => whyOf({ openUs: 2600 })).toThrow('500 to 2500');
    expect(whyOf({ pin: 17 })).toContain('BCM 17 has no PWM');
    folder.remove('sys');
    expect(whyOf({})).toContain('dtoverlay=pwm-2chan is missing');
  });
});
