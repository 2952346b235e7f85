import { type EpochMs, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import { type Job, scheduleJob } from 'node-schedule';
import type { AlarmClock } from '../scheduling/schedule-store.ts';

/** Timers drift and overflow, and clocks step: no alarm is armed further ahead than this. */
export const REARM_MS: Milliseconds = HOUR_MS;

/**
 * node-schedule refuses a time that has passed when it looks at it, and a busy little computer can
 * be slow to look: then the alarm is armed again, further ahead.
 */
const AHEAD_MS_TRIES: readonly Milliseconds[] = [20, 200, 2000];

/** One name for all: a refused job stays in node-schedule's list until its name is used again. */
const JOB_NAME = 'schedule alarm';

export interface NodeScheduleAlarmParts {
  /** The time that alarms are given in. */
  readonly stationWallMs: () => EpochMs;
  /** The time that node-schedule goes by: the system's wall clock. */
  readonly systemWallMs: () => EpochMs;
}

/**
 * The alarm clock on node-schedule. It only rings: what is due is decided elsewhere, and a step of
 * the system's clock that makes it ring late or not at all is caught by the schedule's own tick.
 */
export class NodeScheduleAlarm implements AlarmClock {
  readonly #parts: NodeScheduleAlarmParts;
  #job: Job | null = null;

  constructor(parts: NodeScheduleAlarmParts) {
    this.#parts = parts;
  }

  ringAt(wallMs: EpochMs, ring: () => void): void {
    this.clear();
    const arrived = () => {
      this.#job = null;
      if (this.#parts.stationWallMs() >= wallMs) ring();
      else this.ringAt(wallMs, ring);
    };
    for (const aheadMs of AHEAD_MS_TRIES) {
      const leftMs = Math.min(wallMs - this.#parts.stationWallMs(), REARM_MS);
      const atMs = this.#parts.systemWallMs() + Math.max(aheadMs, leftMs);
      // Null when refused, whatever its types say.
      this.#job = scheduleJob(JOB_NAME, atMs, arrived);
      if (this.#job !== null) return;
    }
  }

  clear(): void {
    this.#job?.cancel();
    this.#job = null;
  }
}
