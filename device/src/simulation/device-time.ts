import type { Milliseconds } from '@cat-feeder/shared';
import type { TimeSource } from '../platform/clock.ts';
import type { SeededRandom } from '../platform/random.ts';
import type { VirtualClock } from '../platform/virtual-clock.ts';
import type { DeviceWall } from './boot-clock.ts';
import type { ClockCharacter } from './scenario.ts';

/** A clock this close to the truth is right. */
const RIGHT_MS: Milliseconds = 2000;
/** The time that a board without any starts with: some seconds after 1970. */
const EPOCH_MS: Milliseconds = 5000;
/** A file keeps the time at most this long after it was written. */
const FILE_AGE_MS: Milliseconds = 3_600_000;
/** Error of a time server. */
const SERVER_ERROR_MS: Milliseconds = 20;

/** The board's wall clock against the true time: what it shows, and what vouches for it. */
export class DeviceTime implements DeviceWall, TimeSource {
  readonly #clock: VirtualClock;
  readonly #startMs: number;
  readonly #random: SeededRandom;
  #origin: ReturnType<TimeSource['origin']> = 'none';
  offsetMs: number;
  #powerUps = 1;
  /** Since when the clock has been right and known to be; infinity while it is not. */
  rightSinceMs: Milliseconds = Number.POSITIVE_INFINITY;

  constructor(parts: { clock: VirtualClock; startMs: number; random: SeededRandom }) {
    this.#clock = parts.clock;
    this.#startMs = parts.startMs;
    this.#random = parts.random;
    this.offsetMs = parts.startMs;
  }

  origin(): 'synchronized' | 'rtc' | 'none' {
    return this.#origin;
  }

  powerUp(): string {
    return `power-up ${this.#powerUps}`;
  }

  /** What the board shows. */
  wallMs(): number {
    return this.#clock.monoMs() + this.offsetMs;
  }

  trueWallMs(): number {
    return this.#clock.monoMs() + this.#startMs;
  }

  /** What the feeder shows less the truth. */
  errorMs(): Milliseconds {
    return this.offsetMs - this.#startMs;
  }

  isRight(): boolean {
    return this.isClose() && this.#origin !== 'none';
  }

  /** Near the truth, whether anybody vouches for it or not. */
  isClose(): boolean {
    return Math.abs(this.errorMs()) <= RIGHT_MS;
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

  /** A time server has answered. */
  synchronize(): void {
    this.set(Math.round(this.#random.gaussian() * SERVER_ERROR_MS), 'synchronized');
  }

  /** The power is back after `darkMs`: the clock ran on, stood still, or is lost. */
  wake(how: ClockCharacter['afterPowerCut'], darkMs: Milliseconds): void {
    this.#powerUps += 1;
    if (how === 'rtc') this.set(this.errorMs(), 'rtc');
    else if (how === 'none') this.set(EPOCH_MS - this.trueWallMs(), 'none');
    else this.set(this.errorMs() - darkMs - this.#random.next() * FILE_AGE_MS, 'none');
  }
}
