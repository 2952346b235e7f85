import type { ClockQuality, EpochMs, Milliseconds } from '@cat-feeder/shared';
import type { StationTime } from '../platform/clock.ts';
import type { FoodStamp } from './schedule-store.ts';

/** A feeding of which this share surely arrived is food: less does not stop the hunger clock. */
export const SURE_SHARE = 0.5;

/** Whether the wall clock may be compared with itself over a restart. */
export function isTrusted(quality: ClockQuality): boolean {
  return quality === 'synchronized' || quality === 'rtc';
}

/**
 * How long ago something was, for hunger. Within one power-up of the machine it is the monotonic
 * clock, which no step can bend. Over a restart the time without power is unknown to it, so the
 * larger of lived time and, where both wall clocks were trusted, their difference.
 */
export function elapsedMs(then: FoodStamp, now: StationTime): Milliseconds {
  const livedMs = Math.max(0, now.ageMs - then.ageMs);
  if (isSamePowerUp(then, now)) return livedMs;
  if (!then.trusted || !isTrusted(now.quality)) return livedMs;
  return Math.max(livedMs, now.wallMs - then.wallMs);
}

/** What was last noted before a cut has the very age at which the next power-up begins. */
function isSamePowerUp(then: FoodStamp, now: StationTime): boolean {
  if (then.bootId === now.bootId) return true;
  return now.poweredAtAgeMs !== undefined && then.ageMs > now.poweredAtAgeMs;
}

/** Where a stamp lies on the wall clock as it is now; null when nobody can know. */
export function wallOf(then: FoodStamp, now: StationTime): EpochMs | null {
  if (isSamePowerUp(then, now)) return now.wallMs - Math.max(0, now.ageMs - then.ageMs);
  return then.trusted ? then.wallMs : null;
}

/** A stamp of the present. */
export function foodStamp(now: StationTime): FoodStamp {
  const { wallMs, ageMs, bootId } = now;
  return { wallMs, ageMs, bootId, trusted: isTrusted(now.quality) };
}
