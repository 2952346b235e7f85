import { HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
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

/** A trusted clock may be stepped by this without coming into doubt (scheduling/clock-trust.ts). */
const UNDOUBTED_STEP_MS: Milliseconds = HOUR_MS;

/**
 * The time that has surely passed since `then`: what a cap may forget by. Within one power-up it is
 * the monotonic clock alone, so no clock step can shorten a window. Over a power cut it is the
 * uptime that both have lived through, or the wall difference where both wall clocks were trusted,
 * less the step that such a clock may have made in between. What was last noted before a cut has the
 * very age at which the next power-up begins: it belongs to the one before.
 */
export function leastElapsedMs(then: Stamp, now: StationTime): Milliseconds {
  const lived = Math.max(0, now.ageMs - then.ageMs);
  const poweredAtAgeMs = now.poweredAtAgeMs ?? Number.POSITIVE_INFINITY;
  if (then.bootId === now.bootId || then.ageMs > poweredAtAgeMs) return lived;
  if (!isTrusted(then.quality) || !isTrusted(now.quality)) return lived;
  return Math.max(lived, now.wallMs - then.wallMs - UNDOUBTED_STEP_MS);
}
