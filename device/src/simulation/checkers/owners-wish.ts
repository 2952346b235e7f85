import {
  type FeedingCause,
  HOUR_MS,
  MINUTE_MS,
  type Milliseconds,
  type Settings,
} from '@cat-feeder/shared';
import { offsetMs } from '../independent-calendar.ts';
import type { Checker, Fail, Observed, Situation } from '../observed.ts';
import type { FeedingTruths } from './feeding-truths.ts';

/** What a run takes from its order to its first motion, and the clock's own error. */
const SLACK_MS: Milliseconds = 1000;
/** The clock must have been right for so long before the hour of the day is judged. */
export const SURE_CLOCK_MS: Milliseconds = 5 * MINUTE_MS;

/**
 * Invariant 3, the owner's part of it: two feedings keep their distance, by the time that truly
 * passed; and no machine feeds in the hours that the owner wants quiet.
 */
export class OwnersWish implements Checker {
  readonly #fail: Fail;
  readonly #truths: FeedingTruths;
  readonly #settings: () => Settings;

  readonly #isTimeHonest: () => boolean;

  constructor(parts: {
    fail: Fail;
    truths: FeedingTruths;
    settings: () => Settings;
    /** Whether the feeder could know how much time has passed. */
    isTimeHonest: () => boolean;
  }) {
    this.#fail = parts.fail;
    this.#truths = parts.truths;
    this.#settings = parts.settings;
    this.#isTimeHonest = parts.isTimeHonest;
  }

  see(event: Observed, now: Situation): void {
    if (event.kind !== 'order') return;
    const { feedingId } = event.order;
    const claim = this.#truths.claimOf(feedingId);
    if (claim === undefined) return;
    const settings = this.#settings();
    if (this.#isTimeHonest()) this.#gap(feedingId, gapMs(claim.cause, settings), now);
    if (claim.cause === 'automation' || claim.cause === 'button') this.#quiet(claim, settings, now);
  }

  #gap(feedingId: string, neededMs: Milliseconds, now: Situation): void {
    for (const other of this.#truths.recent) {
      if (other.feedingId === feedingId || other.landedGrams <= 0 || !other.isClosed) continue;
      const sinceMs = now.nowMs - other.lastMotionMs;
      if (sinceMs + SLACK_MS >= neededMs) continue;
      this.#fail(
        'I3',
        `feeding ${feedingId} follows ${other.feedingId} after ${Math.round(sinceMs / 1000)} s, not ${neededMs / 1000} s`,
      );
    }
  }

  #quiet(
    claim: { requestId: string; cause: FeedingCause },
    settings: Settings,
    now: Situation,
  ): void {
    if (now.nowMs - now.clockRightSinceMs < SURE_CLOCK_MS) return;
    if (isQuiet(settings, now.trueWallMs)) {
      this.#fail('I3', `${claim.requestId} by ${claim.cause} is served in the quiet hours`);
    }
  }
}

/** Whether an instant lies in the hours that the owner wants quiet. */
export function isQuiet({ quietHours, zone }: Settings, wallMs: number): boolean {
  if (quietHours === null) return false;
  const minute = Math.floor((wallMs + offsetMs(zone, wallMs)) / MINUTE_MS) % 1440;
  const from = minuteOf(quietHours.from);
  const to = minuteOf(quietHours.to);
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}

/** The least distance that the owner wants before a feeding of this cause. */
export function gapMs(cause: FeedingCause, settings: Settings): Milliseconds {
  if (cause === 'schedule' || cause === 'starvation')
    return settings.scheduleGapMinutes * MINUTE_MS;
  if (cause === 'elapsed_time') return HOUR_MS;
  return cause === 'calibration' ? 0 : settings.manualGapSeconds * 1000;
}

function minuteOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}
