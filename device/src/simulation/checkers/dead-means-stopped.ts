import { type Milliseconds, MOTOR_SLICE_MS_MAX } from '@cat-feeder/shared';
import type { FeederWorld } from '../../hardware/simulated/feeder-world.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';

/** What the arithmetic of floating point may add to an instant. */
const ROUNDING_MS: Milliseconds = 0.01;

/**
 * Invariant 4: no command reaches further ahead than a slice, and after the program died or hangs
 * the motor has power for no longer than what was left of its last slice.
 */
export class DeadMeansStopped implements Checker {
  readonly watchesMotor = true;
  readonly #fail: Fail;
  readonly #world: FeederWorld;
  /** By when the motor must be without power, in the simulation's time; null: no such demand. */
  #offByMs: Milliseconds | null = null;
  #because = '';

  constructor(parts: { fail: Fail; world: FeederWorld }) {
    this.#fail = parts.fail;
    this.#world = parts.world;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'fault' && event.fault === 'driver_shorted') this.#offByMs = null;
    if (event.kind === 'slice') {
      if (event.maxMs > MOTOR_SLICE_MS_MAX + ROUNDING_MS) {
        this.#fail('I4', `a slice of ${event.maxMs} ms`);
      }
      if (this.#offByMs !== null) this.#fail('I4', `a motor command after the ${this.#because}`);
    } else if (event.kind === 'death' || event.kind === 'hang') {
      const because = event.kind === 'hang' ? `hang of the ${event.what}` : event.how;
      this.#demand(now.nowMs + (because === 'power_cut' ? 0 : MOTOR_SLICE_MS_MAX), because);
    } else if (event.kind === 'boot') {
      this.#look(now);
      this.#offByMs = null;
    } else if (event.kind === 'resumed') {
      this.#look(now);
      if (this.#because.startsWith('hang')) this.#offByMs = null;
    } else if (event.kind === 'look' || event.kind === 'end') {
      this.#look(now);
    }
  }

  #demand(offByMs: Milliseconds, because: string): void {
    if (this.#world.model.shaft.isShorted) return;
    this.#offByMs = offByMs;
    this.#because = because;
  }

  #look(now: Situation): void {
    const { shaft } = this.#world.model;
    if (this.#offByMs === null || shaft.isShorted) return;
    const last = this.#world.motorIntervals().at(-1);
    if (last === undefined) return;
    const endMs = Math.min(last.toMs, now.nowMs);
    if (endMs > this.#offByMs + ROUNDING_MS) {
      this.#fail(
        'I4',
        `the motor had power ${(endMs - this.#offByMs).toFixed(1)} ms too long after the ${this.#because}`,
      );
      this.#offByMs = null;
    }
  }
}
