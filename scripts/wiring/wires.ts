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
}

const motorSupply = ['VM', 'motor supply +, behind its own switch'] as const;
const toGround = ['SWITCH', 'other contact to GND'] as const;

/** What a part needs besides its signals. */
const looks: Readonly<Record<PartName, PartLooks>> = {
  dc_motor: {
    title: 'Motor driver (H-bridge) with DC motor',
    supply: ['3V3', 'GND'],
    elsewhere: [motorSupply, ['ENABLE', '10 kΩ to GND: off by itself']],
  },
  dc_motor_pair: {
    title: 'Motor driver with two inputs and DC motor',
    supply: ['3V3', 'GND'],
    elsewhere: [motorSupply, ['IN1 IN2', '10 kΩ each to GND: off by itself']],
  },
  tmc2209: {
    title: 'TMC2209 with stepper motor',
    supply: ['3V3', 'GND'],
    elsewhere: [motorSupply, ['ENN', '10 kΩ to 3V3: off by itself']],
  },
  step_dir: {
    title: 'Step and direction driver',
    supply: ['3V3', 'GND'],
    elsewhere: [motorSupply, ['EN', '10 kΩ to 3V3: off by itself']],
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
    title: 'Co-processor (RP2040) with motor driver and load cell',
    supply: ['5V', 'GND'],
    elsewhere: [motorSupply, ['E+ E- A+ A-', 'load cell, by the converter on its own board']],
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

const headerPort = '/dev/serial0';

/** Every part of a profile with its wires, in the order of the profile. */
export function boxesOf({ parts }: Wiring): readonly WiredBox[] {
  const supplies = new SupplyPins();
  const claims = claimsOf(parts);
  return parts.map((part, at) => {
    const claim = claims[at];
    if (claim === undefined) throw new TypeError('A part has no claims.');
    const { title, supply, elsewhere = [] } = looks[part.part];
    const where = 'under' in part ? ` under the ${part.under}` : '';
    return {
      title: `${title}${where}`,
      wires: [
        ...supply.map((name) =>
          toPin(name === '3V3' || name === '5V' ? 'VCC' : 'GND', supplies.take(name)),
        ),
        ...signalWires(part, claim),
        ...elsewhere.map(([signal, to]) => ({ signal, pin: null, to })),
      ],
    };
  });
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
