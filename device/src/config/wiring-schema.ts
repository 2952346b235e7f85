import { FEEDING_GRAMS_CEILING, PORTION_GRAMS_MIN } from '@cat-feeder/shared';
import * as v from 'valibot';

/*
 * What a feeder is made of and which pins its parts are on: the hardware profile. Pins are BCM
 * numbers, not places on the header. Everything else about wirings is made from this schema.
 */

export const PARTS_MAX = 24;

const numberIn = (min: number, max: number) =>
  v.pipe(
    v.number('must be a number'),
    v.minValue(min, `must be at least ${min}`),
    v.maxValue(max, `must be at most ${max}`),
  );
const wholeIn = (min: number, max: number) =>
  v.pipe(numberIn(min, max), v.integer('must be a whole number'));
const text = (lengthMax: number) =>
  v.pipe(v.string('must be text'), v.minLength(1, 'must not be empty'), v.maxLength(lengthMax));
const oneOf = <const Words extends readonly (string | number)[]>(list: Words) =>
  v.picklist(list, `must be one of ${list.join(', ')}`);
const orNone = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.optional(v.nullable(schema), null);
const flag = (fallback: boolean) => v.optional(v.boolean('must be true or false'), fallback);

/** A GPIO by its BCM number, as on every pin chart: `17`, not the eleventh pin. */
const pin = wholeIn(0, 53);
const maybePin = orNone(pin);
const level = oneOf([0, 1]);
/**
 * How an input is read. `chip`: the kernel's character device. `onoff`: the package onoff by sysfs,
 * for old images; it sets no pull, so the wire needs a resistor of its own.
 */
const via = v.optional(oneOf(['chip', 'onoff']), 'chip');
/** A device file of a serial port; the names under /dev/serial/by-id survive another order of plugging. */
const port = v.pipe(text(255), v.startsWith('/dev/', 'must be a path under /dev'));
const i2cBus = v.optional(wholeIn(0, 22), 1);

/** What the dispenser's maker says of motor and screw; learned better while feeding. */
const dispenser = {
  /** Turns per second of the output shaft at full speed, within 30 %. */
  turnsPerSecond: numberIn(0.05, 20),
  /** Food for one turn, within a factor of 2.5. */
  gramsPerTurn: numberIn(0.1, 200),
  /** Edges, rising and falling, of an index or encoder for one turn of the output shaft; null without one. */
  edgesPerTurn: orNone(wholeIn(1, 4096)),
  edgePin: maybePin,
};

/** Where pigpiod listens, which makes the pulses of servos and step inputs (not on a Pi 5). */
const pigpiod = v.optional(
  v.pipe(text(255), v.regex(/^[\w.-]+:\d{1,5}$/, 'must look like 127.0.0.1:8888')),
  '127.0.0.1:8888',
);

/** By the datasheets, with the sign of the wiring, within 20 %; calibration corrects it. */
const countsPerGram = v.pipe(
  numberIn(-100_000, 100_000),
  v.check((counts) => Math.abs(counts) >= 1, 'must be at least 1, or at most -1'),
);

const rating = {
  /** Rated load of the cell. */
  ratedGrams: numberIn(100, 50_000),
  countsPerGram,
};

const cell = { under: v.optional(oneOf(['bowl', 'hopper']), 'bowl'), ...rating };

const drives = [
  v.strictObject({
    part: v.literal('dc_motor'),
    enablePin: pin,
    directionPin: pin,
    /** A PWM pin of the header for the speed; null: ENABLE itself is switched on and off. */
    pwmPin: maybePin,
    /** nFAULT of the driver, low while it protects itself. */
    faultPin: maybePin,
    ...dispenser,
  }),
  /** An H-bridge with one input for each way, such as the DRV8833. */
  v.strictObject({
    part: v.literal('dc_motor_pair'),
    forwardPin: pin,
    reversePin: pin,
    faultPin: maybePin,
    ...dispenser,
  }),
  v.strictObject({
    part: v.literal('tmc2209'),
    port,
    address: v.optional(wholeIn(0, 3), 0),
    /** The module's ENN: without it nothing could stop the motor when the program cannot. */
    enablePin: pin,
    fullStepsPerTurn: v.optional(wholeIn(20, 800), 200),
    microsteps: v.optional(oneOf([1, 2, 4, 8, 16, 32, 64, 128, 256]), 16),
    /** Motor turns for one turn of the output shaft. */
    gearRatio: v.optional(numberIn(0.1, 1000), 1),
    /** In 1/32 of the module's full scale. */
    runCurrent32: v.optional(wholeIn(1, 32), 16),
    holdCurrent32: v.optional(wholeIn(1, 32), 4),
    /** StallGuard threshold; 0: no hints of a jam. */
    stallThreshold: v.optional(wholeIn(0, 255), 0),
    ...dispenser,
  }),
  v.strictObject({
    part: v.literal('step_dir'),
    stepPin: pin,
    directionPin: pin,
    enablePin: pin,
    pigpiod,
    stepsPerTurn: v.optional(wholeIn(20, 200_000), 3200),
    ...dispenser,
  }),
  v.strictObject({
    part: v.literal('servo_gate'),
    pin,
    /** `pwm`: the header's PWM makes the pulses, on every board. `pigpiod`: any pin, not on a Pi 5. */
    way: v.optional(oneOf(['pigpiod', 'pwm']), 'pigpiod'),
    pigpiod,
    closedUs: wholeIn(500, 2500),
    openUs: wholeIn(500, 2500),
    ...dispenser,
  }),
  /** A microcontroller that owns the motor and samples the bowl's cell and whatever else it has. */
  v.strictObject({
    part: v.literal('coprocessor'),
    port,
    samplesPerSecond: v.optional(oneOf([10, 20, 40, 80]), 80),
    /** The same for a cell under the hopper; null without one. */
    hopperCountsPerGram: orNone(countsPerGram),
    /** Of the motor, by its datasheet; null when the controller measures no current. */
    stallMilliamps: orNone(wholeIn(20, 20_000)),
    ...rating,
    ...dispenser,
  }),
] as const;

const cells = [
  v.strictObject({
    part: v.literal('hx711'),
    /** `spi`: hardware timed, MOSI to PD_SCK and MISO to DOUT. `lines`: any two pins. `iio`: the kernel's driver. */
    way: v.optional(oneOf(['spi', 'lines', 'iio']), 'spi'),
    /** The header's SPI bus 0: its two wires end at BCM 9 and 10 with either of its devices. */
    spiDevice: v.optional(oneOf(['0.0', '0.1']), '0.0'),
    dataPin: maybePin,
    clockPin: maybePin,
    /** How its RATE pin is tied, unless a line switches it. */
    samplesPerSecond: v.optional(oneOf([10, 80]), 80),
    /** A line at its RATE pin: 80 a second while dispensing, 10 at rest. */
    ratePin: maybePin,
    ...cell,
  }),
  v.strictObject({
    part: v.literal('nau7802'),
    bus: i2cBus,
    ...cell,
  }),
] as const;

const sensors = [
  v.strictObject({
    part: v.literal('current_meter'),
    chip: v.optional(oneOf(['ina219', 'ina226']), 'ina219'),
    bus: i2cBus,
    address: v.optional(wholeIn(0x40, 0x4f), 0x40),
    /** Of the motor, by its datasheet. */
    stallMilliamps: wholeIn(20, 20_000),
  }),
  v.strictObject({
    part: v.literal('hopper_gauge'),
    bus: i2cBus,
    emptyMm: wholeIn(30, 1200),
    fullMm: wholeIn(30, 1200),
  }),
  v.strictObject({ part: v.literal('lid_switch'), pin, via, closedLevel: v.optional(level, 0) }),
  v.strictObject({ part: v.literal('bowl_switch'), pin, via, closedLevel: v.optional(level, 0) }),
  v.strictObject({
    part: v.literal('button'),
    pin,
    via,
    /** What a press feeds; 0: the button only stops. */
    portionGrams: v.optional(
      v.pipe(
        numberIn(0, FEEDING_GRAMS_CEILING),
        v.check(
          (grams) => grams === 0 || grams >= PORTION_GRAMS_MIN,
          `must be 0, or at least ${PORTION_GRAMS_MIN}`,
        ),
      ),
      0,
    ),
  }),
  v.strictObject({
    part: v.literal('pet_reader'),
    port,
    kind: oneOf(['wl134a', 'rfidrw-e', 'rdm6300', 'longrfid', 'positivid']),
    /** A line that switches the reader's supply, for readers that need a power cycle. */
    powerPin: maybePin,
  }),
] as const;

const surroundings = [
  v.strictObject({ part: v.literal('light'), pin, isActiveLow: flag(false) }),
  /** A light of the kernel (`dtoverlay=gpio-led`): blinks on when the program hangs. */
  v.strictObject({ part: v.literal('kernel_light'), name: text(64), pin: maybePin }),
  v.strictObject({
    part: v.literal('buzzer'),
    pin,
    /** `own`: the buzzer has an oscillator; `pwm`: the header's PWM makes the tone. */
    tone: v.optional(oneOf(['own', 'pwm']), 'own'),
  }),
  v.strictObject({ part: v.literal('power_fail'), pin, via, failLevel: v.optional(level, 0) }),
  v.strictObject({ part: v.literal('real_time_clock'), bus: i2cBus }),
] as const;

/** Every part that can be wired, each with its fields. */
export const partSchemas = [...drives, ...cells, ...sensors, ...surroundings] as const;

const PartSchema = v.variant(
  'part',
  partSchemas,
  `is no part that is known; the parts are ${partSchemas.map(({ entries }) => entries.part.literal).join(', ')}`,
);

/** One part with its pins and what its datasheet says. */
export type WiredPart = v.InferOutput<typeof PartSchema>;
export type PartName = WiredPart['part'];
export type DriveWiring = v.InferOutput<(typeof drives)[number]>;
export type CellWiring = v.InferOutput<(typeof cells)[number]>;

/** A feeder of real parts. */
export const WiringSchema = v.strictObject({
  kind: v.literal('board'),
  /** For people, shown as the board's name. */
  name: text(80),
  parts: v.pipe(
    v.array(PartSchema, 'must be a list of parts'),
    v.minLength(1, 'must name at least one part'),
    v.maxLength(PARTS_MAX, `must name at most ${PARTS_MAX} parts`),
  ),
});
export type Wiring = v.InferOutput<typeof WiringSchema>;

/** The `hardware` section: a feeder that is a model, or one of real parts. */
export const HardwareSchema = v.variant(
  'kind',
  [v.strictObject({ kind: v.literal('simulated') }), WiringSchema],
  'must have a kind, simulated or board',
);
export type Hardware = v.InferOutput<typeof HardwareSchema>;

const driveNames: readonly string[] = drives.map(({ entries }) => entries.part.literal);
const cellNames: readonly string[] = cells.map(({ entries }) => entries.part.literal);

export function isDrive(part: WiredPart): part is DriveWiring {
  return driveNames.includes(part.part);
}

export function isCell(part: WiredPart): part is CellWiring {
  return cellNames.includes(part.part);
}
