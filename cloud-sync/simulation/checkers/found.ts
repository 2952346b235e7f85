import type { DeviceRows } from '../memory-cloud.ts';
import type { Household, WorldView } from '../world-view.ts';

/** What a checker looks at: the world, one household, and what the cloud has of it. */
export interface Found {
  readonly world: WorldView;
  readonly household: Household;
  readonly rows: DeviceRows;
}
