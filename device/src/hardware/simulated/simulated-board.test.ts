import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { meanOf, SimulatedFeeder, sdOf } from '../../../test/support/simulated-feeder.ts';
import { VirtualClock } from '../../platform/virtual-clock.ts';
import type { Sample } from '../../weighing/sample.ts';
import { FeederWorld } from './feeder-world.ts';
import { parseProfile } from './load-profile.ts';
import { SimulatedBoard } from './simulated-board.ts';

const exact = { bowlCell: { sampleRateErrorFraction: 0, lostSampleProbability: 0 } };

describe('samples', () => {
  it('come once a second at rest, ten in a batch', () => {
    const feeder = new SimulatedFeeder(exact);
    feeder.clock.advance(10_000);
    expect(feeder.batches).toEqual([7, 10, 10, 10, 10, 10, 10, 10, 10, 10]);
  });

  it('come one by one while dispensing, after the converter has settled', () => {
    const feeder = new SimulatedFeeder(exact);
    feeder.clock.advance(1000);
    feeder.board.setMode('dispense');
    const samples = feeder.watch(1000);
    expect(samples).toHaveLength(77);
    expect(samples[0]?.atMs).toBeCloseTo(1050);
    expect(feeder.batches.slice(1).every((length) => length === 1)).toBe(true);
  });

  it('are in order of time, never from the future, at the rate of the traits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 3000 })), { maxLength: 20 }),
        fc.integer({ min: 0, max: 999 }),
        (turns, seed) => {
          const feeder = new SimulatedFeeder({}, seed);
          for (const [isFast, ms] of turns) {
            feeder.board.setMode(isFast ? 'dispense' : 'rest');
            feeder.clock.advance(ms);
            expect(feeder.samples.at(-1)?.atMs ?? 0).toBeLessThanOrEqual(
              feeder.clock.monoMs() + 0.001,
            );
          }
          const times = feeder.samples.map((sample) => sample.atMs);
          expect(times.every((atMs, i) => i === 0 || atMs > (times[i - 1] ?? 0))).toBe(true);
        },
      ),
    );
    const feeder = new SimulatedFeeder({ bowlCell: { sampleRateErrorFraction: 0.05 } });
    feeder.board.setMode('dispense');
    const count = feeder.watch(60_000).length;
    expect(count).toBeGreaterThan(4800 * 0.94);
    expect(count).toBeLessThan(4800 * 1.06);
  });

  it('may be thinned out for long simulations', () => {
    const clock = new VirtualClock();
    const world = new FeederWorld({ profile: parseProfile({}), clock, seed: 1 });
    const board = new SimulatedBoard({
      world,
      clock,
      restBatchMs: 60_000,
      restSamplesPerBatch: 4,
    });
    const batches: (readonly Sample[])[] = [];
    board.onSamples((batch) => batches.push(batch));
    clock.advance(180_000);
    expect(batches.map((batch) => batch.length)).toEqual([4, 4, 4]);
    expect(batches[1]?.map((sample) => sample.atMs)).toEqual([75_000, 90_000, 105_000, 120_000]);
  });

  it('show the state of their own time, whenever they are delivered', () => {
    const feeder = new SimulatedFeeder(exact);
    feeder.clock.advance(1000);
    const before = feeder.samples.length;
    feeder.clock.advance(550);
    feeder.world.placeWeight(100);
    feeder.clock.advance(450);
    const grams = feeder.grams(feeder.samples.slice(before));
    expect(grams.slice(0, 5).every((value) => Math.abs(value) < 1)).toBe(true);
    expect(grams.slice(9).every((value) => Math.abs(value - 100) < 1)).toBe(true);
  });

  it('count the time of the boot, not of the world', () => {
    const worldClock = new VirtualClock({ monoMs: 5_000_000 });
    const bootClock = new VirtualClock({ monoMs: 70 });
    const world = new FeederWorld({ profile: parseProfile(exact), clock: worldClock, seed: 1 });
    const board = new SimulatedBoard({ world, clock: bootClock });
    const samples: Sample[] = [];
    board.onSamples((batch) => samples.push(...batch));
    worldClock.advance(1000);
    bootClock.advance(1000);
    expect(samples[0]?.atMs).toBeCloseTo(470);
    board.drive.run({ direction: 'forward', speed: 1, maxMs: 100 });
    expect(world.motorIntervals()).toEqual([{ fromMs: 1000, toMs: 1100 }]);
  });

  it('carry null for what is not fitted', () => {
    const bare = new SimulatedFeeder({
      motor: { indexEdgesPerTurn: null, hasCurrentSensor: false },
    });
    expect(bare.watch(1000)[0]).toMatchObject({
      hopper: null,
      indexEdges: null,
      motorMilliamps: null,
    });
    expect(bare.board.traits).toMatchObject({ indexEdgesPerTurn: null, stallMilliamps: null });
    const full = new SimulatedFeeder({ hopper: { hasCell: true, cellNoiseGrams: 0 } });
    const before = full.watch(1000)[0]?.hopper ?? 0;
    full.turn(5000);
    full.clock.advance(3000);
    const lost = (before - (full.samples.at(-1)?.hopper ?? 0)) / 107;
    expect(lost).toBeCloseTo(1500 - full.world.truth().hopperGrams, 0);
  });
});

describe('the bowl cell', () => {
  const steady = {
    wanderGramsPerRootHour: 0,
    gramsPerCelsius: 0,
    creepFraction: 0,
    spikeProbability: 0,
    lostSampleProbability: 0,
  };

  it('has the noise of the profile at both rates, in whole counts', () => {
    const feeder = new SimulatedFeeder({ bowlCell: { ...steady, noiseGrams: 0.06 } });
    const rest = feeder.watch(300_000);
    feeder.board.setMode('dispense');
    const fast = feeder.watch(60_000);
    expect(sdOf(feeder.grams(rest))).toBeCloseTo(0.06, 2);
    expect(sdOf(feeder.grams(fast))).toBeCloseTo(0.06 * 1.8, 2);
    expect(rest.every((sample) => Number.isInteger(sample.bowl))).toBe(true);
  });

  it('gives spikes and gaps as often as the profile says', () => {
    const feeder = new SimulatedFeeder({
      bowlCell: { ...steady, spikeProbability: 0.02, lostSampleProbability: 0.05 },
    });
    const samples = feeder.watch(1_000_000);
    const lost = samples.filter((sample) => sample.bowl === null).length / samples.length;
    const far = feeder.grams(samples).filter((grams) => Math.abs(grams) > 10).length;
    expect(lost).toBeCloseTo(0.05, 2);
    expect(far / samples.length).toBeCloseTo(0.02, 2);
  });

  it('creeps, drifts and follows the room', () => {
    const creeping = new SimulatedFeeder({
      bowlCell: { ...steady, creepFraction: 0.01, creepTauSeconds: 60 },
    });
    creeping.clock.advance(1000);
    const { zeroCounts, countsPerGram } = creeping.world.trueCalibration();
    creeping.world.placeWeight(1000);
    const read = () =>
      meanOf(creeping.watch(2000).map((s) => ((s.bowl ?? 0) - zeroCounts) / countsPerGram));
    creeping.clock.advance(1000);
    expect(read()).toBeLessThan(1002);
    creeping.clock.advance(600_000);
    expect(read()).toBeCloseTo(1010, 0);

    const drifting = new SimulatedFeeder({ bowlCell: { ...steady, driftGramsPerHour: 2 } });
    const before = drifting.world.trueCalibration().zeroCounts;
    drifting.clock.advance(3_600_000);
    expect((drifting.world.trueCalibration().zeroCounts - before) / 429).toBeCloseTo(2, 1);

    const warming = new SimulatedFeeder({
      bowlCell: { ...steady, gramsPerCelsius: 0.5, temperatureAmplitudeCelsius: 4 },
    });
    const zeros = Array.from({ length: 24 }, () => {
      warming.clock.advance(3_600_000);
      return warming.world.trueCalibration().zeroCounts / 429;
    });
    expect(Math.max(...zeros) - Math.min(...zeros)).toBeCloseTo(4, 0);
  });

  it('settles within four conversions and feels pieces land', () => {
    const feeder = new SimulatedFeeder({ bowlCell: { ...steady, noiseGrams: 0 } });
    feeder.board.setMode('dispense');
    feeder.clock.advance(1000);
    feeder.world.placeWeight(200);
    const grams = feeder.grams(feeder.watch(75));
    expect(grams[0]).toBeLessThan(100);
    expect(grams[4]).toBeCloseTo(200, 1);
    feeder.turn(1000);
    feeder.clock.advance(5000);
    const peak = Math.max(...feeder.grams(feeder.samples));
    expect(peak).toBeGreaterThan(200 + feeder.world.truth().bowlGrams + 0.1);
  });

  it('is mounted either way round', () => {
    const feeder = new SimulatedFeeder({ bowlCell: { countsPerGram: -214 } });
    const before = feeder.watch(1000).at(-1)?.bowl ?? 0;
    feeder.world.placeWeight(500);
    expect((feeder.watch(2000).at(-1)?.bowl ?? 0) - before).toBeCloseTo(-107_000, -3);
    expect(feeder.board.traits.nominalCountsPerGram).toBeLessThan(0);
  });
});

describe('the motor', () => {
  it('I4 stands still when its slice has run out, though nobody stops it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 250 }), fc.integer({ min: 0, max: 400 })), {
          minLength: 1,
          maxLength: 30,
        }),
        (slices) => {
          const feeder = new SimulatedFeeder();
          const allowed: [number, number][] = [];
          for (const [maxMs, pauseMs] of slices) {
            feeder.board.drive.run({ direction: 'forward', speed: 0.7, maxMs });
            allowed.push([feeder.clock.monoMs(), feeder.clock.monoMs() + maxMs]);
            feeder.clock.advance(pauseMs);
          }
          feeder.clock.advance(300);
          expect(feeder.world.truth()).toMatchObject({ isMotorOn: false, isShaftMoving: false });
          const totalMs = feeder.world
            .motorIntervals()
            .reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
          expect(feeder.world.truth().motorOnMs).toBeCloseTo(totalMs, 6);
          for (const { fromMs, toMs } of feeder.world.motorIntervals()) {
            const covers = (ms: number) => allowed.some(([from, to]) => from <= ms && ms <= to);
            expect(covers(fromMs) && covers(toMs)).toBe(true);
          }
        },
      ),
    );
  });

  it('a new slice replaces what is left of the old one', () => {
    const feeder = new SimulatedFeeder();
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    feeder.clock.advance(100);
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 20 });
    feeder.clock.advance(1000);
    expect(feeder.world.motorIntervals()).toEqual([{ fromMs: 0, toMs: 120 }]);
  });

  it('stops at once, then coasts', () => {
    const feeder = new SimulatedFeeder({ motor: { coastMs: 80 } });
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    feeder.clock.advance(200);
    feeder.board.drive.stop();
    feeder.board.drive.stop();
    expect(feeder.world.truth()).toMatchObject({ isMotorOn: false, isShaftMoving: true });
    feeder.clock.advance(100);
    expect(feeder.world.truth().isShaftMoving).toBe(false);
  });

  it.each([
    [0, 1],
    [251, 1],
    [Number.NaN, 1],
    [100, 0],
    [100, 1.1],
    [100, Number.NaN],
  ])('refuses a slice of %d ms at speed %d', (maxMs, speed) => {
    const feeder = new SimulatedFeeder();
    expect(() => feeder.board.drive.run({ direction: 'forward', speed, maxMs })).toThrow('slice');
    feeder.clock.advance(1000);
    expect(feeder.world.truth().turns).toBe(0);
  });

  it('turns at its speed, counts every edge, and draws its current', () => {
    const feeder = new SimulatedFeeder({
      motor: { turnsPerSecond: 0.5, speedSdFraction: 0, indexEdgesPerTurn: 10 },
    });
    feeder.board.setMode('dispense');
    feeder.turn(20_000);
    const milliamps = feeder.samples.slice(-400).map((sample) => sample.motorMilliamps ?? 0);
    feeder.clock.advance(1000);
    const { turns } = feeder.world.truth();
    expect(turns).toBeCloseTo(10, 1);
    const last = feeder.samples.at(-1);
    expect(Math.abs((last?.indexEdges ?? 0) - turns * 10)).toBeLessThan(1);
    expect(meanOf(milliamps)).toBeCloseTo(250, -1);
    expect(last?.motorMilliamps ?? 0).toBeLessThan(5);
    feeder.turn(2000, 'reverse');
    feeder.clock.advance(1000);
    expect(feeder.world.truth().turns).toBeCloseTo(9, 1);
    expect(Math.abs((feeder.samples.at(-1)?.indexEdges ?? 0) - 110)).toBeLessThanOrEqual(1);
  });
});

describe('a board', () => {
  it('never turns its motor again once it is closed, and falls silent', () => {
    const feeder = new SimulatedFeeder();
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    feeder.clock.advance(100);
    feeder.board.close();
    feeder.board.close();
    expect(feeder.world.truth().isMotorOn).toBe(false);
    feeder.clock.advance(1000);
    const { turns } = feeder.world.truth();
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    feeder.board.setMode('dispense');
    expect(feeder.watch(5000)).toEqual([]);
    expect(feeder.world.truth().turns).toBe(turns);
    expect(feeder.clock.pendingNames()).toEqual([]);
  });

  it('I4 has no say any more once another one drives the feeder', () => {
    const feeder = new SimulatedFeeder();
    const closed = feeder.board;
    closed.close();
    const cut = feeder.plugIn();
    feeder.world.powerCut();
    feeder.plugIn();
    for (const dead of [closed, cut]) {
      dead.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
      dead.drive.stop();
      dead.close();
    }
    feeder.clock.advance(1000);
    expect(feeder.world.truth()).toMatchObject({ turns: 0, motorOnMs: 0 });
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    for (const dead of [closed, cut]) dead.drive.stop();
    feeder.clock.advance(1000);
    expect(feeder.world.truth().motorOnMs).toBe(250);
  });

  it('I4 comes up with the motor off, however short the power cut', () => {
    const feeder = new SimulatedFeeder();
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    feeder.clock.advance(50);
    feeder.world.powerCut();
    feeder.plugIn();
    feeder.clock.advance(1000);
    expect(feeder.world.motorIntervals()).toEqual([{ fromMs: 0, toMs: 50 }]);
    expect(feeder.world.truth().motorOnMs).toBe(50);
  });

  it('changes its pace at rest when a simulator asks for it', () => {
    const feeder = new SimulatedFeeder(exact);
    feeder.board.paceRest(60_000, 4);
    feeder.clock.advance(120_000);
    feeder.board.paceRest(1000, null);
    feeder.clock.advance(3000);
    expect(feeder.batches).toEqual([4, 4, 7, 10, 10]);
  });

  it('shares its feeder with no other', () => {
    const feeder = new SimulatedFeeder();
    expect(() => feeder.plugIn()).toThrow('pins are taken');
    feeder.board.close();
    expect(feeder.plugIn().traits).toBe(feeder.world.traits);
    feeder.clock.advance(1000);
    expect(feeder.samples.length).toBeGreaterThan(0);
  });

  it('dies with the power; what falls still lands, and the next one carries on', () => {
    const feeder = new SimulatedFeeder({ chute: { fallMsMean: 500 } });
    feeder.turn(3000);
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    const cut = feeder.world.truth();
    feeder.world.powerCut();
    expect(feeder.world.truth().isMotorOn).toBe(false);
    expect(cut.inFlightGrams).toBeGreaterThan(0);
    feeder.board.drive.run({ direction: 'forward', speed: 1, maxMs: 250 });
    expect(feeder.watch(10_000)).toEqual([]);
    const dark = feeder.world.truth();
    expect(dark.inFlightGrams).toBe(0);
    expect(feeder.world.landedSince(cut)).toBeGreaterThanOrEqual(cut.inFlightGrams - 1e-9);
    expect(dark.motorOnMs).toBe(cut.motorOnMs);
    feeder.plugIn();
    const samples = feeder.watch(3000);
    expect(meanOf(feeder.grams(samples))).toBeCloseTo(dark.bowlGrams, 0);
    expect(samples.at(-1)?.indexEdges).toBe(0);
  });

  it('is described with the errors of datasheets, inside what the traits promise', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { traits } = new SimulatedFeeder({}, seed).world;
        expect(Math.abs(traits.nominalTurnsPerSecond / 0.7 - 1)).toBeLessThan(0.3);
        expect(Math.abs(Math.log(traits.nominalGramsPerTurn / 6))).toBeLessThan(Math.log(2.5));
        expect(Math.abs(traits.nominalCountsPerGram / 429 - 1)).toBeLessThan(0.2);
        expect(Math.abs((traits.stallMilliamps ?? 0) / 1200 - 1)).toBeLessThan(0.25);
        expect(traits.nominalGramsPerTurn).not.toBe(6);
      }),
    );
  });
});
