import type { Milliseconds } from '@cat-feeder/shared';
import type { MotorSlice } from './control-board.ts';

/**
 * What the loop wants of the motor after a sample: `hold` leaves it as it is (a running slice
 * runs out by itself), `run` starts or prolongs, `stop` is off now. One object per loop, reused.
 */
export interface MotorCommand {
  kind: 'hold' | 'run' | 'stop';
  direction: MotorSlice['direction'];
  /** Above 0 up to 1. */
  speed: number;
  maxMs: Milliseconds;
}

/** A command to begin with: off. */
export function idleCommand(): MotorCommand {
  return { kind: 'stop', direction: 'forward', speed: 1, maxMs: 1 };
}
