import type { Household, WorldView } from '../world-view.ts';
import { checkCommandEnds, checkFood, checkStarts } from './commands.ts';
import { checkMutations, checkNoDocVanished, checkSameDocs } from './documents.ts';
import { checkChains, checkDensity, checkDrained, checkEpochs, checkOrder } from './uplink.ts';

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
    checkEpochs,
    checkStarts,
    checkCommandEnds,
    checkFood,
    checkSameDocs,
    checkMutations,
    checkNoDocVanished,
  ]) {
    check(found);
  }
}
