import type { Milliseconds } from '@cat-feeder/shared';
import type { Redis } from 'ioredis';
import { LocalRateLimiter, type Rate, type RateLimiter } from '../../api/rate-limiter.ts';

/* The same bucket as in memory, by the clock of the server, which all nodes share. */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local burst, every = tonumber(ARGV[1]), tonumber(ARGV[2])
local full = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local wait = full + every - now - burst * every
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], full + every, 'PX', math.ceil(burst * every) + 1000)
return 0`;

type WithTake = Redis & {
  takeFromBucket(key: string, burst: number, everyMs: number): Promise<number>;
};

/**
 * Counts for all nodes in Redis. While Redis is away each node counts for itself: a limit never
 * refuses because a cache has failed, and never vanishes with it.
 */
export class RedisRateLimiter implements RateLimiter {
  readonly #redis: WithTake;
  readonly #local: LocalRateLimiter;
  /** Why the last try failed; null while it works. */
  trouble: string | null = null;

  constructor(options: { readonly redis: Redis; readonly nowMs: () => Milliseconds }) {
    this.#local = new LocalRateLimiter(options.nowMs);
    options.redis.defineCommand('takeFromBucket', { numberOfKeys: 1, lua: TAKE });
    this.#redis = options.redis as WithTake;
    this.#redis.on('error', (error: Error) => {
      this.trouble = error.message;
    });
    this.#redis.on('ready', () => {
      this.trouble = null;
    });
  }

  async take(name: string, rate: Rate): Promise<Milliseconds> {
    try {
      return await this.#redis.takeFromBucket(`cf:rate:${name}`, rate.burst, rate.everyMs);
    } catch (error) {
      this.trouble = error instanceof Error ? error.message : String(error);
      return this.#local.take(name, rate);
    }
  }

  /** Throws unless Redis answers. */
  async ping(): Promise<void> {
    await this.#redis.ping();
    this.trouble = null;
  }
}
