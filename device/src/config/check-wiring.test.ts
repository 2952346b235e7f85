import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FeederError } from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedBoardFacts } from '../hardware/simulated/parts/simulated-surroundings.ts';
import type { BoardFacts } from '../platform/board-facts.ts';
import { checkWiring } from './check-wiring.ts';
import { loadConfig } from './load-config.ts';
import { parseHardware, readHardware } from './read-hardware.ts';
import { claimsOf } from './wiring-claims.ts';
import type { Wiring } from './wiring-schema.ts';

const folder = resolve(import.meta.dirname, '../../profiles/boards');
const builds = readdirSync(folder).filter((name) => name.endsWith('.json'));

const motor = {
  part: 'dc_motor',
  enablePin: 23,
  directionPin: 24,
  turnsPerSecond: 0.5,
  gramsPerTurn: 6,
};
const scale = { part: 'hx711', ratedGrams: 5000, countsPerGram: 420 };
const nau = { part: 'nau7802', ratedGrams: 5000, countsPerGram: 420 };
const stepper = {
  part: 'tmc2209',
  port: '/dev/serial0',
  enablePin: 22,
  turnsPerSecond: 0.5,
  gramsPerTurn: 6,
};

const controller = {
  part: 'coprocessor',
  port: '/dev/serial0',
  ratedGrams: 5000,
  countsPerGram: 420,
  turnsPerSecond: 0.5,
  gramsPerTurn: 6,
};

function wiringOf(...parts: readonly object[]): Wiring {
  const hardware = parseHardware({ kind: 'board', name: 'test', parts }, 'test');
  if (hardware.kind !== 'board') throw new Error('not a board');
  return hardware;
}

const facts = (change: Partial<BoardFacts> = {}) => new SimulatedBoardFacts(change).facts();
const usb = { path: '/dev/ttyUSB0', device: '/dev/ttyUSB0', takenBy: null };
const taken = (takenBy: 'console' | 'bluetooth') =>
  facts({ serialPorts: [{ path: '/dev/serial0', device: '/dev/ttyAMA0', takenBy }] });

describe('checkWiring', () => {
  it('lets a Pi 5 use BCM 12 and BCM 18, which have a PWM channel each there', () => {
    const buzzer = { part: 'buzzer', pin: 18, tone: 'pwm' };
    const wiring = wiringOf({ ...motor, pwmPin: 12 }, scale, buzzer);
    expect(checkWiring(wiring, facts({ family: 'pi5' }))).toEqual([]);
    expect(checkWiring(wiring, facts({ family: 'pi4' }))).toHaveLength(1);
  });

  it.each(builds)(
    'finds nothing wrong with the reference build %s on a board set up for it',
    (name) => {
      const hardware = readHardware(join(folder, name), (path) => readFileSync(path, 'utf8'));
      if (hardware.kind !== 'board') throw new Error('not a board');
      const serialPorts = claimsOf(hardware.parts).flatMap(({ port }) =>
        port === null ? [] : [{ path: port, device: port, takenBy: null }],
      );
      expect(checkWiring(hardware, facts({ serialPorts }))).toEqual([]);
    },
  );

  const cases: readonly (readonly [string, readonly object[], BoardFacts, string])[] = [
    [
      'a pin that is no pin of the header',
      [{ ...motor, enablePin: 40 }, scale],
      facts(),
      'BCM 40 of dc_motor is not on the header',
    ],
    [
      'a pin of the memory chip',
      [{ ...motor, enablePin: 1 }, scale],
      facts(),
      'BCM 1 of dc_motor is reserved',
    ],
    [
      'a pin twice',
      [{ ...motor, directionPin: 23 }, scale],
      facts(),
      'BCM 23 is wired to two things: dc_motor (ENABLE) and dc_motor (DIR)',
    ],
    [
      'a pin of two parts',
      [motor, scale, { part: 'button', pin: 24 }],
      facts(),
      'BCM 24 is wired to two things: dc_motor (DIR) and button (SIGNAL)',
    ],
    [
      'a pin of the I2C bus',
      [motor, scale, { part: 'button', pin: 2 }],
      facts(),
      'BCM 2 of button carries the I2C bus 1',
    ],
    [
      'a pin of the SPI bus',
      [motor, scale, { part: 'button', pin: 8 }],
      facts(),
      'BCM 8 of button carries the SPI bus 0',
    ],
    [
      'a pin of the UART',
      [motor, scale, { part: 'button', pin: 15 }],
      facts(),
      'BCM 15 of button carries the serial port',
    ],
    [
      'a PWM on another pin',
      [{ ...motor, pwmPin: 22 }, scale],
      facts(),
      'BCM 22 of dc_motor has no PWM; use BCM 12, 13, 18 or 19',
    ],
    [
      'a PWM without its overlay',
      [{ ...motor, pwmPin: 12 }, scale],
      facts({ pwmChip: null }),
      'dtoverlay=pwm,pin=12,func=4',
    ],
    [
      'a PWM that config.txt leads to the pins of a bare overlay',
      [{ ...motor, pwmPin: 12 }, scale],
      facts({ pwmPins: [18, 19] }),
      'config.txt leads the PWM to BCM 18 and 19, but dc_motor has it at BCM 12: write dtoverlay=pwm,pin=12,func=4 there',
    ],
    [
      'two PWM on one channel',
      [{ ...motor, pwmPin: 12 }, scale, { part: 'buzzer', pin: 18, tone: 'pwm' }],
      facts(),
      'BCM 12 and BCM 18 are the same PWM channel; move buzzer to BCM 13 or 19',
    ],
    ['I2C switched off', [motor, nau], facts({ i2cBuses: [] }), 'dtparam=i2c_arm=on'],
    ['SPI switched off', [motor, scale], facts({ spiDevices: [] }), 'dtparam=spi=on'],
    [
      'one address twice',
      [motor, nau, { ...nau, under: 'hopper' }],
      facts(),
      'nau7802 (bowl) and nau7802 (hopper) have the same address 0x2a on I2C bus 1',
    ],
    ['a UART that is off', [stepper, scale], facts({ serialPorts: [] }), 'enable_uart=1'],
    [
      'a UART that is off on a Pi 5',
      [stepper, scale],
      facts({ serialPorts: [], family: 'pi5' }),
      'dtparam=uart0=on',
    ],
    [
      'a UART of the console',
      [stepper, scale],
      taken('console'),
      'taken by the text console: remove console=serial0,115200',
    ],
    ['a UART of Bluetooth', [stepper, scale], taken('bluetooth'), 'dtoverlay=disable-bt'],
    [
      'a USB port that is not plugged',
      [{ ...stepper, port: '/dev/ttyUSB3' }, scale],
      facts(),
      '/dev/ttyUSB3 of tmc2209 is not there: plug it in',
    ],
    [
      'one port twice',
      [
        { ...stepper, port: '/dev/ttyUSB0' },
        scale,
        { part: 'pet_reader', port: '/dev/ttyUSB0', kind: 'rdm6300' },
      ],
      facts({ serialPorts: [usb] }),
      'tmc2209 and pet_reader are on the same serial port',
    ],
    [
      'a pin of the serial port that another part needs',
      [stepper, scale, { part: 'button', pin: 15 }],
      facts({ serialPorts: [{ path: '/dev/serial0', device: '/dev/ttyAMA0', takenBy: null }] }),
      'BCM 15 of button carries the serial port, which tmc2209 needs; use another pin.',
    ],
    [
      'one port by two names',
      [
        { ...stepper, port: '/dev/ttyUSB0' },
        scale,
        { part: 'pet_reader', port: '/dev/serial/by-id/adapter', kind: 'rdm6300' },
      ],
      facts({ serialPorts: [usb, { ...usb, path: '/dev/serial/by-id/adapter' }] }),
      'tmc2209 and pet_reader are on the same serial port',
    ],
    ['two motors', [motor, stepper, scale], facts(), 'Two motors are wired (dc_motor and tmc2209)'],
    ['no motor', [scale], facts(), 'No motor is wired'],
    ['no scale', [motor], facts(), 'No scale is wired under the bowl'],
    [
      'only a scale under the hopper',
      [motor, { ...scale, under: 'hopper' }],
      facts(),
      'No scale is wired under the bowl',
    ],
    [
      'two scales under the bowl',
      [motor, scale, nau],
      facts(),
      'Two scales are wired under the bowl',
    ],
    [
      'an hx711 on lines without lines',
      [motor, { ...scale, way: 'lines', dataPin: 20 }],
      facts(),
      'needs dataPin (DOUT) and clockPin (PD_SCK)',
    ],
    [
      'an hx711 of a kernel that has none',
      [motor, { ...scale, way: 'iio' }],
      facts(),
      'This kernel has no driver for the hx711',
    ],
    [
      'edges without a pin',
      [{ ...motor, edgesPerTurn: 8 }, scale],
      facts(),
      'edgesPerTurn is given, but no edgePin',
    ],
    [
      'a pin without edges',
      [{ ...motor, edgePin: 16 }, scale],
      facts(),
      'edgePin is given, but no edgesPerTurn',
    ],
    [
      'a current meter without its overlay',
      [motor, scale, { part: 'current_meter', stallMilliamps: 900 }],
      facts({ monitors: [] }),
      'dtoverlay=i2c-sensor,ina219,addr=0x40',
    ],
    [
      'a light without its overlay',
      [motor, scale, { part: 'kernel_light', name: 'eye' }],
      facts(),
      'dtoverlay=gpio-led,gpio=17,label=eye',
    ],
    [
      'a clock without its overlay',
      [motor, scale, { part: 'real_time_clock' }],
      facts({ clocks: [] }),
      'dtoverlay=i2c-rtc,ds3231',
    ],
    [
      'two buttons',
      [motor, scale, { part: 'button', pin: 5 }, { part: 'button', pin: 6 }],
      facts(),
      'button is wired 2 times, but a feeder has one',
    ],
    [
      'two lights',
      [motor, scale, { part: 'light', pin: 5 }, { part: 'kernel_light', name: 'feeder' }],
      facts(),
      'Two lights are wired',
    ],
    [
      'a scale beside that of a co-processor',
      [controller, nau],
      facts(),
      'Two scales are wired under the bowl (a coprocessor brings its own)',
    ],
    [
      'pigpio on a Pi 5',
      [
        {
          part: 'servo_gate',
          pin: 20,
          closedUs: 900,
          openUs: 1800,
          turnsPerSecond: 1,
          gramsPerTurn: 5,
        },
        scale,
      ],
      facts({ family: 'pi5' }),
      'servo_gate needs pigpio, which does not run on a Pi 5; use way pwm.',
    ],
    [
      'a gate by PWM at a pin without one',
      [
        {
          part: 'servo_gate',
          way: 'pwm',
          pin: 20,
          closedUs: 900,
          openUs: 1800,
          turnsPerSecond: 1,
          gramsPerTurn: 5,
        },
        scale,
      ],
      facts({ family: 'pi5' }),
      'BCM 20 of servo_gate has no PWM; use BCM 12, 13, 18 or 19.',
    ],
    [
      'a shaft sensor at the wrong computer',
      [{ ...controller, edgesPerTurn: 4, edgePin: 16 }],
      facts(),
      'A coprocessor counts the edges itself',
    ],
    [
      'a gate that does not open',
      [
        {
          part: 'servo_gate',
          pin: 20,
          closedUs: 900,
          openUs: 900,
          turnsPerSecond: 1,
          gramsPerTurn: 5,
        },
        scale,
      ],
      facts(),
      'the gate would not open',
    ],
    [
      'a gauge upside down',
      [motor, scale, { part: 'hopper_gauge', emptyMm: 40, fullMm: 200 }],
      facts(),
      'emptyMm must be at least 30 more than fullMm',
    ],
    [
      'another machine',
      [motor, scale],
      facts({ headerChip: null, model: 'Acme PC' }),
      'This board (Acme PC) has no pin header that is known',
    ],
    ['32 bits', [motor, scale], facts({ is64Bit: false }), '32-bit system'],
  ];
  it.each(cases)('names %s in one sentence', (_, parts, board, sentence) => {
    const problems = checkWiring(wiringOf(...parts), board);
    expect(problems.map(({ message }) => message)).toEqual([expect.stringContaining(sentence)]);
    expect(problems[0]?.message).toMatch(/^[A-Z/a-z].*\.$/);
    expect(problems[0]?.path).toMatch(/^(board|parts(\.\d+(\.\w+)?)?)$/);
  });

  it('names everything at once', () => {
    const wiring = wiringOf(stepper, { ...motor, pwmPin: 22, directionPin: 23 }, nau);
    const board = facts({ i2cBuses: [], serialPorts: [], pwmChip: null });
    expect(checkWiring(wiring, board)).toHaveLength(6);
  });

  it('knows the header’s serial port of a Pi 5, whose serial0 is the plug for debugging', () => {
    const port = (path: string, device = path) => ({ path, device, takenBy: null });
    const debug = port('/dev/serial0', '/dev/ttyAMA10');
    const off = facts({ family: 'pi5', serialPorts: [debug, port('/dev/ttyAMA10')] });
    expect(checkWiring(wiringOf(stepper, scale), off)).toMatchObject([
      {
        path: 'parts.0.port',
        message: expect.stringMatching(/^\/dev\/ttyAMA0 .*dtparam=uart0=on/),
      },
    ]);
    expect(checkWiring(wiringOf({ ...motor, enablePin: 14 }, scale), off)).toEqual([]);
    const on = facts({ family: 'pi5', serialPorts: [debug, port('/dev/ttyAMA0')] });
    expect(checkWiring(wiringOf(stepper, scale), on)).toEqual([]);
    expect(checkWiring(wiringOf({ ...motor, enablePin: 14 }, scale), on)).toHaveLength(1);
  });

  it('does not tell to switch a bus off that the wiring needs', () => {
    const messages = [2, 8].flatMap((pin) =>
      checkWiring(
        wiringOf(motor, { ...nau, under: 'hopper' }, scale, { part: 'button', pin }),
        facts(),
      ),
    );
    expect(messages.map(({ message }) => message)).toEqual([
      'BCM 2 of button carries the I2C bus 1, which nau7802 (hopper) needs; use another pin.',
      'BCM 8 of button carries the SPI bus 0, which hx711 (bowl) needs; use another pin.',
    ]);
  });

  it('frees the pins of buses that are off and not wanted', () => {
    const bare = facts({ i2cBuses: [], spiDevices: [], serialPorts: [] });
    const lines = { ...scale, way: 'lines', dataPin: 2, clockPin: 8 };
    expect(checkWiring(wiringOf({ ...motor, enablePin: 14 }, lines), bare)).toEqual([]);
  });

  it('never throws, and accepts only wirings without a pin twice', () => {
    const pin = fc.integer({ min: 0, max: 53 });
    fc.assert(
      fc.property(pin, pin, pin, pin, (enablePin, directionPin, faultPin, buttonPin) => {
        const wiring = wiringOf({ ...motor, enablePin, directionPin, faultPin }, scale, {
          part: 'button',
          pin: buttonPin,
        });
        const pins = [enablePin, directionPin, faultPin, buttonPin];
        const isFree =
          new Set(pins).size === 4 &&
          pins.every((p) => p > 3 && p < 28 && ![7, 8, 9, 10, 11, 14, 15].includes(p));
        expect(checkWiring(wiring, facts()).length === 0).toBe(isFree);
      }),
    );
  });
});

describe('the hardware setting', () => {
  const load = (value: unknown, files: Readonly<Record<string, string>> = {}) =>
    loadConfig({
      file: { path: 'c.json', text: JSON.stringify({ hardware: value }) },
      environment: {},
      flags: {},
      readText: (path) => {
        const text = files[path];
        if (text !== undefined) return text;
        throw Object.assign(new Error('no'), { code: 'ENOENT' });
      },
    });
  const refusal = (run: () => unknown): FeederError => {
    try {
      run();
    } catch (error) {
      if (error instanceof FeederError) return error;
    }
    throw new Error('it was accepted');
  };
  const good = { kind: 'board', name: 'mine', parts: [motor, scale] };

  it('is simulated when nothing else is said, and for files of version 1', () => {
    expect(loadConfig({ file: null, environment: {}, flags: {} }).config.hardware.kind).toBe(
      'simulated',
    );
    const old = { path: 'c.json', text: '{"version":1,"board":"simulated"}' };
    const { config, warnings } = loadConfig({ file: old, environment: {}, flags: {} });
    expect(config.hardware).toEqual({ kind: 'simulated' });
    expect(warnings).toEqual(['c.json: board is called hardware now']);
  });

  it('is a profile by its path or in the file', () => {
    for (const value of [good, '/p.json']) {
      const { hardware } = load(value, { '/p.json': JSON.stringify(good) }).config;
      expect(hardware).toMatchObject({ kind: 'board', name: 'mine' });
    }
  });

  it('names every wrong key with its place', () => {
    const bad = {
      kind: 'board',
      name: 'x',
      parts: [{ ...motor, enablePin: 99, speed: 1 }, { part: 'hx711' }],
    };
    const inFile = refusal(() => load(bad));
    expect(inFile.code).toBe('ERR_CONFIG');
    expect(inFile.details.map(({ path }) => path)).toEqual([
      'hardware in c.json: parts.0.enablePin',
      'hardware in c.json: parts.0.speed',
      'hardware in c.json: parts.1.ratedGrams',
      'hardware in c.json: parts.1.countsPerGram',
    ]);
    const byPath = refusal(() => load('/p.json', { '/p.json': JSON.stringify(bad) }));
    expect(byPath.code).toBe('ERR_WIRING');
    expect(byPath.details).toHaveLength(4);
  });

  it('names every wrong part with the parts that there are, and what else is wrong, at once', () => {
    const parts = [{ ...motor, part: 'dcmotor' }, { part: 'hx117' }, { ...scale, ratedGrams: 1 }];
    const profile = JSON.stringify({ kind: 'board', name: 'x', parts });
    const { details } = refusal(() => load('/p.json', { '/p.json': profile }));
    expect(details.map(({ path }) => path)).toEqual([
      'parts.0.part',
      'parts.1.part',
      'parts.2.ratedGrams',
    ]);
    for (const { message } of details.slice(0, 2)) {
      expect(message).toContain(
        'the parts are dc_motor, dc_motor_pair, tmc2209, step_dir, servo_gate',
      );
    }
  });

  it.each([
    [
      'an SPI bus whose pins are others',
      [motor, { ...scale, spiDevice: '1.0' }],
      'parts.1.spiDevice',
    ],
    [
      'a hopper scale without a slope',
      [{ ...controller, hopperCountsPerGram: 0 }],
      'parts.0.hopperCountsPerGram',
    ],
  ])('refuses %s', (_, parts, place) => {
    const profile = JSON.stringify({ kind: 'board', name: 'x', parts });
    const { code, details } = refusal(() => load('/p.json', { '/p.json': profile }));
    expect(code).toBe('ERR_WIRING');
    expect(details.map(({ path }) => path)).toEqual([place]);
  });

  const reader = { part: 'pet_reader', port: '/dev/serial0', kind: 'wl134a' };
  it.each([
    ['a pin that no header has', [{ ...motor, enablePin: 40 }, scale], 'parts.0.enablePin'],
    ['the memory chip of a hat', [{ ...motor, enablePin: 1 }, scale], 'parts.0.enablePin'],
    ['a PWM where none can be', [{ ...motor, pwmPin: 22 }, scale], 'parts.0.pwmPin'],
    ['one pin for two things', [motor, scale, { part: 'button', pin: 23 }], 'parts.2.pin'],
    ['a pin of its own SPI bus', [motor, scale, { part: 'button', pin: 11 }], 'parts.2.pin'],
    ['a pin of its own I2C bus', [motor, nau, { part: 'button', pin: 3 }], 'parts.2.pin'],
    ['a pin of its own port', [motor, scale, reader, { part: 'button', pin: 14 }], 'parts.3.pin'],
    ['one address twice', [motor, nau, { ...nau, under: 'hopper' }], 'parts.2'],
    ['one port twice', [controller, reader], 'parts.1.port'],
  ])('refuses without a board %s', (_, parts, place) => {
    const profile = JSON.stringify({ kind: 'board', name: 'x', parts });
    const { code, details } = refusal(() => load('/p.json', { '/p.json': profile }));
    expect(code).toBe('ERR_WIRING');
    expect(details.map(({ path }) => path)).toEqual([place]);
  });

  it.each([
    ['/none.json', 'ENOENT'],
    ['/broken.json', 'not valid JSON'],
    ['/long.json', 'too long'],
  ])('refuses the profile %s with a sentence', (path, word) => {
    const files = { '/broken.json': '{', '/long.json': ' '.repeat(70_000) };
    const error = refusal(() => load(path, files));
    expect(error.code).toBe('ERR_WIRING');
    expect(error.details[0]?.message).toContain(word);
  });

  it('either gives hardware or refuses with a code, whatever a profile holds', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        try {
          load('/p.json', { '/p.json': text });
        } catch (error) {
          expect((error as FeederError).code).toBe('ERR_WIRING');
        }
      }),
    );
  });
});
