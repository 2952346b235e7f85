import type { ClockQuality } from '@cat-feeder/shared';

/*
 * How far the wall clock may be believed.
 *
 *   unknown --none--> estimated --rtc--> rtc --synchronized--> synchronized
 *      ^                 |  ^             |                        |
 *      |                 |  \----none-----+------------------------+
 *      \--implausible----+--------------------------- from every state
 *                           rtc, synchronized --big step--> doubted --settled--> estimated
 *
 * `none`, `rtc` and `synchronized` are what the operating system says of the clock's origin;
 * `implausible` is a time before the program was built with nothing better to go by; a `big_step`
 * is a jump of more than an hour of a clock that was trusted, which one source of time alone may
 * not cause; `settled` comes after a day without another.
 *
 * T1 A doubted clock is at most estimated, whatever its origin says, until it has settled.
 * T2 An implausible clock is unknown, whatever its origin says.
 */
export type TrustState = 'unknown' | 'estimated' | 'rtc' | 'synchronized' | 'doubted';

export type TrustEvent = 'implausible' | 'none' | 'rtc' | 'synchronized' | 'big_step' | 'settled';

const byOrigin = {
  implausible: 'unknown',
  none: 'estimated',
  rtc: 'rtc',
  synchronized: 'synchronized',
} as const;

const table: Readonly<Record<TrustState, Readonly<Record<TrustEvent, TrustState>>>> = {
  unknown: { ...byOrigin, big_step: 'unknown', settled: 'unknown' },
  estimated: { ...byOrigin, big_step: 'estimated', settled: 'estimated' },
  rtc: { ...byOrigin, big_step: 'doubted', settled: 'rtc' },
  synchronized: { ...byOrigin, big_step: 'doubted', settled: 'synchronized' },
  doubted: {
    implausible: 'unknown',
    none: 'doubted',
    rtc: 'doubted',
    synchronized: 'doubted',
    big_step: 'doubted',
    settled: 'estimated',
  },
};

/** The transition drawn above. */
export function nextTrust(state: TrustState, event: TrustEvent): TrustState {
  return table[state][event];
}

/** The quality that a state means to everybody else. */
export function qualityOf(state: TrustState): ClockQuality {
  return state === 'doubted' ? 'estimated' : state;
}
