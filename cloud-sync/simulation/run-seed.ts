import type { SyncFault } from './faults.ts';
import type { Violation } from './recorder.ts';
import { storm } from './storm.ts';
import { SyncWorld } from './sync-world.ts';

/** What one seed came to. */
export interface SeedReport {
  readonly seed: number;
  readonly faults: number;
  readonly byKind: ReadonlyMap<SyncFault, number>;
  readonly events: number;
  readonly commands: number;
  readonly starts: number;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
}

/** Runs one seed from the first hello to rest. */
export async function runSeed(options: {
  readonly seed: number;
  readonly faults: readonly SyncFault[];
  readonly print?: (line: string) => void;
}): Promise<SeedReport> {
  const world = new SyncWorld(options);
  await world.run(storm);
  const { recorder, households, commands } = world;
  return {
    seed: options.seed,
    faults: recorder.faultCount,
    byKind: recorder.faults,
    events: households.reduce((sum, { truth }) => sum + truth.created.size, 0),
    commands,
    starts: households.reduce((sum, { truth }) => sum + truth.starts.size, 0),
    violations: recorder.violations,
    traceHash: recorder.digest(),
  };
}
