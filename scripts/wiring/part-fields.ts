import type * as v from 'valibot';
import { partSchemas } from '../../device/src/config/wiring-schema.ts';

/** What every field of a part means; docs/wiring.md and its test are made from this and the schema. */
const meanings: Readonly<Record<string, string>> = {
  address: 'the address that its pins are set to',
  bus: 'the I2C bus; 1 is the header\u2019s',
  chip: 'which of the two chips',
  clockPin: 'PD_SCK, with `way` lines',
  closedLevel: 'its level while closed',
  closedUs: 'the pulse at which the gate is closed, in \u00b5s',
  countsPerGram: 'of cell and converter, by their datasheets; negative when the wires are swapped',
  dataPin: 'DOUT, with `way` lines',
  directionPin: 'DIR of the driver',
  edgePin: 'the index or encoder of the output shaft',
  edgesPerTurn: 'its edges, rising and falling, for one turn; given together with `edgePin`',
  emptyMm: 'what it measures over an empty hopper, in mm',
  enablePin: 'ENABLE or ENN of the driver',
  failLevel: 'its level while the mains fail',
  faultPin: 'nFAULT of the driver, low while it protects itself',
  forwardPin: 'IN1 of the driver',
  fullMm: 'what it measures over a full hopper, in mm',
  fullStepsPerTurn: 'of the motor',
  gearRatio: 'turns of the motor for one of the output shaft',
  gramsPerTurn: 'food for one turn, within a factor of 2.5',
  holdCurrent32: 'in 1/32 of the module\u2019s full scale',
  hopperCountsPerGram: 'the same of a cell under the hopper; none without one',
  isActiveLow: 'whether a low level is on',
  kind: 'which reader',
  microsteps: 'for one full step',
  name: 'its name in /sys/class/leds',
  openUs: 'the pulse at which the gate is open, in \u00b5s',
  pigpiod: 'where the daemon of pigpio listens',
  pin: 'its signal',
  port: 'its serial port; /dev/serial0 is the header\u2019s, also on a Pi 5',
  portionGrams: 'what one press feeds; 0: it only stops',
  powerPin: 'a line that switches its supply',
  pwmPin: 'the driver\u2019s PWM, at BCM 12, 13, 18 or 19; without it ENABLE is on or off',
  ratePin: 'a line at RATE: 80 a second while dispensing, 10 at rest',
  ratedGrams: 'rated load of the cell',
  reversePin: 'IN2 of the driver',
  runCurrent32: 'in 1/32 of the module\u2019s full scale',
  samplesPerSecond: 'readings of the converter',
  spiDevice: 'the device of SPI bus 0',
  stallMilliamps: 'the motor\u2019s current when it is blocked, by its datasheet',
  stallThreshold: 'StallGuard; 0: no hints of a jam',
  stepPin: 'STEP of the driver',
  stepsPerTurn: 'pulses for one turn of the output shaft',
  tone: '`own`: it has an oscillator; `pwm`: the header\u2019s PWM makes the tone',
  turnsPerSecond: 'of the output shaft at full speed, within 30 %',
  under: 'what stands on the cell',
  via: 'how the line is read',
  way: 'how it is read; `iio` is the kernel\u2019s own driver',
};

interface Field {
  readonly value: string;
  /** Null: it has to be given. */
  readonly fallback: string | null;
}

/** A table of every part that a profile can name, with all fields. */
export function partTable(): string {
  const rows = partSchemas.flatMap(({ entries }) =>
    Object.entries(entries)
      .filter(([name]) => name !== 'part')
      .map(([name, schema], at) => {
        const { value, fallback } = fieldOf(schema);
        const part = at === 0 ? `\`${entries.part.literal}\`` : '';
        const given = fallback === null ? '**needed**' : fallback;
        return `| ${part} | \`${name}\` | ${value} | ${given} | ${meaningOf(name)} |`;
      }),
  );
  const head = ['| Part | Field | Value | Default | Meaning |', '| --- | --- | --- | --- | --- |'];
  return [...head, ...rows].join('\n');
}

function meaningOf(name: string): string {
  const meaning = meanings[name];
  if (meaning === undefined) throw new TypeError(`Nobody has said what ${name} means.`);
  return meaning;
}

function fieldOf(schema: v.GenericSchema): Field {
  if (isOf<v.OptionalSchema<v.GenericSchema, unknown>>(schema, 'optional')) {
    const fallback = schema.default === null ? 'none' : `\`${schema.default}\``;
    return { value: fieldOf(schema.wrapped).value, fallback };
  }
  if (isOf<v.NullableSchema<v.GenericSchema, undefined>>(schema, 'nullable')) {
    return fieldOf(schema.wrapped);
  }
  return { value: wordsOf(schema), fallback: null };
}

function wordsOf(schema: v.GenericSchema): string {
  if (isOf<v.PicklistSchema<readonly (string | number)[], undefined>>(schema, 'picklist')) {
    return schema.options.map((option) => `\`${option}\``).join(', ');
  }
  if (schema.type === 'boolean') return '`true`, `false`';
  const rules = ruleSet(schema);
  if (schema.type === 'string') return rules.get('starts_with') === '/dev/' ? 'a path' : 'text';
  if (schema.type !== 'number') throw new TypeError(`A ${schema.type} has no words here.`);
  const range = `${rules.get('min_value')} to ${rules.get('max_value')}`;
  return rules.has('integer') ? range : `${range}, also fractions`;
}

/** The rules of a value by their names, also those of the value inside. */
function ruleSet(schema: v.GenericSchema): Map<string, unknown> {
  if (!('pipe' in schema)) return new Map();
  const [first, ...rules] = schema.pipe as readonly [v.GenericSchema, ...v.GenericValidation[]];
  const inner = first === schema ? new Map<string, unknown>() : ruleSet(first);
  for (const rule of rules) inner.set(rule.type, 'requirement' in rule ? rule.requirement : true);
  return inner;
}

function isOf<Kind extends v.GenericSchema>(
  schema: v.GenericSchema,
  type: Kind['type'],
): schema is Kind {
  return schema.type === type;
}

/** Fields that somebody explained and no part has. */
export function strayMeanings(): readonly string[] {
  const used = new Set(partSchemas.flatMap(({ entries }) => Object.keys(entries)));
  return Object.keys(meanings).filter((name) => !used.has(name));
}
