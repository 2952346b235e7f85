import type { Grams } from '@cat-feeder/shared';
import type { WiredPart, Wiring } from '../../config/wiring-schema.ts';
import type { HopperGauge } from '../../dispensing/hopper-gauge.ts';
import type { PetReader } from '../../pets/pet-reader.ts';
import type { Clock } from '../../platform/clock.ts';
import type { BowlSensor, LidSensor } from '../../platform/contact.ts';
import type { FrontButton } from '../../platform/front-button.ts';
import type { Indicator } from '../../platform/indicator.ts';
import { reasonOf } from '../../platform/part.ts';
import type { PowerSupply } from '../../platform/power-supply.ts';
import type { Sounder } from '../../platform/sounder.ts';
import type { SysfsTree } from '../../platform/sysfs-tree.ts';
import type { Thermometer } from '../../platform/thermometer.ts';
import type { I2cBus } from '../io/i2c-bus.ts';
import type { LineSource } from '../io/lines.ts';
import type { SerialLink } from '../io/serial-link.ts';
import { frameFormats } from '../readers/frame-formats.ts';
import { ReaderPower } from '../readers/reader-power.ts';
import { SerialPetReader } from '../readers/serial-pet-reader.ts';
import { LineButton } from './line-button.ts';
import { LineContact } from './line-contact.ts';
import { LineLed } from './line-led.ts';
import { PwmTone } from './pwm-tone.ts';
import { RangeHopperGauge } from './range-hopper-gauge.ts';
import { SysfsLed } from './sysfs-led.ts';
import { SysfsPowerSupply } from './sysfs-power-supply.ts';
import { SysfsThermometer } from './sysfs-thermometer.ts';
import { lineTone, ToneSounder } from './tone-sounder.ts';

/** Where the parts around the dispenser are reached. */
export interface PanelDoors {
  readonly clock: Clock;
  readonly tree: SysfsTree;
  readonly lines: LineSource;
  /** Inputs by the package onoff. Throws a sentence when it cannot be had. */
  onoff(): LineSource;
  busOf(number: number): I2cBus;
  /** A serial port that comes back by itself. */
  openPort(path: string, baudRate: number): SerialLink;
}

/** The parts around the dispenser; null: not wired, or it could not be had. */
export interface Panel {
  readonly button: FrontButton | null;
  /** What a press of it feeds; 0: it only stops. */
  readonly buttonGrams: Grams;
  readonly lid: LidSensor | null;
  readonly bowl: BowlSensor | null;
  readonly indicator: Indicator | null;
  readonly sounder: Sounder | null;
  readonly hopperGauge: HopperGauge | null;
  readonly petReader: PetReader | null;
  readonly power: PowerSupply;
  readonly thermometer: Thermometer;
  /** Parts that are wired but could not be had, each with a sentence; feeding goes on without them. */
  readonly missing: readonly { readonly part: string; readonly why: string }[];
  /** Gives up all of them. */
  close(): void;
}

/** What is given up when the panel is closed: parts, and a line that only has to stay on. */
interface Closable {
  close(): void;
}

/** Opens what is wired around the dispenser. Never throws: a part that cannot be had is told. */
export function openPanel({ parts }: Wiring, doors: PanelDoors): Panel {
  const opened: Closable[] = [];
  const missing: { part: string; why: string }[] = [];
  const open = <Name extends WiredPart['part'], Kind extends Closable>(
    name: Name,
    make: (wiring: Extract<WiredPart, { part: Name }>) => Kind,
  ): Kind | null => {
    const wiring = parts.find((part) => part.part === name);
    if (wiring === undefined) return null;
    try {
      const part = make(wiring as Extract<WiredPart, { part: Name }>);
      opened.push(part);
      return part;
    } catch (error) {
      missing.push({ part: name, why: reasonOf(error) });
      return null;
    }
  };
  const { clock, tree, lines } = doors;
  const inputsOf = ({ via }: { via: 'chip' | 'onoff' }) =>
    via === 'chip' ? lines : withoutPull(doors.onoff());
  const contact =
    (name: string) => (wiring: { pin: number; via: 'chip' | 'onoff'; closedLevel: 0 | 1 }) => {
      const { pin, closedLevel } = wiring;
      return new LineContact({ name, lines: inputsOf(wiring), clock, pin, closedLevel });
    };
  const plainPower = () => new SysfsPowerSupply({ tree, clock });
  const panel = {
    button: open('button', (wiring) => {
      return new LineButton({ lines: inputsOf(wiring), clock, pin: wiring.pin });
    }),
    buttonGrams: parts.find((part) => part.part === 'button')?.portionGrams ?? 0,
    lid: open('lid_switch', contact('lid')),
    bowl: open('bowl_switch', contact('bowl')),
    indicator:
      open('kernel_light', ({ name }) => new SysfsLed({ tree, name })) ??
      open('light', ({ pin, isActiveLow }) => {
        return new LineLed({ lines, clock, pin, activeLow: isActiveLow });
      }),
    sounder: open('buzzer', (wiring) => buzzer(wiring, doors)),
    hopperGauge: open('hopper_gauge', ({ bus, emptyMm, fullMm }) => {
      return new RangeHopperGauge({ bus: doors.busOf(bus), clock, span: { emptyMm, fullMm } });
    }),
    petReader: open('pet_reader', (wiring) => {
      const { powerPin } = wiring;
      const supply = powerPin === null ? null : lines.output({ pin: powerPin, activeLow: false });
      if (supply !== null) keepIn(opened, supply).set(1);
      const format = frameFormats[wiring.kind];
      const link = doors.openPort(wiring.port, format.baudRate);
      const reader = new SerialPetReader({ link, format, clock });
      if (supply !== null) keepIn(opened, new ReaderPower({ reader, line: supply, clock }));
      return reader;
    }),
    power:
      open('power_fail', (wiring) => {
        const { pin, failLevel } = wiring;
        const powerFail = { lines: inputsOf(wiring), pin, level: failLevel };
        return new SysfsPowerSupply({ tree, clock, powerFail });
      }) ?? keepIn(opened, plainPower()),
    thermometer: keepIn(opened, new SysfsThermometer({ tree })),
  };
  const close = () => {
    for (const part of opened.splice(0).reverse()) part.close();
  };
  return { ...panel, missing, close };
}

/** The wire has a resistor of its own: sysfs can switch none on. */
function withoutPull(lines: LineSource): LineSource {
  return {
    input: (request) => lines.input({ ...request, bias: 'none' }),
    output: (request) => lines.output(request),
    close: () => lines.close(),
  };
}

function keepIn<Kind extends Closable>(opened: Closable[], part: Kind): Kind {
  opened.push(part);
  return part;
}

function buzzer(
  { pin, tone }: Extract<WiredPart, { part: 'buzzer' }>,
  { clock, tree, lines }: PanelDoors,
): Sounder {
  const output = tone === 'pwm' ? new PwmTone({ tree, pin }) : lineTone({ lines, pin });
  return new ToneSounder({ clock, output });
}
