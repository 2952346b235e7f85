import { FeederError, MOTOR_SLICE_MS_MAX } from '@cat-feeder/shared';
import type { MotorSlice } from '../../dispensing/control-board.ts';

/** Throws ERR_INTERNAL for a slice that no drive may take: only a mistake in the program gives one. */
export function assertSlice({ maxMs, speed }: MotorSlice): void {
  if (maxMs >= 1 && maxMs <= MOTOR_SLICE_MS_MAX && speed > 0 && speed <= 1) return;
  throw new FeederError('ERR_INTERNAL', {
    message: `No motor slice of ${maxMs} ms at a speed of ${speed} is allowed.`,
  });
}
