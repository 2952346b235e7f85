import * as v from 'valibot';
import type { EpochMs, Milliseconds } from '../units.ts';
import { HLC_AHEAD_MS_MAX } from './sync-limits.ts';

/**
 * A hybrid logical clock stamp: 12 hex digits of milliseconds, 4 of a counter. It breaks ties
 * between edits of one group and is shown to people; nothing else depends on it.
 */
export type Hlc = string;

export const HlcSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/, 'must be an HLC stamp'));
export const HLC_ZERO: Hlc = '0'.repeat(16);

const MS_MAX = 2 ** 48 - 1;

/** The stamp of an instant and a counter. */
export function makeHlc(ms: EpochMs, counter = 0): Hlc {
  const whole = Math.min(MS_MAX, Math.max(0, Math.floor(ms)));
  return whole.toString(16).padStart(12, '0') + counter.toString(16).padStart(4, '0');
}

/** The milliseconds of a stamp. */
export function hlcMs(hlc: Hlc): EpochMs {
  return Number.parseInt(hlc.slice(0, 12), 16);
}

/**
 * The time that a new edit is stamped with: after every stamp of its document, since it was made
 * with them in view. One that lies further ahead than may be believed does not count.
 */
export function editMs(nowMs: EpochMs, newestMs: EpochMs): EpochMs {
  const isAhead = newestMs >= nowMs && newestMs <= nowMs + HLC_AHEAD_MS_MAX;
  return isAhead ? newestMs + 1 : nowMs;
}

/** Whether a remote stamp may be believed at a trusted `nowMs`. */
export function isPlausible(remote: Hlc, nowMs: EpochMs, aheadMs: Milliseconds = HLC_AHEAD_MS_MAX) {
  return hlcMs(remote) <= nowMs + aheadMs;
}
