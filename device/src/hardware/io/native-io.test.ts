import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFakeBoard } from '../../../native/board-io/fake/fake-board.ts';
import { lineSourceContract } from '../../../test/contracts/line-source.ts';
import { timedOutputContract } from '../../../test/contracts/timed-output.ts';
import { FakeLines } from '../../../test/support/fake-lines.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import { headerChip } from './header-chip.ts';
import { NativeI2cBus, WAITING_MAX } from './native-i2c-bus.ts';
import { NativeLines } from './native-lines.ts';
import { NativeTimedOutput } from './native-timed-output.ts';

const board = loadFakeBoard();
const { fake } = board;
const chip = '/dev/gpiochip0';
const I2C = '/dev/i2c-1';
const PIN = 17;

const addHeader = () => fake.addChip(chip, 'gpiochip0', 'pinctrl-rp1', 54);
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}
const faultOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing was thrown';
};

lineSourceContract('the character device', () => {
  addHeader();
  const lines = new NativeLines({ board, chip });
  return {
    lines,
    pins: [17, 27, 22],
    put: (pin, level) => fake.put(chip, pin, level),
    wire: (pin) => fake.line(chip, pin).level,
    unplug: () => fake.unplug(chip),
    until,
    end: () => {
      lines.close();
      fake.reset();
    },
  };
});

lineSourceContract('the fake of the parts’ tests', () => {
  const lines = new FakeLines(new VirtualClock());
  return {
    lines,
    pins: [17, 27, 22],
    put: (pin, level) => lines.put(pin, level),
    wire: (pin) => lines.driven(pin) ?? 0,
    unplug: () => lines.lose(17),
    until,
    end: () => lines.close(),
  };
});

timedOutputContract('the character device', () => {
  addHeader();
  fake.freeze();
  const output = new NativeTimedOutput({ board, chip, pin: PIN, activeLow: false });
  return {
    output,
    isOn: () => fake.line(chip, PIN).level === 1,
    pass: (ms) => Promise.resolve(fake.advance(ms)),
    unplug: () => fake.unplug(chip),
    end: () => {
      output.close();
      fake.reset();
    },
  };
});

describe('what an installer reads', () => {
  beforeEach(addHeader);
  afterEach(() => fake.reset());

  it('is who holds a pin', () => {
    fake.hold(chip, PIN, 'fan control');
    const lines = new NativeLines({ board, chip });
    const ask = () => lines.output({ pin: PIN, activeLow: false });
    expect(faultOf(ask)).toBe("Pin 17 is taken by 'fan control'.");
    const timed = () => new NativeTimedOutput({ board, chip, pin: PIN, activeLow: false });
    expect(faultOf(timed)).toBe("Pin 17 is taken by 'fan control'.");
    lines.close();
    expect(faultOf(ask)).toBe('The GPIO chip was closed.');
  });

  it('is that a pin is none', () => {
    const lines = new NativeLines({ board, chip });
    const ask = () => lines.output({ pin: 60, activeLow: false });
    expect(faultOf(ask)).toMatch(/^Pin 60 is none of \/dev\/gpiochip0/);
  });

  it('is that the rights are missing', () => {
    fake.fail('open', 13, 1);
    const lines = new NativeLines({ board, chip });
    const ask = () => lines.output({ pin: 4, activeLow: false });
    expect(faultOf(ask)).toMatch(/may not use \/dev\/gpiochip0/);
  });

  it('is which chips there are, when none is the header', () => {
    expect(headerChip(board)).toBe(chip);
    expect(headerChip(board, ['pinctrl-rp1'])).toBe(chip);
    expect(faultOf(() => headerChip(board, ['gpio-sim']))).toMatch(/found: pinctrl-rp1/);
    fake.reset();
    expect(faultOf(() => headerChip(board))).toMatch(/found: none/);
  });
});

describe('the header’s chip', () => {
  afterEach(() => fake.reset());

  it.each([
    ['pinctrl-bcm2835', 'pinctrl-bcm2835', 'raspberrypi-exp-gpio'],
    ['pinctrl-bcm2711', 'raspberrypi-exp-gpio', 'pinctrl-bcm2711'],
    ['pinctrl-rp1', 'gpio-brcmstb@107d508500', 'pinctrl-rp1'],
  ])('is found by its label %s, whatever its number', (label, first, second) => {
    fake.addChip('/dev/gpiochip0', 'gpiochip0', first, 32);
    fake.addChip('/dev/gpiochip10', 'gpiochip10', second, 54);
    expect(headerChip(board)).toBe(first === label ? '/dev/gpiochip0' : '/dev/gpiochip10');
  });
});

describe('an I2C bus', () => {
  let bus: NativeI2cBus;
  beforeEach(() => {
    bus = new NativeI2cBus({ board, path: I2C });
    fake.i2cDevice(I2C, 0x2a, Uint8Array.of(1, 2, 3));
  });
  afterEach(() => {
    bus.close();
    fake.reset();
  });
  const read = () => bus.transfer(0x2a, Uint8Array.of(0), 3).then((bytes) => [...bytes]);

  it('transfers one after the other', async () => {
    const all = await Promise.all([read(), read(), bus.transfer(0x2a, Uint8Array.of(1, 9), 0)]);
    expect(all.slice(0, 2)).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(await read()).toEqual([1, 9, 3]);
  });

  it('names what is wrong, and is there again when it comes back', async () => {
    const fault = (message: RegExp) =>
      expect.objectContaining({
        code: 'ERR_HARDWARE_FAULT',
        message: expect.stringMatching(message),
      });
    await expect(bus.transfer(0x30, Uint8Array.of(0), 1)).rejects.toEqual(
      fault(/Nothing answers at this address of \/dev\/i2c-1/),
    );
    fake.buses(true, 0);
    await expect(read()).rejects.toEqual(fault(/went away/));
    await expect(read()).rejects.toEqual(fault(/is not there/));
    fake.buses(false, 0);
    expect(await read()).toEqual([1, 2, 3]);
    bus.close();
    await expect(read()).rejects.toEqual(fault(/It was closed/));
  });

  it('refuses more than may wait', async () => {
    const asked = Array.from({ length: WAITING_MAX + 1 }, read);
    const ends = await Promise.allSettled(asked);
    expect(ends.map(({ status }) => status).filter((one) => one === 'rejected')).toHaveLength(1);
    expect(ends.at(-1)?.status).toBe('rejected');
    expect(await read()).toEqual([1, 2, 3]);
  });
});
