import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedBoardFacts } from '../hardware/simulated/parts/simulated-surroundings.ts';
import { linesThatHold, pwmLine, pwmPinsOf } from './boot-config.ts';
import { bootNeedsOf, bootPlanOf } from './boot-lines.ts';
import { checkWiring } from './check-wiring.ts';
import { readHardware } from './read-hardware.ts';

const folder = resolve(import.meta.dirname, '../../profiles/boards');
const builds = readdirSync(folder).filter((name) => name.endsWith('.json'));
const families = ['pi3', 'zero2w', 'pi4', 'pi5'] as const;

function wiringOf(name: string) {
  const hardware = readHardware(join(folder, name), (path) => readFileSync(path, 'utf8'));
  if (hardware.kind !== 'board') throw new Error('not a board');
  return hardware;
}

describe('bootNeedsOf', () => {
  it.each(builds)('gives every line that the check asks for on a bare board, for %s', (name) => {
    const wiring = wiringOf(name);
    for (const family of families) {
      const bare = { i2cBuses: [], spiDevices: [], serialPorts: [], monitors: [], leds: [] };
      const board = new SimulatedBoardFacts({ ...bare, clocks: [], pwmChip: null, family });
      const asked = checkWiring(wiring, board.facts()).flatMap(
        ({ message }) => / add (\S+) to config\.txt/.exec(message)?.[1] ?? [],
      );
      const { lines } = bootNeedsOf({ parts: wiring.parts, switchedOn: [], family });
      expect(asked.length).toBeGreaterThan(0);
      expect(lines).toEqual(expect.arrayContaining(asked));
    }
  });

  it('takes no pin for a light that the kernel has by itself', () => {
    const part = { part: 'kernel_light', name: 'ACT', pin: null } as const;
    const { lines } = bootNeedsOf({ parts: [part], switchedOn: [], family: 'pi4' });
    expect(lines).toEqual([]);
  });

  it('adds what the owner names to what the parts need, and nothing twice', () => {
    const { parts } = wiringOf('hx711-dc-motor.json');
    const plain = bootNeedsOf({ parts, switchedOn: [], family: 'pi4' });
    const more = bootNeedsOf({ parts, switchedOn: ['i2c', 'spi', 'pwm', 'rtc'], family: 'pi4' });
    expect(more.lines.toSorted()).toEqual([...plain.lines, 'dtoverlay=i2c-rtc,ds3231'].toSorted());
    expect(plain.modules).toEqual(['i2c-dev']);
    expect(plain.isConsoleInTheWay).toBe(false);
  });
});

describe('bootPlanOf', () => {
  const own = (text: string) => ({ text, family: 'pi4' as const });
  const lines = ['dtoverlay=pwm,pin=12,func=4', 'dtoverlay=i2c-sensor,ina219,addr=0x40'];

  it('writes nothing that the owner’s file has already', () => {
    const text =
      'dtoverlay=pwm-2chan,pin=12,func=4\n[pi5]\n[all]\ndtoverlay=i2c-sensor,ina219 # mine';
    expect(bootPlanOf(lines, own(text))).toEqual({ kind: 'write', lines: [] });
  });

  it('takes lines for other boards and comments for none', () => {
    const text = '#dtoverlay=pwm,pin=12,func=4\n[pi5]\ndtoverlay=pwm-2chan';
    expect(bootPlanOf(lines, own(text))).toEqual({ kind: 'write', lines });
  });

  it('names an owner’s line that leads the PWM elsewhere', () => {
    expect(bootPlanOf(lines, own('dtoverlay=pwm-2chan'))).toMatchObject({ kind: 'conflict' });
    // The pin is right, and its function is that of another pin.
    expect(bootPlanOf(lines, own('dtoverlay=pwm,pin=12'))).toMatchObject({ kind: 'conflict' });
  });
});

describe('pwmLine', () => {
  it('leads the PWM to the pins that it was made for, whichever', () => {
    const pin = fc.constantFrom(12, 13, 18, 19);
    fc.assert(
      fc.property(fc.uniqueArray(pin, { minLength: 1, maxLength: 2 }), (pins) => {
        const found = pwmPinsOf(linesThatHold(pwmLine(pins), 'pi5'));
        expect(found?.toSorted()).toEqual(pins.toSorted());
      }),
    );
  });
});
