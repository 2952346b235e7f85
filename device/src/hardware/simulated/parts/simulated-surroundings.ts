import type { HopperGauge, HopperLevel } from '../../../dispensing/hopper-gauge.ts';
import type { Board, BoardFacts } from '../../../platform/board-facts.ts';
import type { PowerReading, PowerSupply } from '../../../platform/power-supply.ts';
import type { Temperature, Thermometer } from '../../../platform/thermometer.ts';
import type { FeederWorld } from '../feeder-world.ts';
import { SimulatedPart } from './simulated-part.ts';

/** A supply that somebody outside weakens. */
export class SimulatedPowerSupply extends SimulatedPart implements PowerSupply {
  #reading: PowerReading = {
    source: 'mains',
    chargeFraction: null,
    isUndervoltage: false,
    isFailing: false,
    why: '',
  };
  #listener: (reading: PowerReading) => void = () => {};

  constructor() {
    super('supply');
  }

  reading(): PowerReading {
    return this.#reading;
  }

  onChange(listener: (reading: PowerReading) => void): void {
    this.#listener = listener;
  }

  set(change: Partial<PowerReading>): void {
    if (this.isClosed) return;
    this.#reading = { ...this.#reading, ...change };
    this.#listener(this.#reading);
  }
}

/** Sees the true level of the simulated hopper. */
export class SimulatedHopperGauge extends SimulatedPart implements HopperGauge {
  readonly #world: FeederWorld;

  constructor(world: FeederWorld) {
    super('hopper gauge');
    this.#world = world;
  }

  look(): Promise<HopperLevel | null> {
    if (this.isClosed || this.health().state !== 'ok') return Promise.resolve(null);
    const { hopperGrams, atMs } = this.#world.truth();
    const fraction = Math.min(1, hopperGrams / this.#world.profile.hopper.capacityGrams);
    const isEmpty = fraction < 0.05;
    return Promise.resolve({ fraction, confidence: 1, isLow: fraction < 0.2, isEmpty, atMs });
  }
}

/** A board that stays cool. */
export class SimulatedThermometer extends SimulatedPart implements Thermometer {
  celsius = 45;

  constructor() {
    super('thermometer');
  }

  read(): readonly Temperature[] {
    if (this.health().state !== 'ok') return [];
    return [{ zone: 'cpu-thermal', celsius: this.celsius }];
  }
}

/** A board on which everything is set up, but for what a test takes away. */
export class SimulatedBoardFacts extends SimulatedPart implements Board {
  readonly #facts: BoardFacts;

  constructor(change: Partial<BoardFacts> = {}) {
    super('board');
    this.#facts = { ...fullPi4, ...change };
  }

  facts(): BoardFacts {
    return this.#facts;
  }
}

const chip = { path: '/dev/gpiochip0', label: 'pinctrl-bcm2711' };

const fullPi4: BoardFacts = {
  model: 'Raspberry Pi 4 Model B Rev 1.5',
  family: 'pi4',
  kernel: '6.12.47+rpt-rpi-v8',
  is64Bit: true,
  headerChip: chip,
  chips: [chip],
  i2cBuses: [1],
  spiDevices: ['0.0', '0.1'],
  serialPorts: [{ path: '/dev/serial0', device: '/dev/ttyAMA0', takenBy: null }],
  pwmChip: 'sys/class/pwm/pwmchip0',
  pwmPins: null,
  monitors: ['cpu_thermal', 'rpi_volt', 'ina219'],
  leds: ['ACT', 'PWR', 'feeder'],
  clocks: ['rtc0'],
  converters: [],
};
