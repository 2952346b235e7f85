import { HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from './clock.ts';

/**
 * The clocks and timers of the machine. The monotonic clock counts from boot, so that all threads
 * of the program, and the programs of one boot, read the same time.
 */
export class SystemClock implements Clock {
  /** `performance.now()` counts from the start of each thread; this brings it back to boot. */
  readonly #threadStartMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

  wallMs(): number {
    return Date.now();
  }

  monoMs(): Milliseconds {
    return this.#threadStartMs + performance.now();
  }

  after(name: string, delayMs: Milliseconds, fire: () => void): Cancel {
    // Longer waits are made of hours: a wall clock may step, and setTimeout overflows at 24.8 days.
    if (!(delayMs >= 0 && delayMs <= HOUR_MS)) {
      throw new RangeError(`${name} waits ${delayMs} ms, over one hour`);
    }
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  }
}
