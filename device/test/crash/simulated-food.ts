import { FeederWorld } from '../../src/hardware/simulated/feeder-world.ts';
import { parseProfile } from '../../src/hardware/simulated/load-profile.ts';
import { restoreWorld, type WorldState } from '../../src/hardware/simulated/world-state.ts';
import { VirtualClock } from '../../src/platform/virtual-clock.ts';

/** No cat: what lands in the bowl stays there, so that the scale can be held to the truth. */
export const profile = { cat: { visitsPerDay: 0 } };
export const SEED = 7;

/** What the world comes to by itself when no program moves the motor any more. */
export function leftAlone(state: WorldState): {
  readonly forwardTurns: number;
  readonly landedGrams: number;
} {
  const clock = new VirtualClock();
  const world = new FeederWorld({ profile: parseProfile(profile), clock, seed: SEED });
  restoreWorld(world, state);
  clock.advance(20_000);
  return world.truth();
}
