import type { DeviceRows } from '../memory-cloud.ts';
import type { Household, SyncWorld } from '../sync-world.ts';

/** What a checker looks at: the world, one household, and what the cloud has of it. */
export interface Found {
  readonly world: SyncWorld;
  readonly household: Household;
  readonly rows: DeviceRows;
}
