import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { programFlags } from '../../device/src/platform/program-flags.ts';
import type { SyncMutant } from './mutants/mutant-edits.ts';
import { syncMutants } from './sync-mutants.ts';

/** `npm run sim:sync:mutants`: takes one rule away after the other, and each must be missed. */
const SEEDS_DEFAULT = 120;
const TIMEOUT_MS = 120_000;
const runner = join(import.meta.dirname, 'run-sync.ts');
const hook = join(import.meta.dirname, 'mutant-hook.ts');

interface Verdict {
  readonly mutant: string;
  readonly why: string | null;
}

/** Runs seeds without the rule; what breaks it is the first line that says so. */
function hunt(mutant: SyncMutant, seeds: number): Verdict {
  const faults = mutant.faults === undefined ? [] : ['--faults', mutant.faults.join(',')];
  const args = ['--import', hook, runner, '--seeds', String(seeds), ...faults, '--', mutant.name];
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: TIMEOUT_MS });
  const broken = /^seed (\d+): .*$/m.exec(done.stdout);
  if (broken !== null) {
    const [why, seed = '1'] = broken;
    // What breaks with the rule in place, too, says nothing about the rule.
    const again = [runner, '--seeds', '1', '--first-seed', seed, ...faults];
    const sound = spawnSync(process.execPath, again, { encoding: 'utf8', timeout: TIMEOUT_MS });
    if (sound.status === 0) return { mutant: mutant.name, why };
    console.log(`${mutant.name}: breaks with every rule in place, too: ${why}`);
    return { mutant: mutant.name, why: null };
  }
  const isStale = done.stderr.includes('its text stands');
  const crash = /^\w*Error.*$/m.exec(done.stderr)?.[0];
  if (isStale || done.error !== undefined) {
    throw new RangeError(`${mutant.name}: ${crash ?? done.error?.message}`);
  }
  return { mutant: mutant.name, why: crash === undefined ? null : `the program broke: ${crash}` };
}

function main(): void {
  const options = programFlags({
    seeds: { type: 'number', default: SEEDS_DEFAULT },
    mutant: { type: 'string' },
    json: { type: 'boolean' },
  });
  const chosen = syncMutants.filter(({ name }) => (options.mutant ?? name) === name);
  const verdicts = chosen.map((mutant) => {
    const verdict = hunt(mutant, options.seeds);
    const end = verdict.why ?? 'SURVIVED';
    console.log(`${mutant.name.padEnd(22)} ${end.slice(0, 130)}`);
    return verdict;
  });
  const survivors = verdicts.filter(({ why }) => why === null).map(({ mutant }) => mutant);
  const figures = {
    mutants: verdicts.length,
    killed: verdicts.length - survivors.length,
    survivors,
  };
  console.log(options.json ? JSON.stringify(figures) : figures);
  if (survivors.length > 0 || verdicts.length === 0) process.exitCode = 1;
}

main();
