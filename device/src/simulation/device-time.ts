import type { EpochMs, Milliseconds } from '@cat-feeder/shared';
import type { TimeSource } from '../platform/clock.ts';
import type { VirtualClock } from '../platform/virtual-clock.ts';
import type { DeviceWall } from './boot-clock.ts';

/** A clock this close to the truth is right. */
const RIGHT_MS: Milliseconds = 2000;

/** The board's wall clock against the true time: what it shows, and what vouches for it. */
export class DeviceTime implements DeviceWall, TimeSource {
  readonly #clock: VirtualClock;
  readonly #startMs: number;
  #origin: ReturnType<TimeSource['origin']> = 'none';
  offsetMs: number;
  /** Since when the clock has been right and known to be; infinity while it is not. */
  rightSinceMs: Milliseconds = Number.POSITIVE_INFINITY;

  constructor(clock: VirtualClock, startMs: EpochMs) {
    this.#clock = clock;
    this.#startMs = startMs;
    this.offsetMs = startMs;
  }

  origin(): 'synchronized' | 'rtc' | 'none' {
    return this.#origin;
  }

  trueWallMs(): EpochMs {
    return this.#clock.monoMs() + this.#startMs;
  }

  /** What the feeder shows less the truth. */
  errorMs(): Milliseconds {
    return this.offsetMs - this.#startMs;
  }

  isRight(): boolean {
    return Math.abs(this.errorMs()) <= RIGHT_MS && this.#origin !== 'none';
  }

  /** The clock now shows the truth plus an error, by this authority. */
  set(errorMs: Milliseconds, origin: ReturnType<TimeSource['origin']>): void {
    this.offsetMs = this.#startMs + errorMs;
    this.#origin = origin;
    if (!this.isRight()) this.rightSinceMs = Number.POSITIVE_INFINITY;
    else if (this.rightSinceMs === Number.POSITIVE_INFINITY) {
      this.rightSinceMs = this.#clock.monoMs();
    }
  }
}
