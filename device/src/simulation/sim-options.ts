import { parseArgs } from 'node:util';
import { FeederError } from '@cat-feeder/shared';
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
  const { values } = parseFlags(args);
  const faultsText = values.faults ?? 'all';
  const faults = parseFaults(faultsText);
  if (faults === undefined) {
    throw wrong(`--faults takes all, none, or a list of: ${faultKinds.join(', ')}.`);
  }
  return {
    seeds: wholeNumber('seeds', values.seeds ?? String(defaults.seeds), SEEDS_MAX),
    days: wholeNumber('days', values.days ?? String(defaults.days), DAYS_MAX),
    firstSeed: wholeNumber('first-seed', values['first-seed'] ?? '1', Number.MAX_SAFE_INTEGER),
    faults,
    faultsText,
    json: values.json ?? false,
    trail: values.trail ?? false,
    keepGoing: values['keep-going'] ?? false,
    mixture: values.dense === true ? 'dense' : 'swarm',
    faultsWanted: optional('faults-wanted', values['faults-wanted'], FAULTS_MAX),
    workers: optional('workers', values.workers, WORKERS_MAX),
    mutant: values.mutant ?? null,
  };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        seeds: { type: 'string' },
        days: { type: 'string' },
        'first-seed': { type: 'string' },
        faults: { type: 'string' },
        'faults-wanted': { type: 'string' },
        workers: { type: 'string' },
        mutant: { type: 'string' },
        dense: { type: 'boolean' },
        json: { type: 'boolean' },
        trail: { type: 'boolean' },
        'keep-going': { type: 'boolean' },
      },
    });
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
}

function optional(name: string, text: string | undefined, max: number): number | null {
  return text === undefined ? null : wholeNumber(name, text, max);
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= max) return value;
  throw wrong(`--${name} takes a whole number from 1 to ${max}, not '${text}'.`);
}

function wrong(message: string): FeederError {
  return new FeederError('ERR_CONFIG', { message });
}
