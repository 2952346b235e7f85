import type { Milliseconds } from '@cat-feeder/shared';

/** Addresses that are remembered; the one asked longest ago goes first. */
const ADDRESSES_MAX = 256;

/** What a bucket says to one request. */
export interface Allowance {
  readonly isAllowed: boolean;
  readonly remaining: number;
  /** Whole seconds until the next request will be allowed. */
  readonly retryAfterSeconds: number;
}

/** A token bucket for each address: a burst of `perMinute`, then that many a minute. */
export class RateLimit {
  readonly perMinute: number;
  readonly #buckets = new Map<string, { tokens: number; atMs: Milliseconds }>();

  constructor(perMinute: number) {
    this.perMinute = perMinute;
  }

  /** Takes one token, if there is one. */
  take(address: string, monoMs: Milliseconds): Allowance {
    const tokensPerMs = this.perMinute / 60_000;
    const last = this.#buckets.get(address) ?? { tokens: this.perMinute, atMs: monoMs };
    const refilled = last.tokens + Math.max(0, monoMs - last.atMs) * tokensPerMs;
    const tokens = Math.min(this.perMinute, refilled);
    const isAllowed = tokens >= 1;
    const left = isAllowed ? tokens - 1 : tokens;
    this.#buckets.delete(address);
    this.#buckets.set(address, { tokens: left, atMs: monoMs });
    const oldest = this.#buckets.keys().next().value;
    if (this.#buckets.size > ADDRESSES_MAX && oldest !== undefined) this.#buckets.delete(oldest);
    const waitMs = left >= 1 ? 0 : (1 - left) / tokensPerMs;
    return {
      isAllowed,
      remaining: Math.floor(left),
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    };
  }
}
