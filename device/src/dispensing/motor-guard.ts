import {
  type Milliseconds,
  MOTOR_RUN_MS_CEILING,
  MOTOR_SLICE_MS_MAX,
  TURNS_CEILING,
  type Turns,
} from '@cat-feeder/shared';
import type { BoardTraits, FeedDrive, MotorSlice } from './control-board.ts';

/** Slices shorter than this are not worth a start. */
const SLICE_MS_MIN: Milliseconds = 1;
/** The datasheet's speed is right within 30 %. */
const SPEED_DOUBT = 1.3;

/** What one run may ask of the motor in all. */
export interface MotorBudget {
  readonly motorMsMax: Milliseconds;
  readonly forwardTurnsMax: Turns;
  /** Monotonic time after which the motor may not be started any more. */
  readonly untilMs: Milliseconds;
}

/**
 * The last gate before the motor, below all decisions: it knows no kibble and no stage, only
 * ceilings. Time is charged when it is granted, by the caller's clock; forward turns by the clock
 * and the datasheet's slowest speed. What does not fit into the budget is cut or refused, and
 * without a budget nothing turns.
 */
export class MotorGuard {
  readonly #drive: FeedDrive;
  readonly #slowestTurnsPerSecond: number;
  #motorMsLeft: Milliseconds = 0;
  #forwardTurnsLeft: Turns = 0;
  #untilMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #onUntilMs: Milliseconds = Number.NEGATIVE_INFINITY;
  #turnsPerMs = 0;

  constructor(drive: FeedDrive, traits: BoardTraits) {
    this.#drive = drive;
    this.#slowestTurnsPerSecond = traits.nominalTurnsPerSecond / SPEED_DOUBT;
  }

  /** Grants one run its budget, never more than the ceilings; replaces the one before. */
  open(budget: MotorBudget): void {
    this.#motorMsLeft = within(budget.motorMsMax, MOTOR_RUN_MS_CEILING);
    this.#forwardTurnsLeft = within(budget.forwardTurnsMax, TURNS_CEILING);
    this.#untilMs = budget.untilMs;
  }

  /** Ends the run's budget and stops. */
  shut(nowMs: Milliseconds): void {
    this.stop(nowMs);
    this.#motorMsLeft = 0;
    this.#forwardTurnsLeft = 0;
    this.#untilMs = Number.NEGATIVE_INFINITY;
  }

  /** Passes on what the budget allows of a slice. False: refused, and the motor was stopped. */
  run(slice: MotorSlice, nowMs: Milliseconds): boolean {
    this.#giveBack(nowMs);
    const speed = Math.min(1, slice.speed);
    const turnsPerMs =
      slice.direction === 'forward' ? (this.#slowestTurnsPerSecond * speed) / 1000 : 0;
    const byTurns = turnsPerMs > 0 ? this.#forwardTurnsLeft / turnsPerMs : Number.MAX_VALUE;
    const maxMs = Math.floor(
      Math.min(slice.maxMs, MOTOR_SLICE_MS_MAX, this.#motorMsLeft, byTurns, this.#untilMs - nowMs),
    );
    if (!(maxMs >= SLICE_MS_MIN && speed > 0)) {
      this.#drive.stop();
      return false;
    }
    this.#motorMsLeft -= maxMs;
    this.#forwardTurnsLeft -= maxMs * turnsPerMs;
    this.#onUntilMs = nowMs + maxMs;
    this.#turnsPerMs = turnsPerMs;
    this.#drive.run({ direction: slice.direction, speed, maxMs });
    return true;
  }

  stop(nowMs: Milliseconds): void {
    this.#drive.stop();
    this.#giveBack(nowMs);
    this.#onUntilMs = Number.NEGATIVE_INFINITY;
  }

  isOn(nowMs: Milliseconds): boolean {
    return nowMs < this.#onUntilMs;
  }

  /** A slice that is replaced or stopped early was not used up. */
  #giveBack(nowMs: Milliseconds): void {
    const leftMs = this.#onUntilMs - nowMs;
    if (!(leftMs > 0)) return;
    this.#motorMsLeft += leftMs;
    this.#forwardTurnsLeft += leftMs * this.#turnsPerMs;
    this.#onUntilMs = nowMs;
  }
}

function within(value: number, ceiling: number): number {
  return value > 0 ? Math.min(value, ceiling) : 0;
}
