import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { reasonOf } from '../platform/part.ts';

/**
 * The edge of the camera: what breaks inside it is counted and shown, and breaks nothing outside.
 * An error that left a timer or a child's event would end the daemon, in the middle of a meal.
 */
export class Shield {
  readonly #logger: Logger;
  #failures = 0;
  #why = '';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** What broke last, for people; empty when nothing ever did. */
  get why(): string {
    return this.#why === '' ? '' : `${this.#failures} errors of the camera itself: ${this.#why}`;
  }

  run(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failures += 1;
      this.#why = reasonOf(error);
      this.#logger.error({ err: error, failures: this.#failures }, 'The camera broke.');
    }
  }

  /** The same clock, with every timer's work inside the shield. */
  over(clock: Clock): Clock {
    return {
      wallMs: () => clock.wallMs(),
      monoMs: () => clock.monoMs(),
      after: (name, delayMs, fire) => clock.after(name, delayMs, () => this.run(fire)),
    };
  }
}
