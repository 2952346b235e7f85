import { Redis } from 'ioredis';

const ANSWER_TIMEOUT_MS = 200;
const CONNECT_TIMEOUT_MS = 2_000;
const RECONNECT_MS_MAX = 5_000;

/** A connection that fails at once while the server is away: what asks it has another way. */
export function connectRedis(url: string): Redis {
  return new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: ANSWER_TIMEOUT_MS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (tries) => Math.min(RECONNECT_MS_MAX, tries * 100),
  });
}
