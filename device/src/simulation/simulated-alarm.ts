import { type EpochMs, HOUR_MS } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { AlarmClock } from '../scheduling/schedule-store.ts';

/**
 * An alarm clock as a library gives one: it counts the time until the alarm when it is set, so a
 * step of the wall clock makes it late. A deaf one never rings, which the schedule must survive.
 */
export class SimulatedAlarm implements AlarmClock {
  readonly #clock: Clock;
  readonly #stationWallMs: () => EpochMs;
  readonly #isDeaf: boolean;
  #cancel: Cancel = () => {};

  constructor(parts: { clock: Clock; stationWallMs: () => EpochMs; isDeaf: boolean }) {
    this.#clock = parts.clock;
    this.#stationWallMs = parts.stationWallMs;
    this.#isDeaf = parts.isDeaf;
  }

  ringAt(wallMs: EpochMs, ring: () => void): void {
    this.clear();
    if (!this.#isDeaf) this.#wait(Math.max(0, wallMs - this.#stationWallMs()), ring);
  }

  clear(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  #wait(leftMs: number, ring: () => void): void {
    const partMs = Math.min(leftMs, HOUR_MS);
    this.#cancel = this.#clock.after('alarm', partMs, () => {
      if (leftMs > partMs) this.#wait(leftMs - partMs, ring);
      else ring();
    });
  }
}
