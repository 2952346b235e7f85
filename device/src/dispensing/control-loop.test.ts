import {
  FEEDING_MS_CEILING,
  type KibbleModel,
  MOTOR_RUN_MS_CEILING,
  MOTOR_SLICE_MS_MAX,
  TURNS_CEILING,
} from '@cat-feeder/shared';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../platform/random.ts';
import type { Sample } from '../weighing/sample.ts';
import type { BoardTraits } from './control-board.ts';
import { cancelRun, step } from './control-loop.ts';
import { motionStages } from './dispense-machine.ts';
import { outcomeOf } from './outcome.ts';
import { createRun, type Run } from './run.ts';

const traits: BoardTraits = {
  restSamplesPerSecond: 10,
  dispenseSamplesPerSecond: 80,
  indexEdgesPerTurn: 4,
  hasMotorCurrent: true,
  hasHopperCell: false,
  nominalTurnsPerSecond: 0.8,
  nominalGramsPerTurn: 6,
  stallMilliamps: 1200,
  ratedGrams: 5000,
  nominalCountsPerGram: 400,
};
const model: KibbleModel = {
  gramsPerTurn: 6,
  gramsPerTurnSd: 0.4,
  inFlightGrams: 1.5,
  inFlightGramsSd: 0.3,
  kibbleGrams: 0.2,
  samples: 8,
};
const calibration = {
  zeroCounts: 0,
  countsPerGram: 400,
  noiseGrams: 0.05,
  taredAtMs: 1,
  spannedAtMs: 1,
};
const PERIOD_MS = 12.5;

function newRun(more: Partial<Parameters<typeof createRun>[0]['order']> = {}): Run {
  const order = {
    feedingId: 'f1',
    portionGrams: 20,
    gramsMax: 25,
    model,
    openLoop: false,
    ...more,
  };
  return createRun({ order, traits, calibration, nowMs: 0 });
}

const bowl = fc.oneof(
  fc.constant(null),
  fc.integer({ min: -8_388_608, max: 8_388_607 }),
  fc.integer({ min: -2000, max: 40_000 }),
  fc.constantFrom(8_388_607, -8_388_608, Number.NaN, Number.POSITIVE_INFINITY),
);
/** Runs of readings of one kind, so that the loop gets further than its first doubts. */
const stretch = fc.record({
  samples: fc.integer({ min: 1, max: 250 }),
  level: fc.integer({ min: -2000, max: 40_000 }),
  noise: fc.integer({ min: 0, max: 400 }),
  slope: fc.integer({ min: -60, max: 60 }),
  garbage: bowl,
  garbageEvery: fc.constantFrom(0, 1, 3, 50),
  edgesPerSample: fc.constantFrom(0, 0, 0.03, 0.04, 5),
  milliamps: fc.constantFrom(null, 0, 250, 1200, Number.NaN),
  undervoltage: fc.boolean(),
  mayMove: fc.boolean(),
});

describe('the control loop', () => {
  it('L1 L2 L3 passes no bound on turns, motor time, slices and time, whatever the samples say', () => {
    const wild = fc.record({
      portionGrams: fc.double({ min: -10, max: 1000, noNaN: false }),
      gramsMax: fc.double({ min: -10, max: 1000, noNaN: false }),
      openLoop: fc.boolean(),
    });
    fc.assert(
      fc.property(
        wild,
        fc.array(stretch, { minLength: 1, maxLength: 40 }),
        fc.integer(),
        (order, stretches, seed) => {
          const run = newRun(order);
          let atMs = 0;
          let edges = 0;
          let random = seed >>> 0;
          const noise = () => {
            random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
            return random / 2 ** 32 - 0.5;
          };
          for (const part of stretches) {
            let level = part.level;
            for (let i = 0; i < part.samples; i += 1) {
              atMs += PERIOD_MS;
              level += part.slope;
              edges += part.edgesPerSample;
              const isGarbage = part.garbageEvery > 0 && i % part.garbageEvery === 0;
              const counts = isGarbage ? part.garbage : Math.round(level + part.noise * noise());
              const sample: Sample = {
                atMs,
                bowl: counts,
                hopper: null,
                indexEdges: Math.floor(edges),
                motorMilliamps: part.milliamps,
                undervoltage: part.undervoltage && i % 7 === 0,
              };
              const turnsBefore = run.meter.forwardTurns;
              const command = step(run, sample, part.mayMove);
              if (command.kind === 'run') {
                expect(motionStages.has(run.stage)).toBe(true);
                expect(part.mayMove && !sample.undervoltage && run.closing === null).toBe(true);
                expect(command.maxMs).toBeLessThanOrEqual(MOTOR_SLICE_MS_MAX);
                expect(command.maxMs).toBeGreaterThanOrEqual(1);
                expect(command.speed).toBe(1);
                if (command.direction === 'forward') {
                  expect(turnsBefore).toBeLessThan(run.limits.forwardTurnsMax);
                }
                if (counts === null) expect(run.isBlind).toBe(true);
              }
              if (run.stage === 'done') expect(command.kind).toBe('stop');
            }
          }
          expect(run.limits.forwardTurnsMax).toBeLessThanOrEqual(TURNS_CEILING);
          expect(run.limits.motorMsMax).toBeLessThanOrEqual(MOTOR_RUN_MS_CEILING);
          expect(run.meter.motorMs).toBeLessThanOrEqual(run.limits.motorMsMax + 2 * PERIOD_MS);
          expect(run.attempts).toBeLessThanOrEqual(run.limits.attemptsMax);
          const { dose } = outcomeOf(run);
          expect(dose.lowGrams).toBeGreaterThanOrEqual(0);
          expect(dose.lowGrams).toBeLessThanOrEqual(dose.likelyGrams);
          expect(dose.likelyGrams).toBeLessThanOrEqual(dose.highGrams);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('L4 ends in time on samples that never come to rest', () => {
    const run = newRun();
    let atMs = 0;
    for (; atMs < FEEDING_MS_CEILING + 1000 && run.stage !== 'done'; atMs += PERIOD_MS) {
      const counts = Math.round(4000 * Math.sin(atMs / 90)) + 8000;
      step(run, sampleAt(atMs, counts), true);
    }
    expect(run.stage).toBe('done');
    expect(atMs).toBeLessThanOrEqual(FEEDING_MS_CEILING);
  });

  it('keeps still when it is cancelled before anything moved', () => {
    const run = newRun();
    step(run, sampleAt(0, 100), true);
    cancelRun(run);
    expect(step(run, sampleAt(PERIOD_MS, 101), true).kind).toBe('stop');
    expect(run.stage).toBe('done');
    expect(outcomeOf(run)).toMatchObject({ result: 'cancelled', turns: 0 });
    expect(outcomeOf(run).dose).toMatchObject({ lowGrams: 0, likelyGrams: 0 });
  });

  it('FMEA-16 sees food that flows by itself although now and then a reading is missing', () => {
    const run = newRun();
    const random = new SeededRandom('flows by itself');
    for (let n = 0; n < 300; n += 1) {
      const counts = 12_000 + n * 0.2 * 400 + 40 * random.gaussian();
      const sample = sampleAt(n * 100, Math.round(counts));
      step(run, n % 7 === 0 ? { ...sample, bowl: null } : sample, true);
    }
    expect(run.closing?.fault).toBe('overflow');
  });

  it('serves nothing for an order without mass', () => {
    const run = newRun({ portionGrams: Number.NaN });
    for (let atMs = 0; atMs < 5000; atMs += PERIOD_MS) {
      expect(step(run, sampleAt(atMs, 100 + ((atMs * 7) % 13)), true).kind).not.toBe('run');
    }
  });
});

function sampleAt(atMs: number, counts: number): Sample {
  return {
    atMs,
    bowl: counts,
    hopper: null,
    indexEdges: 0,
    motorMilliamps: 0,
    undervoltage: false,
  };
}
