import { createHash } from 'node:crypto';
import { FeederError } from '@cat-feeder/shared';
import { endMisused, programFlags } from '../../device/src/platform/program-flags.ts';
import { type SyncFault, syncFaults } from './faults.ts';
import type { Violation } from './recorder.ts';
import { runSeed } from './run-seed.ts';

/** `npm run sim:sync`: both real cores in one process, with every fault, seed by seed. */
const SEEDS_DEFAULT = 100;

function readOptions() {
  // What stands behind `--` is for others: the name of a mutant.
  const values = programFlags({
    seeds: { type: 'number', default: SEEDS_DEFAULT },
    'first-seed': { type: 'number', default: 1 },
    faults: { type: 'string', default: 'all' },
    json: { type: 'boolean' },
    trail: { type: 'boolean' },
    'keep-going': { type: 'boolean' },
  });
  const names = values.faults === 'none' ? [] : values.faults.split(',');
  const faults = values.faults === 'all' ? syncFaults : (names as SyncFault[]);
  const unknown = faults.filter((name) => !syncFaults.includes(name));
  if (unknown.length > 0) {
    const message = `--faults takes all, none, or a list of: ${syncFaults.join(', ')}.`;
    endMisused(new FeederError('ERR_CONFIG', { message }));
  }
  return { ...values, firstSeed: values['first-seed'], faults, faultsText: values.faults };
}

function printViolation(violation: Violation, faultsText: string): void {
  const { seed, invariant, atMs, why, trail } = violation;
  for (const line of trail) console.log(`  ${line}`);
  console.log(`seed ${seed}: ${invariant} is broken after ${Math.round(atMs / 1000)} s: ${why}`);
  const faults = faultsText === 'all' ? '' : ` --faults ${faultsText}`;
  console.log(`reproduce: npm run -s sim:sync -- --seeds 1 --first-seed ${seed}${faults}\n`);
}

async function main(): Promise<void> {
  const options = readOptions();
  const began = process.hrtime.bigint();
  const hash = createHash('sha256');
  const sums = { seeds: 0, faults: 0, events: 0, commands: 0, starts: 0, violations: 0 };
  const byKind: Record<string, number> = {};
  const violatingSeeds: number[] = [];
  for (let seed = options.firstSeed; seed < options.firstSeed + options.seeds; seed++) {
    const print = options.trail ? { print: (line: string) => console.log(line) } : {};
    const report = await runSeed({ seed, faults: options.faults, ...print });
    hash.update(report.traceHash);
    sums.seeds += 1;
    sums.faults += report.faults;
    sums.events += report.events;
    sums.commands += report.commands;
    sums.starts += report.starts;
    sums.violations += report.violations.length;
    for (const [kind, count] of report.byKind) byKind[kind] = (byKind[kind] ?? 0) + count;
    const [first] = report.violations;
    if (first === undefined) continue;
    violatingSeeds.push(seed);
    printViolation(first, options.faultsText);
    if (!options['keep-going']) break;
  }
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const seedsPerSecond = Math.round((sums.seeds / seconds) * 10) / 10;
  const figures = { ...sums, violatingSeeds, seedsPerSecond, traceHash: hash.digest('hex') };
  if (options.json) console.log(JSON.stringify(figures));
  else console.log({ ...figures, byKind });
  if (sums.violations > 0) process.exitCode = 1;
}

await main();
