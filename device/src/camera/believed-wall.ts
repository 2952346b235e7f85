import type { EpochMs } from '@cat-feeder/shared';
import type { StationClock, StationTime } from '../platform/clock.ts';

/**
 * The wall clock by which clips grow old; null while it is neither synchronized nor kept by an RTC.
 * It never runs ahead of lived time: a clock that jumps by days in the middle of a run makes
 * nothing old. Only the first synchronization may put right what an RTC said.
 */
export function believedWall(time: StationClock): () => EpochMs | null {
  let anchor: StationTime | null = null;
  return () => {
    const now = time.now();
    if (now.quality !== 'synchronized' && now.quality !== 'rtc') return null;
    if (anchor === null || (anchor.quality === 'rtc' && now.quality === 'synchronized')) {
      anchor = now;
    }
    return Math.min(now.wallMs, anchor.wallMs + now.ageMs - anchor.ageMs);
  };
}
