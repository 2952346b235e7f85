import { MOTOR_RUN_MS_CEILING, MOTOR_SLICE_MS_MAX, TURNS_CEILING } from '@cat-feeder/shared';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BoardTraits, FeedDrive, MotorSlice } from './control-board.ts';
import { MotorGuard } from './motor-guard.ts';

const traits: BoardTraits = {
  restSamplesPerSecond: 10,
  dispenseSamplesPerSecond: 80,
  indexEdgesPerTurn: null,
  hasMotorCurrent: false,
  hasHopperCell: false,
  nominalTurnsPerSecond: 1,
  nominalGramsPerTurn: 6,
  stallMilliamps: null,
  ratedGrams: 5000,
  nominalCountsPerGram: 429,
};

/** A motor that is on for exactly as long as it was told. */
class CountingDrive implements FeedDrive {
  nowMs = 0;
  onMs = 0;
  forwardMs = 0;
  longestMs = 0;
  #untilMs = 0;
  #slice: MotorSlice | null = null;

  run(slice: MotorSlice): void {
    this.#slice = slice;
    this.#untilMs = this.nowMs + slice.maxMs;
    this.longestMs = Math.max(this.longestMs, slice.maxMs);
  }

  stop(): void {
    this.#untilMs = this.nowMs;
  }

  pass(ms: number): void {
    const on = Math.max(0, Math.min(ms, this.#untilMs - this.nowMs));
    this.onMs += on;
    if (this.#slice?.direction === 'forward') this.forwardMs += on * this.#slice.speed;
    this.nowMs += ms;
  }
}

const forward: MotorSlice = { direction: 'forward', speed: 1, maxMs: 250 };

describe('the motor guard', () => {
  let drive: CountingDrive;
  let guard: MotorGuard;

  beforeEach(() => {
    drive = new CountingDrive();
    guard = new MotorGuard(drive, traits);
  });

  it('turns nothing without a budget, and nothing after it is shut', () => {
    expect(guard.run(forward, 0)).toBe(false);
    guard.open({ motorMsMax: 1000, forwardTurnsMax: 10, untilMs: 10_000 });
    expect(guard.run(forward, 0)).toBe(true);
    guard.shut(10);
    expect(guard.run(forward, 20)).toBe(false);
    expect(guard.isOn(20)).toBe(false);
  });

  it('cuts every slice to 250 ms, whatever is asked', () => {
    guard.open({ motorMsMax: 1e9, forwardTurnsMax: 1e9, untilMs: 1e9 });
    guard.run({ ...forward, maxMs: 60_000 }, 0);
    expect(drive.longestMs).toBe(MOTOR_SLICE_MS_MAX);
  });

  it('gives back what a replaced or stopped slice did not use', () => {
    guard.open({ motorMsMax: 1000, forwardTurnsMax: 100, untilMs: 100_000 });
    for (let i = 0; i < 99; i += 1) {
      expect(guard.run(forward, drive.nowMs)).toBe(true);
      drive.pass(10);
      if (i % 2 === 0) guard.stop(drive.nowMs);
    }
    expect(drive.onMs).toBeCloseTo(990, 6);
    guard.run(forward, drive.nowMs);
    drive.pass(1000);
    expect(drive.onMs).toBeCloseTo(1000, 6);
    expect(guard.run(forward, drive.nowMs)).toBe(false);
  });

  it('starts nothing after its time', () => {
    guard.open({ motorMsMax: 1e6, forwardTurnsMax: 100, untilMs: 500 });
    expect(guard.run(forward, 400)).toBe(true);
    expect(drive.longestMs).toBe(100);
    expect(guard.run(forward, 500)).toBe(false);
  });

  it('never passes time, turns, slice and ceilings, whatever it is asked', () => {
    const number = fc.oneof(
      fc.double({ noNaN: false }),
      fc.double({ min: 0, max: 500, noNaN: true }),
    );
    const call = fc.record({
      direction: fc.constantFrom('forward' as const, 'reverse' as const),
      speed: number,
      maxMs: number,
      pauseMs: fc.double({ min: 0, max: 400, noNaN: true }),
      stops: fc.boolean(),
    });
    const budget = fc.record({ motorMsMax: number, forwardTurnsMax: number });
    fc.assert(
      fc.property(budget, fc.array(call, { maxLength: 80 }), (given, calls) => {
        const motor = new CountingDrive();
        const gate = new MotorGuard(motor, traits);
        gate.open({ ...given, untilMs: 1e9 });
        for (const { direction, speed, maxMs, pauseMs, stops } of calls) {
          gate.run({ direction, speed, maxMs }, motor.nowMs);
          if (stops) gate.stop(motor.nowMs);
          motor.pass(pauseMs);
        }
        motor.pass(1000);
        const motorMsMax = Math.min(MOTOR_RUN_MS_CEILING, Math.max(0, given.motorMsMax || 0));
        const turnsMax = Math.min(TURNS_CEILING, Math.max(0, given.forwardTurnsMax || 0));
        expect(motor.onMs).toBeLessThanOrEqual(motorMsMax + 1e-6);
        expect(motor.forwardMs / 1000 / 1.3).toBeLessThanOrEqual(turnsMax + 1e-6);
        expect(motor.longestMs).toBeLessThanOrEqual(MOTOR_SLICE_MS_MAX);
      }),
    );
  });
});
