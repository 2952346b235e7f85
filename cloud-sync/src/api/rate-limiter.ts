import type { Milliseconds } from '@cat-feeder/shared';

/** How often something may happen: `burst` at once, then one every `everyMs`. */
export interface Rate {
  readonly burst: number;
  readonly everyMs: Milliseconds;
}

/** Counts by names, for all nodes or for this one. */
export interface RateLimiter {
  /** 0 when it may happen now, and it counts; else the wait until it may. */
  take(name: string, rate: Rate): Promise<Milliseconds>;
}

/** Names that are counted at the same time; the ones unused for longest are forgotten. */
const NAMES_MAX = 20_000;

/** Buckets in this process's memory. */
export class LocalRateLimiter implements RateLimiter {
  readonly #nowMs: () => Milliseconds;
  /** When each bucket is full again. */
  readonly #fullAtMs = new Map<string, Milliseconds>();

  constructor(nowMs: () => Milliseconds) {
    this.#nowMs = nowMs;
  }

  async take(name: string, rate: Rate): Promise<Milliseconds> {
    return this.takeNow(name, rate);
  }

  /** What `takeNow` would say, without counting. */
  waitMs(name: string, { burst, everyMs }: Rate): Milliseconds {
    const now = this.#nowMs();
    const fullAtMs = Math.max(now, this.#fullAtMs.get(name) ?? 0);
    return Math.max(0, Math.ceil(fullAtMs + everyMs - now - burst * everyMs));
  }

  /** The same as `take`, at once. */
  takeNow(name: string, rate: Rate): Milliseconds {
    const waitMs = this.waitMs(name, rate);
    if (waitMs > 0) return waitMs;
    const fullAtMs = Math.max(this.#nowMs(), this.#fullAtMs.get(name) ?? 0);
    // Last used, last in order.
    this.#fullAtMs.delete(name);
    this.#fullAtMs.set(name, fullAtMs + rate.everyMs);
    if (this.#fullAtMs.size > NAMES_MAX) {
      const [oldest] = this.#fullAtMs.keys();
      if (oldest !== undefined) this.#fullAtMs.delete(oldest);
    }
    return 0;
  }
}
