import { expect, it } from 'vitest';
import type { BoardTraits } from '../../dispensing/control-board.ts';
import { RestWatch } from './rest-watch.ts';

const traits: BoardTraits = {
  restSamplesPerSecond: 10,
  dispenseSamplesPerSecond: 80,
  indexEdgesPerTurn: null,
  hasMotorCurrent: false,
  hasHopperCell: false,
  nominalTurnsPerSecond: 0.8,
  nominalGramsPerTurn: 6,
  stallMilliamps: null,
  ratedGrams: 5000,
  nominalCountsPerGram: 400,
};
const calibration = {
  zeroCounts: 0,
  countsPerGram: 400,
  noiseGrams: 0.05,
  taredAtMs: 1,
  spannedAtMs: 1,
};

/** Reads ten times a second; returns when the last reading was. */
function read(watch: RestWatch, grams: number, span: { fromMs: number; forMs: number }): number {
  let atMs = span.fromMs;
  for (let n = 0; atMs < span.fromMs + span.forMs; n += 1, atMs += 100) {
    const bowl = Math.round((grams + 0.04 * ((n * 7) % 5)) * 400);
    watch.accept({
      atMs,
      bowl,
      hopper: null,
      indexEdges: null,
      motorMilliamps: null,
      undervoltage: false,
    });
  }
  return atMs - 100;
}

it('FMEA-27 a bowl that weighs less than nothing is gone when it has been read so for a while', () => {
  const watch = new RestWatch(traits, calibration);
  const settledMs = read(watch, 30, { fromMs: 0, forMs: 4000 });
  expect(watch.fault(settledMs)).toBeNull();
  const lastMs = read(watch, -60, { fromMs: settledMs + 100, forMs: 8000 });
  expect(watch.fault(lastMs)).toBe('bowl_missing');
});

it('FMEA-27 a few low readings prove nothing by the time that passes after the last of them', () => {
  const watch = new RestWatch(traits, calibration);
  const settledMs = read(watch, 30, { fromMs: 0, forMs: 4000 });
  const lastMs = read(watch, -60, { fromMs: settledMs + 100, forMs: 500 });
  expect(watch.fault(lastMs + 600_000)).toBeNull();
});

it('FMEA-28 remembers what the bowl weighed before somebody came to it', () => {
  const watch = new RestWatch(traits, calibration);
  expect(watch.lastStill(0)).toBeNull();
  const settledMs = read(watch, 30, { fromMs: 0, forMs: 4000 });
  expect(watch.reading(settledMs).state).toBe('stable');
  let atMs = settledMs;
  for (let push = 1; push < 20; push += 1) {
    atMs = read(watch, 30 + (push % 2) * 40, { fromMs: atMs + 100, forMs: 200 });
    expect(watch.reading(atMs).state).not.toBe('stable');
  }
  expect(watch.lastStill(atMs)?.grams).toBeCloseTo(30, 0);
  expect(watch.lastStill(atMs)?.ageMs).toBe(atMs - settledMs);
  watch.setCalibration({ ...calibration, zeroCounts: 100 });
  expect(watch.lastStill(atMs)).toBeNull();
});
