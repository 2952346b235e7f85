import type { Grams } from '@cat-feeder/shared';
import { describe, expect, it } from 'vitest';
import { SimulatedFeeder } from '../../../test/support/simulated-feeder.ts';
import type { DispenseOrder } from '../../dispensing/feed-station.ts';
import type { Observed, Situation } from '../observed.ts';
import { OffMeansOff } from './off-means-off.ts';

/** A flap that leaks on between two looks, and then an order. */
function failuresAfter(parts: { filledForMs: number; eatenGrams: Grams }): string[] {
  const feeder = new SimulatedFeeder({ bowl: { capacityGrams: 300 } });
  const failures: string[] = [];
  const checker = new OffMeansOff({
    fail: (invariant) => failures.push(invariant),
    world: feeder.world,
    isAttentive: () => true,
  });
  const see = (event: Observed) => checker.see(event, situationAt(feeder.world.nowMs()));
  feeder.world.leakFlap({ gramsPerSecond: 2, closesOnReverse: false });
  feeder.turn(500);
  see({ kind: 'slice', feedingId: 'f1', maxMs: 250, direction: 'forward' });
  feeder.clock.advance(parts.filledForMs);
  see({ kind: 'look' });
  if (parts.eatenGrams > 0) feeder.world.eatNow(parts.eatenGrams);
  feeder.clock.advance(400_000);
  expect(feeder.world.truth()).toMatchObject({ isCatPresent: false });
  see({ kind: 'look' });
  see({ kind: 'order', order: anOrder });
  return failures;
}

describe('food that falls by itself', () => {
  it('I3 may not be followed by a feeding once the bowl got heavier', () => {
    expect(failuresAfter({ filledForMs: 40_000, eatenGrams: 0 })).toEqual(['I3']);
  });

  it('I3 could not be seen where it only filled up what a cat took out of a full bowl', () => {
    expect(failuresAfter({ filledForMs: 300_000, eatenGrams: 15 })).toEqual([]);
  });
});

const anOrder: DispenseOrder = {
  feedingId: 'f2',
  portionGrams: 10,
  gramsMax: 11,
  model: {
    gramsPerTurn: 6,
    gramsPerTurnSd: 0.4,
    inFlightGrams: 1.5,
    inFlightGramsSd: 0.3,
    kibbleGrams: 0.2,
    samples: 8,
  },
  openLoop: false,
};

function situationAt(nowMs: number): Situation {
  return {
    nowMs,
    trueWallMs: nowMs,
    isUp: true,
    bootedAtMs: 0,
    isDiskHealthy: true,
    diskHealthySinceMs: 0,
    clockRightSinceMs: 0,
    isClockFalse: false,
    hardwareSoundSinceMs: 0,
    pieceGramsMax: 1,
  };
}
