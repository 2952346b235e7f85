import { scheduledJobs } from 'node-schedule';
import { afterEach, describe, expect, it } from 'vitest';
import { NodeScheduleAlarm, REARM_MS } from './node-schedule-alarm.ts';

/** A station clock that the test moves; node-schedule itself goes by the system's. */
function newAlarm(stationMs = { now: 1_000_000 }) {
  return {
    stationMs,
    alarm: new NodeScheduleAlarm({
      stationWallMs: () => stationMs.now,
      systemWallMs: () => Date.now(),
    }),
  };
}

function armedInMs(): number[] {
  return Object.values(scheduledJobs)
    .map((job) => job.nextInvocation())
    .filter((at) => at !== null)
    .map((at) => at.getTime() - Date.now());
}

describe('the alarm clock on node-schedule', () => {
  afterEach(() => {
    for (const job of Object.values(scheduledJobs)) job.cancel();
  });

  it('rings for a time that has come', async () => {
    const { alarm, stationMs } = newAlarm();
    await new Promise<void>((resolve) => alarm.ringAt(stationMs.now, resolve));
    expect(armedInMs()).toEqual([]);
  });

  it('rings for a time that has passed', async () => {
    const { alarm, stationMs } = newAlarm();
    await new Promise<void>((resolve) => alarm.ringAt(stationMs.now - 99_999, resolve));
  });

  it('is armed again when its time had passed before node-schedule looked at it', async () => {
    let asked = 0;
    const alarm = new NodeScheduleAlarm({
      stationWallMs: () => 1_000_000,
      systemWallMs: () => {
        asked += 1;
        return asked === 1 ? Date.now() - 60_000 : Date.now();
      },
    });
    await new Promise<void>((resolve) => alarm.ringAt(0, resolve));
    expect(asked).toBe(2);
  });

  it('does not ring before the station clock has reached the time', async () => {
    const { alarm, stationMs } = newAlarm();
    let rang = 0;
    const ring = new Promise<void>((resolve) => {
      alarm.ringAt(stationMs.now + 50, () => {
        rang += 1;
        resolve();
      });
    });
    await new Promise<void>((resolve) => newAlarm().alarm.ringAt(0, resolve));
    expect(rang).toBe(0);
    stationMs.now += 50;
    await ring;
    expect(rang).toBe(1);
  });

  it('FMEA-37 arms at most an hour ahead, by the distance on the station clock', () => {
    const { alarm, stationMs } = newAlarm();
    alarm.ringAt(stationMs.now + 60 * 86_400_000, () => {});
    expect(armedInMs()).toHaveLength(1);
    expect(armedInMs()[0]).toBeLessThanOrEqual(REARM_MS);
  });

  it('has one alarm at a time, and none after it was cleared', () => {
    const { alarm, stationMs } = newAlarm();
    alarm.ringAt(stationMs.now + 100_000, () => {});
    alarm.ringAt(stationMs.now + 200_000, () => {});
    expect(armedInMs()).toHaveLength(1);
    alarm.clear();
    expect(armedInMs()).toEqual([]);
  });
});
