import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanOf, SimulatedFeeder, sdOf } from '../../../test/support/simulated-feeder.ts';
import type { FeederWorld } from './feeder-world.ts';
import { loadProfile } from './load-profile.ts';
import type { ProfileInput } from './profile.ts';

const profilePath = (name: string) => join(import.meta.dirname, `../../../profiles/${name}.json`);
const harsh = loadProfile(profilePath('harsh'));

type Act = (feeder: SimulatedFeeder) => void;
const worldActs: ((world: FeederWorld) => void)[] = [
  (world) => world.refill(300),
  (world) => world.emptyHopper(20),
  (world) => world.jam(),
  (world) => world.jam(false),
  (world) => world.bridge(),
  (world) => world.bridge(false),
  (world) => world.blockChute(),
  (world) => world.blockChute(false),
  (world) => world.leakFlap({ gramsPerSecond: 3, closesOnReverse: true }),
  (world) => world.leakFlap(null),
  (world) => world.removeBowl(),
  (world) => world.returnBowl(),
  (world) => world.returnBowl(true),
  (world) => world.addFood(25),
  (world) => world.takeFood(10),
  (world) => world.eatNow(6),
  (world) => world.leanCat(400, 3000),
  (world) => world.sitCat(5000),
  (world) => world.scareCat(),
  (world) => world.shortMotorDriver(),
  (world) => world.shortMotorDriver(false),
  (world) => world.changeKibble({ flowFactor: 1.4, pieceFactor: 2 }),
];
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.integer({ min: 1, max: 5000 }).map(
    (ms): Act =>
      (feeder) =>
        feeder.turn(ms),
  ),
  fc.integer({ min: 1, max: 1500 }).map(
    (ms): Act =>
      (feeder) =>
        feeder.turn(ms, 'reverse'),
  ),
  fc.integer({ min: 1, max: 60_000 }).map(
    (ms): Act =>
      (feeder) =>
        feeder.clock.advance(ms),
  ),
  {
    weight: 4,
    arbitrary: fc.constantFrom(...worldActs).map(
      (change): Act =>
        (feeder) =>
          change(feeder.world),
    ),
  },
  fc.constant<Act>((feeder) => {
    feeder.world.powerCut();
    feeder.clock.advance(700);
    feeder.plugIn();
  }),
  fc.boolean().map(
    (isFast): Act =>
      (feeder) =>
        feeder.board.setMode(isFast ? 'dispense' : 'rest'),
  ),
);
const story = fc.array(act, { maxLength: 50, size: 'max' });

describe('the model', () => {
  it('M1 loses and makes no food, whatever happens', () => {
    fc.assert(
      fc.property(story, fc.integer(), (acts, seed) => {
        const feeder = new SimulatedFeeder(harsh, seed);
        for (const step of acts) {
          step(feeder);
          const truth = feeder.world.truth();
          expect(truth.balanceGrams).toBeCloseTo(1500, 6);
          for (const grams of [
            truth.hopperGrams,
            truth.inFlightGrams,
            truth.bowlGrams,
            truth.landedGrams,
            truth.spilledGrams,
            truth.eatenGrams,
          ]) {
            expect(grams).toBeGreaterThanOrEqual(-1e-9);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('M3 gives the same readings for the same seed, and others for another', () => {
    fc.assert(
      fc.property(story, fc.integer(), (acts, seed) => {
        const run = (withSeed: number) => {
          const feeder = new SimulatedFeeder(harsh, withSeed);
          for (const step of acts) step(feeder);
          feeder.clock.advance(2000);
          return JSON.stringify([feeder.samples, feeder.world.truth()]);
        };
        const once = run(seed);
        expect(run(seed)).toBe(once);
        expect(run(seed + 1)).not.toBe(once);
      }),
      { numRuns: 15 },
    );
  });

  it('does not depend on how often somebody looks', () => {
    const run = (looksMs: number) => {
      const feeder = new SimulatedFeeder(harsh, 5);
      feeder.board.close();
      feeder.world.eatNow(5);
      for (let ms = 0; ms < 3_600_000; ms += looksMs) {
        feeder.clock.advance(looksMs);
        feeder.world.truth();
      }
      return feeder.world.truth();
    };
    expect(run(600_000)).toEqual(run(10_000));
  });
});

/** Mass of each of many whole turns, the hopper kept at one level. */
function gramsOfTurns(input: ProfileInput, turns: number): number[] {
  const feeder = new SimulatedFeeder({
    ...input,
    motor: { turnsPerSecond: 1, spinUpMs: 0, coastMs: 0, speedSdFraction: 0 },
    chute: { fallMsMean: 30, fallMsSd: 0, lateProbability: 0, dribblePiecesMean: 0 },
    bowl: { capacityGrams: 5000 },
  });
  return Array.from({ length: turns }, () => {
    const mark = feeder.world.truth();
    feeder.turn(1000);
    feeder.clock.advance(500);
    const grams = feeder.world.landedSince(mark);
    feeder.world.takeFood(5000);
    feeder.world.model.hopper.grams = 1250;
    return grams;
  });
}

describe('the auger', () => {
  it.each([
    [0.08, 0],
    [0.12, 0.5],
    [0.2, 0.8],
  ])('moves the mass of the profile with a spread of %d at correlation %d', (sd, correlation) => {
    const grams = gramsOfTurns(
      {
        kibble: { pieceGramsMean: 0.02 },
        auger: { gramsPerTurnMean: 6, gramsPerTurnSdFraction: sd, correlation },
      },
      3000,
    );
    expect(meanOf(grams)).toBeGreaterThan(6 * 0.97);
    expect(meanOf(grams)).toBeLessThan(6 * 1.04);
    expect(sdOf(grams) / 6).toBeGreaterThan(sd * 0.9);
    expect(sdOf(grams) / 6).toBeLessThan(sd * 1.1);
  });

  it('moves whole pieces of the mass of the profile', () => {
    const feeder = new SimulatedFeeder({
      kibble: { pieceGramsMean: 0.9, pieceSdFraction: 0.1, crumbProbability: 0 },
      chute: { fallMsSd: 0, lateProbability: 0 },
    });
    const pieces: number[] = [];
    let landed = 0;
    for (let i = 0; i < 4000; i++) {
      feeder.board.drive.run({ direction: 'forward', speed: 0.3, maxMs: 20 });
      feeder.clock.advance(20);
      const now = feeder.world.truth().landedGrams;
      if (now > landed) pieces.push(now - landed);
      landed = now;
    }
    expect(pieces.length).toBeGreaterThan(80);
    expect(meanOf(pieces)).toBeCloseTo(0.9, 1);
    expect(Math.min(...pieces)).toBeGreaterThan(0.6);
  });

  it('wears, follows the level, runs thin and then out', () => {
    const worn = new SimulatedFeeder({ auger: { wearFractionPerThousandTurns: 0.3 } });
    const served = (feeder: SimulatedFeeder) => {
      const mark = feeder.world.truth();
      feeder.turn(30_000);
      feeder.clock.advance(3000);
      return feeder.world.landedSince(mark);
    };
    const young = served(worn);
    worn.world.takeFood(500);
    worn.world.model.shaft.forwardTurns = 2000;
    expect(served(worn) / young).toBeLessThan(0.6);

    const empty = new SimulatedFeeder({ hopper: { startGrams: 12 } });
    for (let i = 0; i < 8; i++) empty.turn(30_000);
    empty.clock.advance(3000);
    expect(empty.world.truth()).toMatchObject({ hopperGrams: 0, inFlightGrams: 0 });
    expect(empty.world.truth().landedGrams).toBeCloseTo(12, 6);
    expect(empty.world.truth().turns).toBeGreaterThan(100);
  });

  it('moves nothing until the play after a reverse turn is taken up', () => {
    const feeder = new SimulatedFeeder({
      auger: { backlashTurns: 0.5 },
      chute: { dribblePiecesMean: 0, lateProbability: 0 },
      motor: { turnsPerSecond: 0.5 },
    });
    feeder.turn(2000, 'reverse');
    feeder.clock.advance(2000);
    feeder.turn(900);
    feeder.clock.advance(2000);
    expect(feeder.world.truth().landedGrams).toBe(0);
    feeder.turn(2000);
    feeder.clock.advance(2000);
    expect(feeder.world.truth().landedGrams).toBeGreaterThan(3);
  });
});

describe('the chute', () => {
  it('takes the time of the profile, and longer for pieces that hang', () => {
    const feeder = new SimulatedFeeder({
      chute: { fallMsMean: 400, fallMsSd: 20, lateProbability: 0, dribblePiecesMean: 0 },
    });
    feeder.turn(3000);
    feeder.clock.advance(100);
    const soon = feeder.world.truth().inFlightGrams;
    expect(soon).toBeGreaterThan(0.3);
    feeder.clock.advance(500);
    expect(feeder.world.truth().inFlightGrams).toBe(0);
    const late = new SimulatedFeeder({ chute: { lateProbability: 0.5, lateMsMean: 5000 } });
    late.turn(3000);
    late.clock.advance(1000);
    expect(late.world.truth().inFlightGrams).toBeGreaterThan(1);
  });

  it('dribbles after the stop, and the food is taken from the next turn', () => {
    const after = (dribblePiecesMean: number) => {
      const feeder = new SimulatedFeeder({ chute: { dribblePiecesMean, dribbleMsMean: 50 } });
      const grams = Array.from({ length: 60 }, () => {
        feeder.turn(1000);
        feeder.clock.advance(40);
        const hopper = feeder.world.truth().hopperGrams;
        feeder.clock.advance(5000);
        feeder.world.takeFood(500);
        return hopper;
      });
      return (grams.at(0) ?? 0) - (grams.at(-1) ?? 0);
    };
    expect(after(3) / after(0)).toBeCloseTo(1, 1);
    const feeder = new SimulatedFeeder({
      chute: { dribblePiecesMean: 20, fallMsMean: 30, fallMsSd: 0, dribbleMsMean: 500 },
    });
    feeder.turn(1000);
    feeder.clock.advance(150);
    const mark = feeder.world.truth();
    feeder.clock.advance(5000);
    expect(feeder.world.landedSince(mark)).toBeGreaterThan(1);
  });
});
