import { describe, expect, it } from 'vitest';
import { noServerClock, observeServerClock, serverNowMs } from './server-clock.ts';

describe('the clock of the feeder', () => {
  it('is not known before the first message', () => {
    expect(serverNowMs(noServerClock, 5_000)).toBeNull();
  });

  it('goes on by the monotonic clock between messages', () => {
    const clock = observeServerClock(noServerClock, 1_000_000, 5_000);
    expect(serverNowMs(clock, 8_500)).toBe(1_003_500);
  });

  it('is not set back by a message that was slow on its way', () => {
    const clock = observeServerClock(noServerClock, 1_000_000, 5_000);
    const later = observeServerClock(clock, 1_001_000, 6_400);
    expect(serverNowMs(later, 6_400)).toBe(1_001_400);
  });

  it('takes the quicker of two messages', () => {
    const clock = observeServerClock(noServerClock, 1_000_000, 5_900);
    const better = observeServerClock(clock, 1_001_000, 6_000);
    expect(serverNowMs(better, 6_000)).toBe(1_001_000);
  });

  it('follows a clock that was set back, and a browser that slept', () => {
    const clock = observeServerClock(noServerClock, 1_000_000, 5_000);
    expect(serverNowMs(observeServerClock(clock, 940_000, 6_000), 6_000)).toBe(940_000);
    expect(serverNowMs(observeServerClock(clock, 9_000_000, 6_000), 6_000)).toBe(9_000_000);
  });
});
