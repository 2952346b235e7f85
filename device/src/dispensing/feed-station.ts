import type {
  BowlReading,
  Dose,
  Fault,
  FeedingResult,
  FeedingStage,
  Grams,
  HopperReading,
  HopperState,
  KibbleModel,
  Milliseconds,
  ScaleCalibration,
  Turns,
} from '@cat-feeder/shared';

/** Everything the control loop needs to serve one portion, and the bounds it may not pass. */
export interface DispenseOrder {
  readonly feedingId: string;
  readonly portionGrams: Grams;
  /** What the caps leave: predicted bowl mass may never be steered past it. At least the portion. */
  readonly gramsMax: Grams;
  /** What is known of the kibble. `samples: 0` means the dispenser maker's guess: wide margins. */
  readonly model: KibbleModel;
  /** Without a usable scale: turns only. */
  readonly openLoop: boolean;
}

/** How far a run has come; about twice a second and at every change of stage. */
export interface DispenseProgress {
  readonly feedingId: string;
  readonly stage: FeedingStage;
  /** Mass since the baseline; null while the scale cannot say. */
  readonly servedGrams: Grams | null;
  readonly turns: Turns;
  readonly motorMs: Milliseconds;
  readonly attempts: number;
  readonly bowlBeforeGrams: Grams | null;
}

/** What one run taught about the kibble. Null: nothing to be learned. */
export interface KibbleObservation {
  readonly gramsPerTurn: Grams | null;
  readonly inFlightGrams: Grams | null;
  readonly kibbleGrams: Grams | null;
}

/** How a run ended. The motor is off. */
export interface DispenseOutcome {
  readonly feedingId: string;
  readonly result: Exclude<FeedingResult, 'unknown_after_crash'>;
  readonly fault: Fault | null;
  readonly dose: Dose;
  readonly bowlBeforeGrams: Grams | null;
  readonly bowlAfterGrams: Grams | null;
  readonly turns: Turns;
  readonly attempts: number;
  readonly motorMs: Milliseconds;
  readonly durationMs: Milliseconds;
  readonly observation: KibbleObservation | null;
  /** Bowl mass over the run for the page: [ms since start, grams], at most 240 points. */
  readonly trace: readonly (readonly [Milliseconds, Grams])[];
}

/** A weight that stood still, or why there is none. */
export type WeighResult =
  | {
      readonly kind: 'stable';
      readonly grams: Grams;
      readonly sigmaGrams: Grams;
      readonly counts: number;
    }
  | { readonly kind: 'unstable' | 'silent' | 'stuck' | 'saturated' };

/** The counts under a hopper that stood still, or why there are none. */
export type HopperLevel =
  | {
      readonly kind: 'stable';
      readonly counts: number;
      /** How well the level is known: the standard error of its mean. */
      readonly sigmaGrams: Grams;
      /** What one reading spreads at rest. */
      readonly noiseGrams: Grams;
    }
  | { readonly kind: 'unstable' | 'not_fitted' | 'silent' | 'stuck' | 'saturated' };

export interface StationHealth {
  readonly bowl: BowlReading;
  /** What the bowl weighed when it last stood still; null: it never did since the scale was set. */
  readonly bowlStill: { readonly grams: Grams; readonly ageMs: Milliseconds } | null;
  readonly hopperGrams: Grams | null;
  readonly hopperState: HopperState;
  readonly motorOn: boolean;
  readonly undervoltage: boolean;
  /** A condition seen outside a run: a silent cell, mass rising with the motor off, a turning shaft. */
  readonly fault: Fault | null;
  /** Monotonic age of the control loop's last sign of life; the watchdog hangs on it. */
  readonly loopAgeMs: Milliseconds;
}

/**
 * The dispenser as the feeding rules see it: one control loop, in a worker thread on a device,
 * inline in the simulator. Only one run at a time; a second `dispense` rejects.
 */
export interface FeedStation {
  /** Resolves when the motor is off for good and the result is known; rejects only when the loop is lost. */
  dispense(
    order: DispenseOrder,
    onProgress: (progress: DispenseProgress) => void,
  ): Promise<DispenseOutcome>;
  /**
   * Stops the motor within 50 ms. The running `dispense` resolves as `cancelled`; with a fault it
   * resolves by what fell, and names it.
   */
  cancel(fault?: Fault): void;
  /** Waits for the bowl to come to rest, 0.5 to 60 s. Not during a run. */
  weigh(timeoutMs: Milliseconds): Promise<WeighResult>;
  /** The same of the cell under the hopper. A run that begins ends it as `unstable`. */
  weighHopper(timeoutMs: Milliseconds): Promise<HopperLevel>;
  /** Readings for people: at most 5 a second while moving, one a second at rest. Returns the unsubscribe. */
  onReading(listener: (reading: BowlReading, hopper: HopperReading) => void): () => void;
  /**
   * Tells, once for each occasion, of what must not go unnoticed outside a run: mass that rises
   * with the motor off (`overflow`), a shaft that turns by itself (`motor_runaway`).
   */
  onFault(listener: (fault: Fault) => void): () => void;
  setCalibration(calibration: ScaleCalibration): void;
  /** Null: the cell under the hopper was never tared. Decides what people are shown, nothing else. */
  setHopperCalibration(calibration: ScaleCalibration | null): void;
  health(): StationHealth;
  /** Motor off and hardware given up. Idempotent. */
  close(): Promise<void>;
}
