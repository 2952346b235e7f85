import type { Fault, Grams, KibbleModel, Milliseconds } from '@cat-feeder/shared';

/**
 * What a fault does to the feeding rules: a fixed table, as a dosing device has one.
 *   off          nothing moves until a person has cleared it
 *   maintenance  scheduled portions go on, by turns and reduced
 *   retry        the next occurrence tries again once; shown until a feeding succeeds or a person clears it
 *   wait         refused while the condition lasts
 */
export type FaultEffect = 'off' | 'maintenance' | 'retry' | 'wait';

export const faultEffects: Readonly<Record<Fault, FaultEffect>> = {
  overflow: 'off',
  motor_runaway: 'off',
  scale_silent: 'maintenance',
  scale_stuck: 'maintenance',
  scale_saturated: 'maintenance',
  jam: 'retry',
  bridged: 'retry',
  hopper_empty: 'retry',
  chute_blocked: 'retry',
  slow_flow: 'retry',
  motor_dead: 'retry',
  deadline: 'retry',
  bowl_missing: 'wait',
  motor_unreachable: 'wait',
  undervoltage: 'wait',
  controller_lost: 'wait',
  lid_open: 'wait',
  power_failing: 'wait',
};

/** What each fault means to the person in front of the feeder, and what to do. */
export const faultAdvice: Readonly<Record<Fault, string>> = {
  overflow:
    'Food kept falling after the motor stopped. Unplug the motor, clear the chute, then clear this fault.',
  motor_runaway:
    'The motor turned without being told to. Unplug it and check the driver, then clear this fault.',
  scale_silent:
    'The bowl scale gives no readings. Check its plug and cable; portions are by turns until then.',
  scale_stuck:
    'The bowl scale repeats one value. Check its wiring; portions are by turns until then.',
  scale_saturated:
    'The bowl scale is at its end. Take load off it; portions are by turns until then.',
  jam: 'The dispenser is jammed. Remove what blocks it.',
  bridged: 'Food hangs in the hopper. Stir it or tap the hopper.',
  hopper_empty: 'The hopper is empty. Fill it.',
  chute_blocked: 'Food leaves the hopper but does not reach the bowl. Clear the chute.',
  slow_flow: 'Less food falls per turn than learned. Check the hopper and the chute.',
  motor_dead: 'The motor does not turn. Check its plug and its supply.',
  deadline: 'The feeding took too long and was ended.',
  bowl_missing: 'The bowl is not on the scale. Put it back.',
  motor_unreachable:
    'The motor’s driver does not answer, or reports a fault. Check its plug, its cable and its supply.',
  undervoltage: 'The supply is too weak for the motor. Use the supply that came with the feeder.',
  controller_lost: 'The control loop was lost and is being restarted.',
  lid_open: 'The lid of the hopper is open. Close it.',
  power_failing: 'The mains have failed. Feeding waits until they are back.',
};

/** A fault that is shown now. */
export interface ActiveFault {
  readonly fault: Fault;
  readonly feedingId: string | null;
  readonly sinceMs: number;
  readonly why: string;
}

/** Where latched faults are kept; they survive restarts. Durable when it returns, or `ERR_STORAGE`. */
export interface FaultStore {
  active(): readonly ActiveFault[];
  raise(fault: ActiveFault): void;
  clear(fault: Fault, by: string): void;
}

/** A dead scale serves this share of a scheduled portion by turns, so that even +30 % stays within it. */
export const MAINTENANCE_SHARE = 0.75;
/** Relative error assumed of a portion by turns (reliability policy: 0.7 to 1.3 of nominal). */
export const OPEN_LOOP_ERROR = 0.3;
/** Least reserve beyond a portion: two pieces, and at least this. */
export const OVERSHOOT_GRAMS_MIN: Grams = 1;

/** What may fall beyond a portion of such food. */
export function overshootOf({ kibbleGrams }: KibbleModel): Grams {
  return Math.max(OVERSHOOT_GRAMS_MIN, 2 * kibbleGrams);
}
/** While storage is broken, feedings from memory keep this distance, counted from boot as well. */
export const MEMORY_ONLY_GAP_MS: Milliseconds = 6 * 3_600_000;
