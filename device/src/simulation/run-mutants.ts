import { FeederError } from '@cat-feeder/shared';
import { type Mutant, mutants } from './mutants.ts';
import type { Violation } from './recorder.ts';
import { runSeed } from './run-seed.ts';
import { drawScenario } from './scenario.ts';
import { monotonicSeconds, runProgram } from './sim-figures.ts';
import { readSimOptions, type SimOptions } from './sim-options.ts';

/** Seeds that a mutant may survive before it counts as a survivor. */
const SEEDS_DEFAULT = 60;
const DAYS_DEFAULT = 4;

interface Verdict {
  readonly mutant: string;
  readonly rule: string;
  /** Seeds that were needed; null: it survived. */
  readonly seeds: number | null;
  readonly by: string | null;
  readonly why: string;
}

/** `npm run sim:mutants`: takes one safety rule away after the other, and each must be missed. */
async function main(): Promise<void> {
  const options = readSimOptions(process.argv.slice(2), {
    seeds: SEEDS_DEFAULT,
    days: DAYS_DEFAULT,
  });
  const chosen = mutants.filter(({ name }) => (options.mutant ?? name) === name);
  if (chosen.length === 0) {
    const known = mutants.map(({ name }) => name).join(', ');
    throw new FeederError('ERR_CONFIG', { message: `--mutant is one of: ${known}.` });
  }
  const began = monotonicSeconds();
  const verdicts: Verdict[] = [];
  for (const mutant of chosen) {
    const verdict = await hunt(mutant, options);
    verdicts.push(verdict);
    const end =
      verdict.seeds === null ? 'SURVIVED' : `killed by ${verdict.by}, seed ${verdict.seeds}`;
    console.log(`${mutant.name.padEnd(20)} ${end.padEnd(28)} ${verdict.why.slice(0, 110)}`);
  }
  const survivors = verdicts.filter(({ seeds }) => seeds === null).map(({ mutant }) => mutant);
  const figures = {
    mutants: verdicts.length,
    killed: verdicts.length - survivors.length,
    survivors,
    seedsNeeded: Object.fromEntries(verdicts.map(({ mutant, seeds }) => [mutant, seeds])),
    seconds: Math.round(monotonicSeconds() - began),
  };
  console.log(options.json ? JSON.stringify(figures) : figures);
  if (survivors.length > 0) process.exitCode = 1;
}

/** Runs seeds without the rule until an invariant breaks that holds with it. */
async function hunt(mutant: Mutant, options: SimOptions): Promise<Verdict> {
  const { name, rule } = mutant;
  for (let count = 1; count <= options.seeds; count++) {
    const seed = options.firstSeed + count - 1;
    const scenario = drawScenario(seed, options.days, mutant.faults, 'dense');
    const print = options.trail ? { print: (line: string) => console.log(line) } : {};
    const { violations } = await runSeed({ scenario, sabotage: mutant.sabotage(), ...print });
    const found = violations[0];
    // An error of the daemon is no answer of an invariant.
    if (found === undefined || found.invariant === 'I0') continue;
    if (await holdsWithRule(scenario, found)) {
      return { mutant: name, rule, seeds: count, by: found.invariant, why: found.why };
    }
  }
  return { mutant: name, rule, seeds: null, by: null, why: rule };
}

/** What breaks with the rule in place, too, says nothing about the mutant. */
async function holdsWithRule(
  scenario: Parameters<typeof runSeed>[0]['scenario'],
  found: Violation,
): Promise<boolean> {
  const { violations } = await runSeed({ scenario });
  return !violations.some(({ invariant }) => invariant === found.invariant);
}

await runProgram(main);
