import { describe, expect, it } from 'vitest';
import { nextTrust, qualityOf, type TrustEvent, type TrustState } from './clock-trust.ts';

const expected: Record<TrustState, Record<TrustEvent, TrustState>> = {
  unknown: {
    implausible: 'unknown',
    none: 'estimated',
    rtc: 'rtc',
    synchronized: 'synchronized',
    big_step: 'unknown',
    settled: 'unknown',
  },
  estimated: {
    implausible: 'unknown',
    none: 'estimated',
    rtc: 'rtc',
    synchronized: 'synchronized',
    big_step: 'estimated',
    settled: 'estimated',
  },
  rtc: {
    implausible: 'unknown',
    none: 'estimated',
    rtc: 'rtc',
    synchronized: 'synchronized',
    big_step: 'doubted',
    settled: 'rtc',
  },
  synchronized: {
    implausible: 'unknown',
    none: 'estimated',
    rtc: 'rtc',
    synchronized: 'synchronized',
    big_step: 'doubted',
    settled: 'synchronized',
  },
  doubted: {
    implausible: 'unknown',
    none: 'doubted',
    rtc: 'doubted',
    synchronized: 'doubted',
    big_step: 'doubted',
    settled: 'estimated',
  },
};

describe('the trust in the clock', () => {
  for (const [state, events] of Object.entries(expected)) {
    it.each(Object.entries(events))(`${state} and %s is %s`, (event, next) => {
      expect(nextTrust(state as TrustState, event as TrustEvent)).toBe(next);
    });
  }

  it('T1 a doubted clock is at most estimated', () => {
    expect(qualityOf('doubted')).toBe('estimated');
    for (const origin of ['none', 'rtc', 'synchronized'] as const) {
      expect(qualityOf(nextTrust('doubted', origin))).toBe('estimated');
    }
  });

  it('T2 an implausible clock is unknown, wherever it comes from', () => {
    for (const state of Object.keys(expected) as TrustState[]) {
      expect(qualityOf(nextTrust(state, 'implausible'))).toBe('unknown');
    }
  });
});
