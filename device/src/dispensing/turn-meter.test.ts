import { describe, expect, it } from 'vitest';
import type { BoardTraits } from './control-board.ts';
import type { MotorCommand } from './motor-command.ts';
import { TurnMeter } from './turn-meter.ts';

const traits: BoardTraits = {
  restSamplesPerSecond: 10,
  dispenseSamplesPerSecond: 80,
  indexEdgesPerTurn: 4,
  hasMotorCurrent: true,
  hasHopperCell: false,
  nominalTurnsPerSecond: 0.8,
  nominalGramsPerTurn: 6,
  stallMilliamps: 1000,
  ratedGrams: 5000,
  nominalCountsPerGram: 400,
};
const PERIOD_MS = 12.5;
const forward: MotorCommand = { kind: 'run', direction: 'forward', speed: 1, maxMs: 100 };

/** Drives a shaft that truly turns at `turnsPerSecond` and shows it through its index. */
function drive(
  meter: TurnMeter,
  forMs: number,
  truth: { turnsPerSecond: number; milliamps: number | null; hasIndex: boolean },
  fromMs = 0,
): void {
  for (let atMs = fromMs; atMs < fromMs + forMs; atMs += PERIOD_MS) {
    meter.commanded(forward, atMs);
    const turns = (truth.turnsPerSecond * (atMs + PERIOD_MS)) / 1000;
    meter.observe({
      atMs: atMs + PERIOD_MS,
      bowl: null,
      hopper: null,
      indexEdges: truth.hasIndex ? Math.floor(turns * 4) : null,
      motorMilliamps: truth.milliamps,
      undervoltage: false,
    });
  }
}

describe('the turn meter', () => {
  it('follows the index where the datasheet is wrong about the speed', () => {
    const meter = new TurnMeter(traits);
    drive(meter, 10_000, { turnsPerSecond: 0.62, milliamps: 250, hasIndex: true });
    expect(meter.forwardTurns).toBeCloseTo(6.2, 0);
    expect(Math.abs(meter.forwardTurns - 6.2)).toBeLessThan(0.2);
    expect(meter.ratePerSecond).toBeCloseTo(0.62, 1);
    expect(meter.motorMs).toBeCloseTo(10_000, -2);
  });

  it('goes by the clock without an index', () => {
    const meter = new TurnMeter({ ...traits, indexEdgesPerTurn: null, stallMilliamps: null });
    drive(meter, 5000, { turnsPerSecond: 0.8, milliamps: null, hasIndex: false });
    expect(meter.forwardTurns).toBeCloseTo(4, 1);
    expect(meter.isStalled).toBe(false);
  });

  it('knows a stall by missing edges and by the current', () => {
    const byEdges = new TurnMeter({ ...traits, stallMilliamps: null });
    drive(byEdges, 2000, { turnsPerSecond: 0, milliamps: null, hasIndex: true });
    expect(byEdges.isStalled).toBe(true);
    expect(byEdges.forwardTurns).toBeLessThan(0.5);
    const byCurrent = new TurnMeter({ ...traits, indexEdgesPerTurn: null });
    drive(byCurrent, 600, { turnsPerSecond: 0, milliamps: 980, hasIndex: false });
    expect(byCurrent.isStalled).toBe(true);
  });

  it('bounds by the clock what a lost index does not show, and promises none of it', () => {
    const meter = new TurnMeter({ ...traits, stallMilliamps: null });
    drive(meter, 2000, { turnsPerSecond: 0, milliamps: null, hasIndex: true });
    expect(meter.mostTurns).toBeCloseTo(1.6, 1);
    expect(meter.forwardTurns - meter.doubtTurns).toBeCloseTo(0, 6);
  });

  it('goes by the clock where the current shows that the shaft turns without edges', () => {
    const meter = new TurnMeter(traits);
    drive(meter, 4000, { turnsPerSecond: 0, milliamps: 250, hasIndex: true });
    expect(meter.isStalled).toBe(false);
    expect(meter.forwardTurns).toBeCloseTo(3.2, 1);
    expect(meter.forwardTurns - meter.doubtTurns).toBeLessThan(0.35);
  });

  it('holds nothing hidden while edges come, nor while the current shows a held shaft', () => {
    const turning = new TurnMeter(traits);
    drive(turning, 5000, { turnsPerSecond: 0.7, milliamps: 250, hasIndex: true });
    expect(turning.hiddenTurns).toBeLessThan(0.1);
    expect(turning.doubtTurns).toBeLessThan(0.3);
    const held = new TurnMeter(traits);
    drive(held, 2000, { turnsPerSecond: 0, milliamps: 990, hasIndex: true });
    expect(held.hiddenTurns).toBeLessThan(0.1);
  });

  it('knows a motor that draws nothing', () => {
    const meter = new TurnMeter(traits);
    drive(meter, 900, { turnsPerSecond: 0, milliamps: 3, hasIndex: true });
    expect(meter.isDead).toBe(true);
  });

  it('takes no turns for made while the motor draws nothing, and those before for made', () => {
    const meter = new TurnMeter({ ...traits, indexEdgesPerTurn: null });
    drive(meter, 1000, { turnsPerSecond: 0.8, milliamps: 250, hasIndex: false });
    const { forwardTurns } = meter;
    expect(meter.standingTurns).toBe(0);
    const later = { turnsPerSecond: 0, milliamps: 2, hasIndex: false };
    drive(meter, 900, later, 1000);
    meter.clearStall();
    drive(meter, 200, later, 1900);
    expect(meter.standingTurns).toBeCloseTo(meter.forwardTurns - forwardTurns, 6);
    expect(meter.standingTurns).toBeGreaterThan(0.8);
    expect(meter.hasTurned).toBe(true);
  });

  it('has a sign that the shaft turned by an edge or by its current, never by the clock alone', () => {
    const byClock = new TurnMeter({ ...traits, indexEdgesPerTurn: null, stallMilliamps: null });
    drive(byClock, 3000, { turnsPerSecond: 0.8, milliamps: null, hasIndex: false });
    expect(byClock.hasTurned).toBe(false);
    const held = new TurnMeter({ ...traits, indexEdgesPerTurn: null });
    drive(held, 3000, { turnsPerSecond: 0, milliamps: 980, hasIndex: false });
    expect(held.hasTurned).toBe(false);
    const byCurrent = new TurnMeter({ ...traits, indexEdgesPerTurn: null });
    drive(byCurrent, 1000, { turnsPerSecond: 0.8, milliamps: 250, hasIndex: false });
    expect(byCurrent.hasTurned).toBe(true);
    const byEdge = new TurnMeter({ ...traits, stallMilliamps: null });
    drive(byEdge, 1000, { turnsPerSecond: 0.8, milliamps: null, hasIndex: true });
    expect(byEdge.hasTurned).toBe(true);
  });

  it('counts edges and current that come while the motor is off', () => {
    const meter = new TurnMeter(traits);
    for (let i = 1; i < 200; i += 1) {
      meter.observe({
        atMs: i * PERIOD_MS,
        bowl: null,
        hopper: null,
        indexEdges: Math.floor(i / 20),
        motorMilliamps: 240,
        undervoltage: false,
      });
    }
    expect(meter.edgesWhileOff).toBeGreaterThanOrEqual(8);
    expect(meter.currentWhileOffMs).toBeGreaterThan(2000);
    expect(meter.forwardTurns).toBeLessThan(3);
  });

  it('remembers how far it was', () => {
    const meter = new TurnMeter(traits);
    drive(meter, 2000, { turnsPerSecond: 0.8, milliamps: 250, hasIndex: true });
    expect(meter.forwardTurnsAt(1000)).toBeCloseTo(0.8, 1);
    expect(meter.forwardTurnsAt(-5000)).toBeLessThan(0.1);
  });
});
