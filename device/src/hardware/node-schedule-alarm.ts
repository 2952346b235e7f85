import { type EpochMs, HOUR_MS, type Milliseconds } from '@cat-feeder/shared';
import { type Job, scheduleJob } from 'node-schedule';
import type { AlarmClock } from '../scheduling/schedule-store.ts';

/** Timers drift and overflow, and clocks step: no alarm is armed further ahead than this. */
export const REARM_MS: Milliseconds = HOUR_MS;

/** A time that has passed when node-schedule looks at it would never ring. */
const AHEAD_MS_MIN: Milliseconds = 20;

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
    const leftMs = wallMs - this.#parts.stationWallMs();
    const delayMs = Math.max(AHEAD_MS_MIN, Math.min(leftMs, REARM_MS));
    this.#job = scheduleJob(this.#parts.systemWallMs() + delayMs, () => {
      this.#job = null;
      if (this.#parts.stationWallMs() >= wallMs) ring();
      else this.ringAt(wallMs, ring);
    });
  }

  clear(): void {
    this.#job?.cancel();
    this.#job = null;
  }
}
