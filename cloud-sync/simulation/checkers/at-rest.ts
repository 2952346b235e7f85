import type { Household, WorldView } from '../world-view.ts';
import { checkCommandEnds, checkFood, checkStarts } from './commands.ts';
import { checkMutations, checkSameDocs } from './documents.ts';
import { checkChains, checkDensity, checkDrained, checkOrder } from './uplink.ts';

/** Everything that holds when nobody has anything left to say. */
export function checkAtRest(world: WorldView, household: Household): void {
  const rows = world.cloud.rows.get(household.deviceId);
  if (rows === undefined) return;
  const found = { world, household, rows };
  for (const check of [
    checkDensity,
    checkDrained,
    checkOrder,
    checkChains,
    checkStarts,
    checkCommandEnds,
    checkFood,
    checkSameDocs,
    checkMutations,
  ]) {
    check(found);
  }
}
