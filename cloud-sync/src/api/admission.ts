import type { Milliseconds, RandomBytes } from '@cat-feeder/shared';
import { LocalRateLimiter, type Rate } from './rate-limiter.ts';
import { Refused } from './reply.ts';

/** Those who are turned away come back over this time. */
const SPREAD_S = 30;
const SECOND_MS = 1000;

export interface AdmissionOptions {
  readonly nowMs: () => Milliseconds;
  readonly random: RandomBytes;
  /** Requests worked on at the same time. */
  readonly inFlight: number;
  readonly hellosPerSecond: number;
}

/**
 * Turns requests away before anything is read or asked, so that a storm costs little and those who
 * are let in are served: each is told a time of its own to come back.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #hellos: LocalRateLimiter;
  readonly #helloRate: Rate;
  #inFlight = 0;
  #isClosing = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#hellos = new LocalRateLimiter(options.nowMs);
    const { hellosPerSecond } = options;
    this.#helloRate = { burst: hellosPerSecond, everyMs: SECOND_MS / hellosPerSecond };
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Nobody is let in any more. */
  close(): void {
    this.#isClosing = true;
  }

  /** Runs a request, or throws `overloaded` with a time. */
  async admit<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosing || this.#inFlight >= this.#options.inFlight) throw this.#busy();
    this.#inFlight += 1;
    try {
      return await work();
    } finally {
      this.#inFlight -= 1;
    }
  }

  /** Counts a hello, or throws `overloaded` with a time. */
  admitHello(): void {
    if (this.#hellos.takeNow('hello', this.#helloRate) > 0) throw this.#busy();
  }

  #busy(): Refused {
    const [byte = 0] = this.#options.random(1);
    return new Refused('overloaded', 1 + (byte % SPREAD_S));
  }
}
