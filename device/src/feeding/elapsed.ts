import type { Milliseconds } from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import type { Stamp } from './feeding-journal.ts';

/** The clock qualities whose wall time may be compared over a restart. */
export function isTrusted(quality: Stamp['quality']): boolean {
  return quality === 'synchronized' || quality === 'rtc';
}

/** A stamp of the present. */
export function stampOf(time: StationTime): Stamp {
  return { wallMs: time.wallMs, ageMs: time.ageMs, bootId: time.bootId, quality: time.quality };
}

/**
 * The time that has surely passed since `then`: what a cap may forget by. Within one boot it is
 * the monotonic clock alone, so no clock step can shorten a window. Over a restart it is the
 * uptime that both have lived through, or the wall difference where both wall clocks were trusted.
 */
export function leastElapsedMs(then: Stamp, now: StationTime): Milliseconds {
  const lived = Math.max(0, now.ageMs - then.ageMs);
  if (then.bootId === now.bootId) return lived;
  if (!isTrusted(then.quality) || !isTrusted(now.quality)) return lived;
  return Math.max(lived, now.wallMs - then.wallMs);
}
