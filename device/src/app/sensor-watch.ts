import { type Fault, MINUTE_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Service } from './runtime-manager.ts';

const LOOK_EVERY_MS: Milliseconds = MINUTE_MS;
/** A bowl is washed and a plug is pushed in within this time. */
const LASTS_MS: Milliseconds = 5 * MINUTE_MS;

export interface SensorWatchParts {
  readonly clock: Clock;
  /** What the control loop sees at rest; null when all is well. */
  readonly fault: () => Fault | null;
  /** In a feeding the control loop has other things to say. */
  readonly isBusy: () => boolean;
  readonly isShown: (fault: Fault) => boolean;
  readonly raise: (fault: Fault) => void;
}

/** Tells the owner of a scale that is dead, or a bowl that is gone, before the next meal does. */
export class SensorWatch implements Service {
  readonly #parts: SensorWatchParts;
  #fault: Fault | null = null;
  #sinceMs: Milliseconds = 0;
  #cancel: Cancel | null = null;

  constructor(parts: SensorWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#cancel = this.#parts.clock.after('sensor watch', LOOK_EVERY_MS, () => {
      this.start();
      this.#look();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #look(): void {
    const { clock, isBusy, isShown, raise } = this.#parts;
    if (isBusy()) return;
    const fault = this.#parts.fault();
    if (fault !== this.#fault) {
      this.#fault = fault;
      this.#sinceMs = clock.monoMs();
      return;
    }
    const hasLasted = clock.monoMs() - this.#sinceMs >= LASTS_MS;
    if (fault !== null && hasLasted && !isShown(fault)) raise(fault);
  }
}
