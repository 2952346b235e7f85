import type { ClockQuality, Milliseconds } from '@cat-feeder/shared';
import type { Cancel, StationClock, StationTime } from '../platform/clock.ts';
import { healthy, type Part, type PartHealth } from '../platform/part.ts';
import type { TrustState } from './clock-trust.ts';

/** A change that others must know of: the wall clock was stepped, or is believed differently. */
export interface ClockChange {
  readonly from: ClockQuality;
  readonly to: ClockQuality;
  /** Wall time gained (+) or lost (-) against the monotonic clock; 0 when only the quality changed. */
  readonly stepMs: Milliseconds;
  readonly time: StationTime;
}

/**
 * The clock of the feeder as a part of its hardware: what it shows, how far that may be believed, and
 * whether it jumps. Those who only read the time take it as a `StationClock`.
 */
export interface TrustedClock extends StationClock, Part {
  /** Tells of steps and changes of quality, from inside the reading that noticed them. */
  subscribe(listener: (change: ClockChange) => void): Cancel;
}

const states: Readonly<Record<TrustState, PartHealth>> = {
  synchronized: healthy,
  rtc: healthy,
  estimated: {
    state: 'silent',
    why: 'Nobody vouches for the time: no time server has answered, and no clock with a battery set it.',
  },
  doubted: {
    state: 'implausible',
    why: 'The clock jumped by more than an hour; it is believed again a day after its last jump.',
  },
  unknown: {
    state: 'implausible',
    why: 'The clock shows a time before this program was made, and nothing better is known.',
  },
};

/** A clock's condition as a part: it is as well as somebody vouches for it. */
export function healthOfTrust(state: TrustState): PartHealth {
  return states[state];
}
