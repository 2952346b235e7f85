import type { Grams, Milliseconds } from '@cat-feeder/shared';
import type { Sample } from '../weighing/sample.ts';

/** One bounded permission for the motor to turn. */
export interface MotorSlice {
  readonly direction: 'forward' | 'reverse';
  /** Share of full speed, above 0 up to 1. */
  readonly speed: number;
  /** 1 to 250 ms. The stop is armed below this call before the motor starts. */
  readonly maxMs: Milliseconds;
}

/** The motor. Whatever happens to the caller, it stands still when the last slice has run out. */
export interface FeedDrive {
  /** Starts or prolongs motion: the new slice replaces what is left of the old one. */
  run(slice: MotorSlice): void;
  /** Off now. Idempotent, synchronous, never throws. */
  stop(): void;
}

/** What an installer knows of a board from its parts list; nothing of the food. */
export interface BoardTraits {
  readonly restSamplesPerSecond: number;
  readonly dispenseSamplesPerSecond: number;
  /** Index or encoder edges for one turn of the output shaft; null without a sensor. */
  readonly indexEdgesPerTurn: number | null;
  readonly hasMotorCurrent: boolean;
  readonly hasHopperCell: boolean;
  /** Turns per second at full speed, from the motor's datasheet (within 30 %). */
  readonly nominalTurnsPerSecond: number;
  /** The dispenser maker's figure for a common kibble (within a factor of 2.5). */
  readonly nominalGramsPerTurn: Grams;
  /** Stall current by the datasheet, in mA; null without a current sensor. */
  readonly stallMilliamps: number | null;
  /** The bowl cell's rated load. */
  readonly ratedGrams: Grams;
  /** Counts per gram by the parts' datasheets, with the sign of the wiring (within 20 %). */
  readonly nominalCountsPerGram: number;
  /** The same of the cell under the hopper, where one is fitted. */
  readonly nominalHopperCountsPerGram?: number;
}

/** Motor and sensors, as the control loop is given them. */
export interface ControlBoard {
  readonly traits: BoardTraits;
  readonly drive: FeedDrive;
  /** `rest`: batches, at least one every 1.5 s. `dispense`: every sample as it comes, at the dispensing rate. */
  setMode(mode: 'rest' | 'dispense'): void;
  /** One listener. Samples are in order of time. */
  onSamples(listener: (batch: readonly Sample[]) => void): void;
  /** Stops the motor and gives up the hardware. */
  close(): void;
}
