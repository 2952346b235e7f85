import { FeederError } from '@cat-feeder/shared';
import { parseFlags } from '../platform/program-flags.ts';
import { type FaultKind, faultKinds, parseFaults } from './fault-kinds.ts';

/** What to run, from the command line. */
export interface SimOptions {
  readonly seeds: number;
  readonly days: number;
  readonly firstSeed: number;
  readonly faults: readonly FaultKind[];
  /** The text that gave `faults`, for the command that reproduces a failure. */
  readonly faultsText: string;
  readonly json: boolean;
  /** Prints the trail of events of every seed, not only of a failing one. */
  readonly trail: boolean;
  /** Goes on after a violation. */
  readonly keepGoing: boolean;
  /** `swarm`: each seed its own mixture of faults; `dense`: all of them, all the time. */
  readonly mixture: 'swarm' | 'dense';
  /** A campaign ends when so many faults have been injected; null: when its seeds are done. */
  readonly faultsWanted: number | null;
  /** Processes of a campaign; null: one for each core. */
  readonly workers: number | null;
  /** A rule that is switched off: see mutants.ts. */
  readonly mutant: string | null;
}

const SEEDS_MAX = 10_000_000;
/** A campaign ends by the faults that were wanted. */
export const campaignDefaults = { seeds: SEEDS_MAX, days: 4 } as const;
const DAYS_MAX = 4000;
const FAULTS_MAX = 1e12;
const WORKERS_MAX = 1024;

/** Reads the flags of `sim:device`, `sim:campaign` and `sim:mutants`; `ERR_CONFIG` names what is wrong. */
export function readSimOptions(
  args: readonly string[],
  defaults: { readonly seeds: number; readonly days: number } = { seeds: 20, days: 7 },
): SimOptions {
  const flags = parseFlags(args, {
    seeds: { type: 'number', default: defaults.seeds, max: SEEDS_MAX },
    days: { type: 'number', default: defaults.days, max: DAYS_MAX },
    'first-seed': { type: 'number', default: 1 },
    faults: { type: 'string', default: 'all' },
    'faults-wanted': { type: 'number', max: FAULTS_MAX },
    workers: { type: 'number', max: WORKERS_MAX },
    mutant: { type: 'string' },
    dense: { type: 'boolean' },
    json: { type: 'boolean' },
    trail: { type: 'boolean' },
    'keep-going': { type: 'boolean' },
  });
  const { seeds, days, json, trail, faults: faultsText } = flags;
  const faults = parseFaults(faultsText);
  if (faults === undefined) {
    const message = `--faults takes all, none, or a list of: ${faultKinds.join(', ')}.`;
    throw new FeederError('ERR_CONFIG', { message });
  }
  return {
    ...{ seeds, days, faults, faultsText, json, trail },
    firstSeed: flags['first-seed'],
    keepGoing: flags['keep-going'],
    mixture: flags.dense ? 'dense' : 'swarm',
    faultsWanted: flags['faults-wanted'] ?? null,
    workers: flags.workers ?? null,
    mutant: flags.mutant ?? null,
  };
}
