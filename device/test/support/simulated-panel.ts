import type { HopperLevel } from '../../src/dispensing/hopper-gauge.ts';
import type { Panel } from '../../src/hardware/parts/open-panel.ts';
import {
  SimulatedButton,
  SimulatedContact,
  SimulatedIndicator,
  SimulatedSounder,
} from '../../src/hardware/simulated/parts/simulated-panel.ts';
import { SimulatedPart } from '../../src/hardware/simulated/parts/simulated-part.ts';
import {
  SimulatedPowerSupply,
  SimulatedThermometer,
} from '../../src/hardware/simulated/parts/simulated-surroundings.ts';
import { SimulatedPetReader } from '../../src/hardware/simulated/simulated-pet-reader.ts';
import type { Clock } from '../../src/platform/clock.ts';

/** A gauge that says what a story tells it. */
export class ToldGauge extends SimulatedPart {
  level: Omit<HopperLevel, 'atMs'> = { fraction: 1, confidence: 1, isLow: false, isEmpty: false };
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super('hopper gauge');
    this.#clock = clock;
  }

  async look(): Promise<HopperLevel | null> {
    return { ...this.level, atMs: this.#clock.monoMs() };
  }
}

/** Everything that can be wired around a dispenser, moved by a story. */
export function simulatedPanel(clock: Clock, buttonGrams = 0) {
  return {
    button: new SimulatedButton(),
    buttonGrams,
    lid: new SimulatedContact({ name: 'lid', clock, isClosed: true }),
    bowl: new SimulatedContact({ name: 'bowl', clock, isClosed: true }),
    indicator: new SimulatedIndicator(),
    sounder: new SimulatedSounder(),
    hopperGauge: new ToldGauge(clock),
    petReader: new SimulatedPetReader(clock),
    power: new SimulatedPowerSupply(),
    thermometer: new SimulatedThermometer(),
    missing: [],
    close: () => {},
  } satisfies Panel;
}
export type SimulatedPanel = ReturnType<typeof simulatedPanel>;
