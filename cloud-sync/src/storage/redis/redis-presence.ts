import type { Redis } from 'ioredis';
import type { Presence, PresenceHints } from '../../mqtt/presence-hints.ts';

/** A feeder that was not heard of for so long is neither here nor away. */
const FORGET_MS = 86_400_000;

/* A session that is older than the known one says nothing: its will came late. */
const NOTE = `
local known = redis.call('GET', KEYS[1])
if known and tonumber(string.match(known, '^%d+')) > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[3])
return 1`;

const keyOf = (deviceId: string) => `cf:{${deviceId}}:presence`;

/** Presence for all nodes; lost with Redis, and then simply unknown. */
export class RedisPresence implements PresenceHints {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  note(deviceId: string, { isOn, session }: Presence): void {
    const words = [String(session), isOn ? '1' : '0', String(FORGET_MS)];
    this.#redis.eval(NOTE, 1, keyOf(deviceId), ...words).catch(() => {
      // Redis is away: nobody knows, which is what is answered then.
    });
  }

  async read(deviceId: string): Promise<boolean | null> {
    const known = await this.#redis.get(keyOf(deviceId)).catch(() => null);
    return known === null ? null : known.endsWith(':1');
  }
}
