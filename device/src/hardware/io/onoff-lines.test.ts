import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SysfsTree } from '../../platform/sysfs-tree.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import {
  headerBase,
  LOOK_AGAIN_MS,
  loadOnoff,
  OnoffLines,
  type OnoffPackage,
} from './onoff-lines.ts';

/** The package onoff with lines in the hands of the test. */
class FakeGpio {
  static readonly all: FakeGpio[] = [];
  static refuses = false;
  level: 0 | 1 = 0;
  isExported = true;
  isGone = false;
  tell: (error: Error | null, level: 0 | 1) => void = () => {};
  readonly number: number;
  readonly options: object;
  constructor(number: number, _direction: 'in', _edge: 'both', options: object) {
    if (FakeGpio.refuses) throw new Error('EBUSY: resource busy or locked, write');
    this.number = number;
    this.options = options;
    FakeGpio.all.push(this);
  }
  readSync(): 0 | 1 {
    if (this.isGone) throw new Error('ENODEV: no such device, read');
    return this.level;
  }
  watch(callback: (error: Error | null, level: 0 | 1) => void): void {
    this.tell = callback;
  }
  unexport(): void {
    if (this.isGone) throw new Error('EINVAL: invalid argument, write');
    this.isExported = false;
  }
}
const onoff: OnoffPackage = { Gpio: FakeGpio };

describe('lines by onoff', () => {
  let root: string;
  const chip = (name: string, label: string, base: string) => {
    const folder = join(root, 'sys/class/gpio', name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'label'), `${label}\n`);
    writeFileSync(join(folder, 'base'), `${base}\n`);
  };
  let clock: VirtualClock;
  const open = () => new OnoffLines({ onoff, tree: new SysfsTree(root), clock });
  const request = { pin: 17, activeLow: true, bias: 'none', debounceMs: 20 } as const;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'feeder-onoff-'));
    clock = new VirtualClock();
    FakeGpio.all.length = 0;
    FakeGpio.refuses = false;
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it.each([
    ['pinctrl-bcm2711', '512'],
    ['pinctrl-rp1', '571'],
    ['pinctrl-bcm2835', '0'],
  ])('finds the base of %s at %s', (label, base) => {
    chip('gpiochip504', 'raspberrypi-exp-gpio', '504');
    chip(`gpiochip${base}`, label, base);
    expect(headerBase(new SysfsTree(root))).toBe(Number(base));
  });

  it('says what to do without sysfs, without its package, and for what it cannot do', async () => {
    expect(open).toThrow('character device');
    await expect(loadOnoff(() => Promise.reject(new Error('no bindings')))).rejects.toMatchObject({
      code: 'ERR_CONFIG',
      message: expect.stringContaining('epoll'),
    });
    expect(await loadOnoff(() => Promise.resolve(onoff))).toBe(onoff);
    chip('gpiochip512', 'pinctrl-bcm2711', '512');
    expect(() => open().output()).toThrow('stay on');
    expect(() => open().input({ ...request, bias: 'up' })).toThrow('gpio=17=ip,pu');
    FakeGpio.refuses = true;
    expect(() => open().input(request)).toThrow('another program');
  });

  it('gives edges with their count, and the loss of a line', () => {
    chip('gpiochip512', 'pinctrl-bcm2711', '512');
    const lines = open();
    const line = lines.input(request);
    const [gpio] = FakeGpio.all;
    expect([gpio?.number, gpio?.options]).toEqual([529, { activeLow: true, debounceTimeout: 20 }]);
    const told: unknown[] = [];
    line.onEdge(({ level, count }) => told.push([level, count]));
    line.onLost((cause) => told.push(cause.message));
    gpio?.tell(null, 1);
    gpio?.tell(null, 1);
    gpio?.tell(null, 0);
    gpio?.tell(new Error('Gone.'), 0);
    expect(told).toEqual([[1, 1], [0, 2], expect.stringMatching(/GPIO 17 is lost/)]);
    expect(line.level()).toBe(0);
    lines.close();
    line.close();
    gpio?.tell(null, 1);
    expect([told.length, gpio?.isExported]).toEqual([3, false]);
  });

  it('finds a missed change and a lost chip by looking again', () => {
    chip('gpiochip512', 'pinctrl-bcm2711', '512');
    const line = open().input(request);
    const [gpio] = FakeGpio.all;
    if (gpio === undefined) throw new Error('no line was opened');
    const told: unknown[] = [];
    line.onEdge(({ level }) => told.push(level));
    line.onLost((cause) => told.push(cause));
    gpio.level = 1;
    expect(line.level()).toBe(1);
    clock.advance(LOOK_AGAIN_MS);
    expect(told).toEqual([1]);
    gpio.isGone = true;
    expect(() => line.level()).toThrow('GPIO 17 is lost');
    clock.advance(3 * LOOK_AGAIN_MS);
    expect(told).toEqual([1, expect.objectContaining({ code: 'ERR_HARDWARE_FAULT' })]);
    line.close();
  });

  it('gives a line to one part only, until it is given back', () => {
    chip('gpiochip512', 'pinctrl-bcm2711', '512');
    const lines = open();
    const first = lines.input(request);
    expect(() => lines.input(request)).toThrow('GPIO 17 is in use');
    first.close();
    lines.input(request);
  });
});
