import type { Milliseconds } from '@cat-feeder/shared';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';

/** A person's stop takes effect within this time. */
const STOP_MS: Milliseconds = 50;

/**
 * A person who cancels a feeding, or presses the emergency stop, stops the motor: no command
 * reaches it afterwards, until something else is ordered.
 */
export class StopsOnRequest implements Checker {
  readonly watchesMotor = true;
  readonly #fail: Fail;
  #feedingId: string | null = null;
  #stoppedAtMs: Milliseconds | null = null;

  constructor(parts: { fail: Fail }) {
    this.#fail = parts.fail;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind === 'order') {
      this.#feedingId = event.order.feedingId;
      this.#stoppedAtMs = null;
    } else if (event.kind === 'sent' && this.#isStop(event.request.path)) {
      this.#stoppedAtMs ??= now.nowMs;
    } else if (event.kind === 'slice' && this.#stoppedAtMs !== null) {
      const sinceMs = now.nowMs - this.#stoppedAtMs;
      if (sinceMs > STOP_MS) {
        this.#fail('I4', `the motor is driven ${sinceMs.toFixed(0)} ms after a person stopped it`);
        this.#stoppedAtMs = null;
      }
    }
  }

  #isStop(path: string): boolean {
    return path === '/api/v1/stop' || path === `/api/v1/feedings/${this.#feedingId}/cancel`;
  }
}
