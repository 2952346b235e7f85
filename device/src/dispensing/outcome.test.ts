import { expect, it } from 'vitest';
import { step } from './control-loop.ts';
import { outcomeOf } from './outcome.ts';
import { createRun, type Run } from './run.ts';

const PERIOD_MS = 12.5;
const traits = {
  restSamplesPerSecond: 10,
  dispenseSamplesPerSecond: 80,
  indexEdgesPerTurn: 4,
  hasMotorCurrent: true,
  hasHopperCell: false,
  nominalTurnsPerSecond: 0.8,
  nominalGramsPerTurn: 10,
  stallMilliamps: 1200,
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
const model = {
  gramsPerTurn: 10,
  gramsPerTurnSd: 1.2,
  inFlightGrams: 1.3,
  inFlightGramsSd: 0.8,
  kibbleGrams: 0.8,
  samples: 4,
};

/** A portion hardly larger than a piece; from `pawAtMs` on a cat leans on the bowl with 1.8 g. */
function runWithPaw(pawAtMs: number): Run {
  const order = { feedingId: 'f1', portionGrams: 1.3, gramsMax: 3, model, openLoop: false };
  const run = createRun({ order, traits, calibration, nowMs: 0 });
  for (let i = 1; i < 4000 && run.stage !== 'done'; i += 1) {
    const atMs = i * PERIOD_MS;
    const grams = 20 + (atMs >= pawAtMs ? 1.8 : 0);
    const bowl = Math.round(400 * grams) + (i % 5) * 4;
    step(
      run,
      { atMs, bowl, hopper: null, indexEdges: 0, motorMilliamps: 0, undervoltage: false },
      true,
    );
  }
  return run;
}

it('I7 does not call served what a paw weighs before the motor has turned', () => {
  const outcome = outcomeOf(runWithPaw(650));
  expect(outcome).toMatchObject({ turns: 0, result: 'failed', fault: null });
  expect(outcome.dose).toMatchObject({ lowGrams: 0, likelyGrams: 0 });
  // Food that had hung in the chute may have come down meanwhile: the caps count it.
  expect(outcome.dose.highGrams).toBeGreaterThanOrEqual(1.8);
});
