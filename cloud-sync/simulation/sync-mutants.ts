import { commandMutants } from './mutants/commands-mutants.ts';
import { documentMutants } from './mutants/documents-mutants.ts';
import { logMutants } from './mutants/log-mutants.ts';
import type { SyncMutant } from './mutants/mutant-edits.ts';

/** Every rule that can be taken away, one at a time. */
export const syncMutants: readonly SyncMutant[] = [
  ...logMutants,
  ...documentMutants,
  ...commandMutants,
];
