import type { Part } from './part.ts';

/** What feeds the feeder. */
export interface PowerReading {
  readonly source: 'mains' | 'battery' | 'unknown';
  /** Charge of the battery, 0 to 1; null without one, or when it cannot be known. */
  readonly chargeFraction: number | null;
  /** Too weak for the motor: nothing may be dispensed. */
  readonly isUndervoltage: boolean;
  /** The supply is about to fail: write down what must not be lost. */
  readonly isFailing: boolean;
  /** Why nothing may be dispensed, as a sentence; empty when it may. */
  readonly why: string;
}

/** Mains, battery and the voltage that arrives. */
export interface PowerSupply extends Part {
  /** As it was last seen: at most two seconds old, or as fresh as the line. */
  reading(): PowerReading;
  /** One listener; told of each change of the source, the weakness or the failing. */
  onChange(listener: (reading: PowerReading) => void): void;
}
