import type { MemoryCloud } from './memory-cloud.ts';
import type { DiskData } from './memory-disk.ts';
import type { Recorder } from './recorder.ts';
import type { SimFeeder } from './sim-feeder.ts';
import type { DeviceTruth } from './truth.ts';

/** One home's feeder with everything that the world knows about it. */
export interface Household {
  readonly deviceId: string;
  readonly truth: DeviceTruth;
  feeder: SimFeeder;
  clone: SimFeeder | null;
  /** Images of the card that somebody may put back. */
  readonly images: DiskData[];
}

/** What the checkers see of the world. */
export interface WorldView {
  readonly recorder: Recorder;
  readonly cloud: MemoryCloud;
  readonly households: readonly Household[];
  /** By how much clocks of nodes ever differed from true time. */
  readonly skewMs: { readonly min: number; readonly max: number };
}
