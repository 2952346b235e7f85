import { describe, expect, it } from 'vitest';
import { meanOf, SimulatedFeeder, sdOf } from '../../../test/support/simulated-feeder.ts';
import { COUNTS_MAX } from './counts.ts';

const clean = { bowlCell: { spikeProbability: 0, lostSampleProbability: 0 } };

describe('faults of the food', () => {
  it('FMEA-12 a jam holds the shaft: no edges, stall current, no food; reversing frees it', () => {
    const feeder = new SimulatedFeeder({ faults: { jamClearsOnReverseProbability: 1 } });
    feeder.board.setMode('dispense');
    feeder.turn(2000);
    feeder.world.jam();
    feeder.clock.advance(2000);
    const { turns, landedGrams } = feeder.world.truth();
    feeder.turn(2000);
    const held = feeder.samples.slice(-80);
    expect(meanOf(held.map((sample) => sample.motorMilliamps ?? 0))).toBeCloseTo(1200, -2);
    expect(new Set(held.map((sample) => sample.indexEdges)).size).toBe(1);
    expect(feeder.world.truth()).toMatchObject({ turns, isJammed: true });
    expect(feeder.world.landedSince({ landedGrams })).toBe(0);
    feeder.turn(1000, 'reverse');
    expect(feeder.world.truth().isJammed).toBe(false);
  });

  it('FMEA-12 jams come as often as the profile says', () => {
    const feeder = new SimulatedFeeder({ faults: { jamProbabilityPerTurn: 0.1 } });
    let jams = 0;
    for (let i = 0; i < 3000; i++) {
      feeder.turn(1000);
      if (feeder.world.truth().isJammed) jams += 1;
      feeder.world.jam(false);
      feeder.world.takeFood(500);
      feeder.world.refill(500);
    }
    const turns = feeder.world.truth().forwardTurns;
    expect(jams / turns).toBeGreaterThan(0.08);
    expect(jams / turns).toBeLessThan(0.12);
  });

  it('FMEA-13 a partial block slows the flow', () => {
    const feeder = new SimulatedFeeder();
    const served = () => {
      const mark = feeder.world.truth();
      feeder.turn(10_000);
      feeder.clock.advance(3000);
      return feeder.world.landedSince(mark);
    };
    const before = served();
    feeder.world.changeKibble({ flowFactor: 0.3 });
    expect(served() / before).toBeCloseTo(0.3, 1);
  });

  it('FMEA-14 a bridge lets the shaft turn freely and brings nothing', () => {
    const feeder = new SimulatedFeeder({ faults: { bridgeClearsOnReverseProbability: 1 } });
    feeder.world.bridge();
    feeder.turn(5000);
    feeder.clock.advance(3000);
    expect(feeder.world.truth()).toMatchObject({ landedGrams: 0, isBridged: true });
    expect(feeder.world.truth().turns).toBeGreaterThan(3);
    expect(feeder.samples.at(-1)?.indexEdges ?? 0).toBeGreaterThan(10);
    feeder.turn(1000, 'reverse');
    feeder.turn(3000);
    feeder.clock.advance(3000);
    expect(feeder.world.truth().landedGrams).toBeGreaterThan(5);
  });

  it('a blocked chute holds the food, then jams the screw; cleared, it all comes down', () => {
    const feeder = new SimulatedFeeder({ chute: { holdsGrams: 10 } });
    feeder.world.blockChute();
    feeder.turn(20_000);
    feeder.clock.advance(3000);
    const blocked = feeder.world.truth();
    expect(blocked.landedGrams).toBe(0);
    expect(blocked.inFlightGrams).toBeGreaterThan(10);
    expect(blocked.inFlightGrams).toBeLessThan(13);
    expect(blocked.turns).toBeLessThan(4);
    feeder.world.blockChute(false);
    feeder.clock.advance(3000);
    expect(feeder.world.truth().landedGrams).toBeCloseTo(blocked.inFlightGrams, 6);
    expect(feeder.world.truth().inFlightGrams).toBe(0);
    feeder.turn(10_000);
    feeder.clock.advance(3000);
    expect(feeder.world.landedSince(blocked)).toBeGreaterThan(blocked.inFlightGrams + 20);
  });

  it('a refill settles differently and so changes the mass of a turn', () => {
    const feeder = new SimulatedFeeder({
      auger: { refillShiftFraction: 0.2, gramsPerTurnSdFraction: 0.01, headEffectFraction: 0 },
    });
    const served = Array.from({ length: 40 }, () => {
      feeder.world.refill(2500);
      const mark = feeder.world.truth();
      feeder.turn(20_000);
      feeder.clock.advance(3000);
      feeder.world.takeFood(500);
      return feeder.world.landedSince(mark);
    });
    expect(sdOf(served) / meanOf(served)).toBeGreaterThan(0.1);
    expect(sdOf(served) / meanOf(served)).toBeLessThan(0.3);
  });

  it('FMEA-15 an empty hopper gives nothing until it is refilled', () => {
    const feeder = new SimulatedFeeder();
    feeder.world.emptyHopper();
    feeder.turn(5000);
    feeder.clock.advance(1000);
    expect(feeder.world.truth().landedGrams).toBe(0);
    expect(feeder.world.refill(5000)).toBe(2500);
    expect(feeder.world.refill(1)).toBe(0);
    feeder.turn(5000);
    feeder.clock.advance(1000);
    expect(feeder.world.truth().landedGrams).toBeGreaterThan(10);
  });

  it('FMEA-16 a leaking flap goes on after the stop until it is closed', () => {
    const feeder = new SimulatedFeeder(clean);
    feeder.world.leakFlap({ gramsPerSecond: 2, closesOnReverse: true });
    feeder.clock.advance(5000);
    expect(feeder.world.truth().landedGrams).toBe(0);
    feeder.turn(500);
    feeder.clock.advance(1000);
    const mark = feeder.world.truth();
    feeder.clock.advance(5000);
    expect(feeder.world.landedSince(mark)).toBeCloseTo(10, 0);
    feeder.turn(800, 'reverse');
    feeder.clock.advance(3000);
    const closed = feeder.world.truth();
    feeder.clock.advance(60_000);
    expect(feeder.world.landedSince(closed)).toBe(0);
  });

  it('FMEA-19 another food changes the mass of a turn and of a piece', () => {
    const feeder = new SimulatedFeeder();
    feeder.world.changeKibble({ flowFactor: 1.5, pieceFactor: 4 });
    feeder.turn(10_000);
    feeder.clock.advance(3000);
    expect(feeder.world.truth().landedGrams / feeder.world.truth().turns).toBeGreaterThan(7.5);
  });
});

describe('faults of the motor', () => {
  it('FMEA-04 a sagging supply shows in the samples and slows the motor', () => {
    const feeder = new SimulatedFeeder({ motor: { speedSdFraction: 0 } });
    feeder.turn(5000);
    const { turns } = feeder.world.truth();
    feeder.world.undervoltage();
    feeder.turn(5000);
    feeder.clock.advance(1000);
    expect(feeder.samples.at(-1)?.undervoltage).toBe(true);
    expect((feeder.world.truth().turns - turns) / turns).toBeCloseTo(0.6, 1);
    feeder.world.undervoltage(false);
    feeder.clock.advance(1000);
    expect(feeder.samples.at(-1)?.undervoltage).toBe(false);
  });

  it('FMEA-17 a shorted driver turns the motor unasked, until the power goes', () => {
    const feeder = new SimulatedFeeder();
    feeder.clock.advance(2000);
    feeder.world.shortMotorDriver();
    feeder.board.drive.stop();
    feeder.clock.advance(5000);
    expect(feeder.world.truth().isMotorOn).toBe(true);
    expect(feeder.samples.at(-1)?.motorMilliamps ?? 0).toBeGreaterThan(150);
    expect(feeder.world.truth().landedGrams).toBeGreaterThan(5);
    feeder.world.powerCut();
    feeder.clock.advance(1000);
    const { turns } = feeder.world.truth();
    feeder.clock.advance(5000);
    expect(feeder.world.truth()).toMatchObject({ turns, isMotorOn: false });
    feeder.plugIn();
    feeder.clock.advance(1000);
    expect(feeder.world.truth().turns).toBeGreaterThan(turns);
    feeder.world.shortMotorDriver(false);
    feeder.clock.advance(1000);
    expect(feeder.world.truth()).toMatchObject({ isMotorOn: false, isShaftMoving: false });
    expect(feeder.world.motorIntervals().map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
      [2000, 7000],
      [13_000, 14_000],
    ]);
  });

  it('a broken wire: no turn, no current', () => {
    const feeder = new SimulatedFeeder();
    feeder.world.breakMotor();
    feeder.turn(3000);
    feeder.clock.advance(1000);
    expect(feeder.world.truth()).toMatchObject({ turns: 0, motorOnMs: 0 });
    expect(Math.max(...feeder.samples.map((s) => s.motorMilliamps ?? 0))).toBeLessThan(5);
    feeder.world.breakMotor(false);
    feeder.turn(3000);
    expect(feeder.world.truth().turns).toBeGreaterThan(1);
  });

  it('FMEA-18 a motor wired the other way round turns backwards', () => {
    const feeder = new SimulatedFeeder();
    feeder.world.flipMotor();
    feeder.turn(3000);
    feeder.clock.advance(3000);
    expect(feeder.world.truth().turns).toBeLessThan(-1);
    expect(feeder.world.truth().landedGrams).toBe(0);
  });

  it('a lost index counts no more while the shaft turns', () => {
    const feeder = new SimulatedFeeder();
    feeder.turn(3000);
    feeder.clock.advance(1000);
    const edges = feeder.samples.at(-1)?.indexEdges ?? 0;
    feeder.world.loseIndex();
    feeder.turn(3000);
    feeder.clock.advance(1000);
    expect(edges).toBeGreaterThan(4);
    expect(feeder.samples.at(-1)?.indexEdges).toBe(edges);
  });
});

describe('faults of the scale', () => {
  it('FMEA-20 an unplugged cell gives nothing, at the usual pace', () => {
    const feeder = new SimulatedFeeder(clean);
    feeder.clock.advance(2000);
    feeder.world.disconnectScale();
    const silent = feeder.watch(5000);
    expect(silent.length).toBeGreaterThan(40);
    expect(silent.slice(10).every((sample) => sample.bowl === null)).toBe(true);
    feeder.world.disconnectScale(false);
    expect(
      feeder
        .watch(5000)
        .slice(10)
        .every((sample) => sample.bowl !== null),
    ).toBe(true);
  });

  it('FMEA-20 silence comes by chance and ends', () => {
    const feeder = new SimulatedFeeder({
      faults: { scaleSilentPerDay: 100, scaleSilentSecondsMean: 60 },
    });
    const samples = feeder.watch(6 * 3_600_000);
    const share = samples.filter((sample) => sample.bowl === null).length / samples.length;
    expect(share).toBeGreaterThan(0.02);
    expect(share).toBeLessThan(0.13);
  });

  it('FMEA-21 a stuck reading never changes', () => {
    const feeder = new SimulatedFeeder(clean);
    feeder.clock.advance(1000);
    feeder.world.stickScale();
    feeder.world.placeWeight(300);
    const stuck = feeder.watch(10_000).slice(10);
    expect(new Set(stuck.map((sample) => sample.bowl)).size).toBe(1);
    feeder.world.stickScale(false);
    expect(meanOf(feeder.grams(feeder.watch(3000).slice(10)))).toBeCloseTo(300, 0);
  });

  it('FMEA-22 a saturated converter stands at its end', () => {
    const feeder = new SimulatedFeeder(clean);
    feeder.world.saturateScale();
    expect(feeder.watch(3000).every((sample) => sample.bowl === COUNTS_MAX)).toBe(true);
    const loaded = new SimulatedFeeder({ bowlCell: { ...clean.bowlCell, saturationGrams: 3000 } });
    loaded.world.sitCat(20_000);
    expect(loaded.watch(5000).every((sample) => sample.bowl === COUNTS_MAX)).toBe(true);
  });

  it('loses its span or its sign', () => {
    const feeder = new SimulatedFeeder(clean);
    feeder.world.shiftSpan(1.3);
    expect(feeder.world.trueCalibration().countsPerGram).toBeCloseTo(557.7);
    const before = feeder.watch(3000).at(-1)?.bowl ?? 0;
    feeder.world.placeWeight(100);
    expect((feeder.watch(3000).at(-1)?.bowl ?? 0) - before).toBeCloseTo(55_770, -3);
    feeder.world.flipScale();
    expect(feeder.world.trueCalibration().countsPerGram).toBeLessThan(0);
    expect(meanOf(feeder.grams(feeder.watch(3000).slice(10)))).toBeCloseTo(100, 0);
  });
});

describe('the bowl and the cat', () => {
  it('FMEA-27 without its bowl the cell reads less, and food falls on the floor', () => {
    const feeder = new SimulatedFeeder(clean);
    feeder.world.addFood(30);
    feeder.world.removeBowl();
    expect(meanOf(feeder.grams(feeder.watch(3000).slice(10)))).toBeCloseTo(-250, -1);
    feeder.turn(3000);
    feeder.clock.advance(3000);
    const away = feeder.world.truth();
    expect(away).toMatchObject({ landedGrams: 0, bowlGrams: 30 });
    expect(away.spilledGrams).toBeGreaterThan(5);
    feeder.world.returnBowl();
    expect(meanOf(feeder.grams(feeder.watch(3000).slice(10)))).toBeCloseTo(30, 0);
    feeder.world.removeBowl();
    feeder.world.returnBowl(true);
    expect(feeder.world.truth()).toMatchObject({ bowlGrams: 0, handRemovedGrams: 30 });
  });

  it('food above the rim falls beside the bowl', () => {
    const feeder = new SimulatedFeeder({ bowl: { capacityGrams: 20 } });
    feeder.turn(15_000);
    feeder.clock.advance(3000);
    expect(feeder.world.truth().bowlGrams).toBeLessThanOrEqual(20);
    expect(feeder.world.truth().spilledGrams).toBeGreaterThan(10);
  });

  it('FMEA-25 a cat leans: a force that comes, sways and goes', () => {
    const feeder = new SimulatedFeeder(clean);
    feeder.clock.advance(2000);
    feeder.world.leanCat(400, 5000);
    const during = feeder.grams(feeder.watch(5000)).slice(12, 45);
    expect(meanOf(during)).toBeGreaterThan(300);
    expect(sdOf(during)).toBeGreaterThan(3);
    feeder.clock.advance(20_000);
    expect(Math.abs(meanOf(feeder.grams(feeder.watch(5000))))).toBeLessThan(1);
    expect(feeder.world.truth()).toMatchObject({ isCatPresent: false, eatenGrams: 0 });
  });

  it('FMEA-26 a cat eats what it wants, at its pace, and nudges the bowl', () => {
    const feeder = new SimulatedFeeder(clean);
    feeder.world.addFood(20);
    feeder.clock.advance(3000);
    feeder.world.eatNow(6);
    const readings = feeder.watch(30_000);
    expect(sdOf(feeder.grams(readings))).toBeGreaterThan(1);
    expect(feeder.world.truth().eatenGrams).toBeGreaterThan(2);
    feeder.clock.advance(120_000);
    expect(feeder.world.truth()).toMatchObject({ isCatPresent: false });
    expect(feeder.world.truth().eatenGrams).toBeCloseTo(6, 6);
    expect(feeder.world.truth().bowlGrams).toBeCloseTo(14, 6);
  });

  it('a cat eats no more than there is, looks a few times and goes', () => {
    const feeder = new SimulatedFeeder();
    feeder.world.addFood(2);
    feeder.world.eatNow(30);
    feeder.clock.advance(120_000);
    expect(feeder.world.truth()).toMatchObject({
      bowlGrams: 0,
      eatenGrams: 2,
      isCatPresent: false,
    });
  });

  it('a cat comes as often as the profile says, and at the sound of the motor', () => {
    const feeder = new SimulatedFeeder({ cat: { visitsPerDay: 10, mealGramsMean: 3 } });
    feeder.board.close();
    for (let day = 0; day < 60; day++) {
      feeder.world.addFood(60);
      feeder.clock.advance(24 * 3_600_000);
      feeder.world.takeFood(500);
    }
    const perDay = feeder.world.truth().eatenGrams / 60;
    expect(perDay).toBeGreaterThan(22);
    expect(perDay).toBeLessThan(38);

    const called = new SimulatedFeeder({ cat: { arrivesWhileDispensingProbability: 1 } });
    called.clock.advance(100_000);
    called.turn(1000);
    called.clock.advance(8000);
    expect(called.world.truth().isCatPresent).toBe(true);
    called.world.scareCat();
    expect(called.world.truth().isCatPresent).toBe(false);
  });

  it('a cat at the bowl makes pieces bounce onto the floor', () => {
    const feeder = new SimulatedFeeder({ cat: { deflectProbability: 0.5 } });
    feeder.world.sitCat(60_000);
    feeder.turn(10_000);
    feeder.clock.advance(3000);
    const { spilledGrams, landedGrams } = feeder.world.truth();
    expect(spilledGrams / (spilledGrams + landedGrams)).toBeCloseTo(0.5, 0);
    expect(spilledGrams).toBeGreaterThan(5);
  });
});
