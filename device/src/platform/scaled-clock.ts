import type { EpochMs, Milliseconds } from '@cat-feeder/shared';
import type { Cancel, Clock } from './clock.ts';

/** Time that runs a fixed number of times faster than another clock, from the same instant on. */
export class ScaledClock implements Clock {
  readonly #inner: Clock;
  readonly #speed: number;
  readonly #wallOriginMs: EpochMs;
  readonly #monoOriginMs: Milliseconds;

  constructor(inner: Clock, speed: number) {
    this.#inner = inner;
    this.#speed = speed;
    this.#wallOriginMs = inner.wallMs();
    this.#monoOriginMs = inner.monoMs();
  }

  wallMs(): EpochMs {
    return this.#wallOriginMs + (this.#inner.wallMs() - this.#wallOriginMs) * this.#speed;
  }

  monoMs(): Milliseconds {
    return this.#monoOriginMs + (this.#inner.monoMs() - this.#monoOriginMs) * this.#speed;
  }

  after(name: string, delayMs: Milliseconds, fire: () => void): Cancel {
    return this.#inner.after(name, delayMs / this.#speed, fire);
  }
}
