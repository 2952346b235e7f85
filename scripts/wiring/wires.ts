import { claimsOf, type PartClaims } from '../../device/src/config/wiring-claims.ts';
import type { PartName, WiredPart, Wiring } from '../../device/src/config/wiring-schema.ts';
import { type HeaderPin, pinOfBcm, SupplyPins } from './header-pins.ts';

/** One wire from a part to the header, or to something else. */
export interface Wire {
  readonly signal: string;
  /** Null: it goes elsewhere. */
  readonly pin: HeaderPin | null;
  /** Where it goes, for people. */
  readonly to: string;
}

/** One part with all its wires. */
export interface WiredBox {
  readonly title: string;
  readonly wires: readonly Wire[];
}

interface PartLooks {
  readonly title: string;
  readonly supply: readonly ('3V3' | '5V' | 'GND')[];
  readonly elsewhere?: readonly (readonly [signal: string, to: string])[];
  /** What stands on its own board where that is not what the profile calls it. */
  readonly names?: Readonly<Record<string, string>>;
}

const motorSupply = [
  ['VM', 'motor supply +, behind its own switch'],
  ['GND', 'motor supply −, at the driver’s power terminal'],
] as const;
const motorWires = ['OUT1 OUT2', 'the motor; swap them if it turns backward'] as const;
const coils = ['1A 1B 2A 2B', 'the two coils of the motor'] as const;
const toGround = ['SWITCH', 'other contact to GND'] as const;

/** What a part needs besides its signals. */
const looks: Readonly<Record<PartName, PartLooks>> = {
  dc_motor: {
    title: 'Motor driver (H-bridge) with DC motor',
    supply: ['3V3', 'GND'],
    elsewhere: [...motorSupply, motorWires, ['ENABLE', '10 kΩ to GND: off by itself']],
  },
  dc_motor_pair: {
    title: 'Motor driver with two inputs and DC motor',
    supply: ['3V3', 'GND'],
    elsewhere: [...motorSupply, motorWires, ['IN1 IN2', '10 kΩ each to GND: off by itself']],
  },
  tmc2209: {
    title: 'TMC2209 with stepper motor',
    supply: ['3V3', 'GND'],
    names: { ENABLE: 'ENN', VCC: 'VIO' },
    elsewhere: [...motorSupply, coils, ['ENN', '10 kΩ to 3V3: off by itself']],
  },
  step_dir: {
    title: 'Step and direction driver',
    supply: ['3V3', 'GND'],
    names: { ENABLE: 'EN' },
    elsewhere: [...motorSupply, coils, ['EN', '10 kΩ to 3V3: off by itself']],
  },
  servo_gate: {
    title: 'Servo of the gate',
    supply: ['GND'],
    elsewhere: [
      ['V+', '5 V supply of its own'],
      ['gate', 'falls shut by its weight or a spring'],
    ],
  },
  coprocessor: {
    title: 'Co-processor (Raspberry Pi Pico)',
    supply: ['5V', 'GND'],
    names: { VCC: 'VSYS', RX: 'GP1 (RX)', TX: 'GP0 (TX)' },
    // The pins of docs/coprocessor/feeder-firmware/feeder-firmware.ino.
    elsewhere: [
      ['GP16 GP17', 'IN1 and IN2 of the motor driver'],
      ['GP18', 'nFAULT of the motor driver, where it has one'],
      ['GP19', 'OUT of the light barrier at the shaft'],
      ['GP20 GP21', 'PD_SCK and DOUT of the HX711'],
      ['3V3 GND', 'VCC and GND of HX711 and light barrier'],
      ['GND', 'GND of the motor driver, motor supply −'],
      ['driver: VM', 'motor supply +, behind its own switch'],
      ['driver: IN1 IN2', '10 kΩ each to GND: off by itself'],
      ['HX711: E+ E- A+ A-', 'load cell: red, black, green, white'],
    ],
  },
  hx711: {
    title: 'HX711 with load cell',
    supply: ['3V3', 'GND'],
    elsewhere: [['E+ E- A+ A-', 'load cell: red, black, green, white']],
  },
  nau7802: {
    title: 'NAU7802 with load cell',
    supply: ['3V3', 'GND'],
    elsewhere: [['E+ E- A+ A-', 'load cell: red, black, green, white']],
  },
  current_meter: {
    title: 'INA219 in the motor supply',
    supply: ['3V3', 'GND'],
    elsewhere: [['VIN+ VIN-', 'in the + wire to VM of the motor driver']],
  },
  hopper_gauge: { title: 'VL53L0X in the hopper lid', supply: ['3V3', 'GND'] },
  lid_switch: { title: 'Lid switch', supply: ['GND'], elsewhere: [toGround] },
  bowl_switch: { title: 'Bowl switch', supply: ['GND'], elsewhere: [toGround] },
  button: { title: 'Front button', supply: ['GND'], elsewhere: [toGround] },
  pet_reader: {
    title: 'Pet reader',
    supply: [],
    elsewhere: [['USB', 'any USB socket of the board']],
  },
  light: { title: 'Light', supply: ['GND'], elsewhere: [['LED', '330 Ω in series']] },
  kernel_light: {
    title: 'Light (gpio-led)',
    supply: ['GND'],
    elsewhere: [['LED', '330 Ω in series']],
  },
  buzzer: {
    title: 'Buzzer',
    supply: ['GND'],
    elsewhere: [['BUZZER', 'by a transistor over 10 mA']],
  },
  power_fail: { title: 'UPS board, power-fail output', supply: ['GND'] },
  real_time_clock: { title: 'DS3231 clock', supply: ['3V3', 'GND'] },
};

/** The sensor of a drive's shaft is a part of its own, with a supply of its own. */
const shaftSensor = { title: 'Light barrier at the shaft', supply: ['3V3', 'GND'] } as const;
const SHAFT_SIGNAL = 'INDEX';

const headerPort = '/dev/serial0';

/** Every part of a profile with its wires, in the order of the profile. */
export function boxesOf({ parts }: Wiring): readonly WiredBox[] {
  const supplies = new SupplyPins();
  const claims = claimsOf(parts);
  return parts.flatMap((part, at) => {
    const claim = claims[at];
    if (claim === undefined) throw new TypeError('A part has no claims.');
    const where = 'under' in part ? ` under the ${part.under}` : '';
    const its = looks[part.part];
    const wires = signalWires(part, claim);
    const ofShaft = wires.filter(({ signal }) => signal === SHAFT_SIGNAL);
    const own = wires.filter((wire) => !ofShaft.includes(wire));
    const box = boxOf({ ...its, title: `${its.title}${where}` }, own, supplies);
    if (ofShaft.length === 0) return [box];
    const out = ofShaft.map((wire) => ({ ...wire, signal: 'OUT' }));
    return [box, boxOf(shaftSensor, out, supplies)];
  });
}

function boxOf(its: PartLooks, wires: readonly Wire[], supplies: SupplyPins): WiredBox {
  const { title, supply, elsewhere = [], names = {} } = its;
  const fromHeader = [
    ...supply.map((name) => toPin(name === 'GND' ? 'GND' : 'VCC', supplies.take(name))),
    ...wires,
  ];
  return {
    title,
    wires: [
      ...fromHeader.map((wire) => ({ ...wire, signal: names[wire.signal] ?? wire.signal })),
      ...elsewhere.map(([signal, to]) => ({ signal, pin: null, to })),
    ],
  };
}

function signalWires(part: WiredPart, claim: PartClaims): Wire[] {
  const wires = claim.pins.map(({ signal, pin }) => toPin(signal, pinOfBcm(pin)));
  if (claim.i2c?.bus === 1) {
    wires.push(toPin('SDA', pinOfBcm(2)), toPin('SCL', pinOfBcm(3)));
  }
  if (claim.port === headerPort && part.part === 'tmc2209') {
    wires.push(
      { ...toPin('PDN_UART', pinOfBcm(15)), to: `${toPin('', pinOfBcm(15)).to}, direct` },
      { ...toPin('PDN_UART', pinOfBcm(14)), to: `${toPin('', pinOfBcm(14)).to}, through 1 kΩ` },
    );
  } else if (claim.port === headerPort) {
    wires.push(toPin('RX', pinOfBcm(14)), toPin('TX', pinOfBcm(15)));
  }
  return wires;
}

function toPin(signal: string, pin: HeaderPin): Wire {
  return { signal, pin, to: `${pin.name}, pin ${pin.place}` };
}
