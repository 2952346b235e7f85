import assert from 'node:assert/strict';
import { type EpochMs, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { VirtualClock } from '../platform/virtual-clock.ts';

/** The wall clock of the simulated board: it outlives the daemon and may be wrong. */
export interface DeviceWall {
  /** Device wall time minus the simulation's own time. */
  offsetMs: number;
}

export interface BootClockOptions {
  readonly world: VirtualClock;
  readonly wall: DeviceWall;
  /** The simulation's time at which the board got power: its monotonic clock began there. */
  readonly poweredAtMs: Milliseconds;
  /** Called before each timer of the daemon fires; may throw a power cut. */
  readonly beforeTimer: (name: string) => void;
  /** Gets what a timer throws. */
  readonly onThrow: (error: unknown) => void;
  /** Called after each timer, whatever it did. */
  readonly afterTimer: (name: string) => void;
}

/**
 * The clock of one start of the daemon. After the start has died, it never fires again and
 * nothing can be asked of it; while the program hangs, its timers come late, as a blocked event
 * loop's do.
 */
export class BootClock implements Clock {
  readonly #options: BootClockOptions;
  #isDead = false;
  #hangsUntilMs: Milliseconds = Number.NEGATIVE_INFINITY;

  constructor(options: BootClockOptions) {
    this.#options = options;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  wallMs(): EpochMs {
    return Math.floor(this.#options.world.monoMs() + this.#options.wall.offsetMs);
  }

  monoMs(): Milliseconds {
    return this.#options.world.monoMs() - this.#options.poweredAtMs;
  }

  after(name: string, delayMs: Milliseconds, fire: () => void): Cancel {
    assert(delayMs >= 0 && delayMs <= HOUR_MS, `${name} waits ${delayMs} ms, over one hour`);
    if (this.#isDead) return () => {};
    let cancel = this.#options.world.after(name, delayMs, () => {
      const lateMs = this.#hangsUntilMs - this.#options.world.monoMs();
      if (lateMs > 0)
        cancel = this.#options.world.after(name, lateMs, () => this.#fire(name, fire));
      else this.#fire(name, fire);
    });
    return () => cancel();
  }

  /** The program is blocked for this long: no timer fires before. */
  hang(forMs: Milliseconds): void {
    this.#hangsUntilMs = this.#options.world.monoMs() + forMs;
  }

  get isHanging(): boolean {
    return this.#options.world.monoMs() < this.#hangsUntilMs;
  }

  /** The program is gone. */
  die(): void {
    this.#isDead = true;
  }

  #fire(name: string, fire: () => void): void {
    if (this.#isDead) return;
    try {
      this.#options.beforeTimer(name);
      fire();
    } catch (error) {
      this.#options.onThrow(error);
    } finally {
      this.#options.afterTimer(name);
    }
  }
}
