import type { StationHealth } from '../../src/dispensing/feed-station.ts';

/** A station at rest, with food in its bowl and nothing wrong. */
export const calmHealth: StationHealth = {
  bowl: { grams: 3.2, sigmaGrams: 0.1, state: 'stable', ageMs: 12 },
  bowlStill: { grams: 3.2, ageMs: 12 },
  hopperGrams: null,
  hopperState: 'not_fitted',
  motorOn: false,
  undervoltage: false,
  fault: null,
  loopAgeMs: 20,
};
