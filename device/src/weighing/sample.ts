import type { Milliseconds, RawCounts } from '@cat-feeder/shared';

/** One scan of all sensors that the control loop sees. Null: not fitted, or it gave nothing in time. */
export interface Sample {
  /** Monotonic time at which the bowl's conversion ended (or was due, when it is null). */
  readonly atMs: Milliseconds;
  /** Bowl cell, -8388608 to 8388607; both ends mean saturated. */
  readonly bowl: RawCounts | null;
  /** Cell under the hopper, where one is fitted. */
  readonly hopper: RawCounts | null;
  /** Edges of the shaft's index or encoder since power-up, either direction; only grows. */
  readonly indexEdges: number | null;
  /** Mean motor current since the sample before, in mA. */
  readonly motorMilliamps: number | null;
  /** The supply is too weak for the motor. */
  readonly undervoltage: boolean;
  /** The motor's driver cannot be reached, or refuses: a slice would move nothing. */
  readonly motorUnreachable?: boolean;
}
