import { sinceStart, type Violation } from './recorder.ts';
import type { RunFigures } from './run-totals.ts';
import type { SimOptions } from './sim-options.ts';

/** The figures for people, or as one line of JSON. */
export function printFigures(figures: RunFigures, options: SimOptions): void {
  if (options.json) {
    console.log(JSON.stringify(figures));
    return;
  }
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${name.padEnd(22)} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
  }
}

/** A violation with what led to it, and the command that shows it again. */
export function printViolation(violation: Violation, options: SimOptions): void {
  const { seed, invariant, atMs, why, trail } = violation;
  const faults = options.faultsText === 'all' ? '' : ` --faults ${options.faultsText}`;
  console.log(`\nseed ${seed}: ${invariant} is broken at ${sinceStart(atMs)}: ${why}`);
  for (const line of trail) console.log(`  ${line}`);
  const dense = options.mixture === 'dense' ? ' --dense' : '';
  console.log(
    `reproduce: npm run sim:device -- --seeds 1 --days ${options.days} --first-seed ${seed}${faults}${dense}\n`,
  );
}
