import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { FeederError } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { readHardware } from '../config/read-hardware.ts';
import { SimulatedBoardFacts } from '../hardware/simulated/parts/simulated-surroundings.ts';
import type { BoardFacts } from '../platform/board-facts.ts';
import { watchWiring } from './wiring-watch.ts';

const build = (name: string) =>
  readHardware(resolve(import.meta.dirname, `../../profiles/boards/${name}.json`), (path) =>
    readFileSync(path, 'utf8'),
  );
const reader = '/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0';
const port = (path: string) => ({ path, device: path, takenBy: null });

/** A board from which things are taken away and given back while the watch looks. */
function board(change: Partial<BoardFacts>) {
  const held = { change };
  return { held, facts: () => new SimulatedBoardFacts(held.change).facts() };
}

describe('watchWiring', () => {
  it('starts without a pet reader, a clock, a light and a current meter, and tells of each', () => {
    const bare = { serialPorts: [port('/dev/serial0')], clocks: [], monitors: [], leds: [] };
    const stepper = watchWiring(build('nau7802-tmc2209'), board(bare));
    expect(stepper.absentParts().map(({ part }) => part)).toEqual([
      'pet_reader',
      'real_time_clock',
    ]);
    const motor = watchWiring(build('hx711-dc-motor'), board(bare));
    expect(motor.absentParts().map(({ part }) => part)).toEqual(['current_meter', 'kernel_light']);
    expect(motor.absentParts()[0]?.why).toContain('dtoverlay=i2c-sensor,ina219');
  });

  it('tells no more of a part that came back', () => {
    const here = board({ serialPorts: [port('/dev/serial0')] });
    const watch = watchWiring(build('nau7802-tmc2209'), here);
    expect(watch.absentParts()).toHaveLength(1);
    here.held.change = { serialPorts: [port('/dev/serial0'), port(reader)] };
    expect(watch.absentParts()).toEqual([]);
  });

  it.each([
    ['a motor without its port', 'nau7802-tmc2209', { serialPorts: [port(reader)] }, 'tmc2209'],
    [
      'a scale without its bus',
      'nau7802-tmc2209',
      { i2cBuses: [], serialPorts: [port('/dev/serial0'), port(reader)] },
      'nau7802 (bowl)',
    ],
    ['a motor without its PWM', 'hx711-dc-motor', { pwmChip: null }, 'dc_motor'],
    ['a scale without SPI', 'hx711-dc-motor', { spiDevices: [] }, 'hx711 (bowl)'],
  ])('refuses %s, which feeding needs', (_, name, change, label) => {
    try {
      watchWiring(build(name), board(change));
      expect.unreachable();
    } catch (error) {
      const { code, details } = error as FeederError;
      expect(code).toBe('ERR_WIRING');
      expect(details[0]?.message).toContain(label);
    }
  });

  it('starts without a motor that is to be plugged in, which tells of itself', () => {
    const text = JSON.stringify(build('coprocessor'));
    const byUsb = JSON.parse(text.replace('/dev/serial0', '/dev/ttyACM0'));
    expect(watchWiring(byUsb, board({ serialPorts: [] })).absentParts()).toEqual([]);
    // One at the header is switched on by a restart, or never.
    const atHeader = () => watchWiring(build('coprocessor'), board({ serialPorts: [] }));
    expect(atHeader).toThrow(expect.objectContaining({ code: 'ERR_WIRING' }));
  });

  it('opens the header’s serial port under its name on a Pi 5', () => {
    const serialPorts = [port('/dev/serial0'), port('/dev/ttyAMA0'), port(reader)];
    const { hardware } = watchWiring(
      build('nau7802-tmc2209'),
      board({ family: 'pi5', serialPorts }),
    );
    expect(JSON.stringify(hardware)).toContain('"/dev/ttyAMA0"');
    expect(JSON.stringify(hardware)).not.toContain('/dev/serial0');
  });
});
