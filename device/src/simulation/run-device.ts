import { FeederError } from '@cat-feeder/shared';
import { emptyCoverage, feedingClasses } from './checkers/mass-balance.ts';
import { sinceStart, type Violation } from './recorder.ts';
import { runSeed, type SeedReport } from './run-seed.ts';
import { drawScenario } from './scenario.ts';
import { cpuSeconds, foldHashes, monotonicSeconds } from './sim-figures.ts';
import { readSimOptions, type SimOptions } from './sim-options.ts';

/** Share of feedings whose true grams must lie in the booked interval, over the whole run. */
const COVERAGE_MIN = 0.99;
/** Fewer feedings than this say nothing about a share of 99 %. */
const COVERAGE_FEEDINGS_MIN = 1000;

/** `npm run sim:device`: the whole daemon on a virtual clock, with seeded faults. */
async function main(): Promise<void> {
  const options = readSimOptions(process.argv.slice(2));
  const totals = emptyTotals();
  const began = { seconds: monotonicSeconds(), cpuSeconds: cpuSeconds() };
  const lastSeed = options.firstSeed + options.seeds - 1;
  for (let seed = options.firstSeed; seed <= lastSeed; seed++) {
    const report = await runSeed({
      scenario: drawScenario(seed, options.days, options.faults, options.mixture),
      ...(options.trail ? { print: (line: string) => console.log(line) } : {}),
    });
    addUp(totals, report);
    for (const violation of report.violations.slice(0, 1)) printViolation(violation, options);
    if (report.violations.length > 0 && !options.keepGoing) break;
  }
  const figures = figuresOf(totals, options, {
    seconds: monotonicSeconds() - began.seconds,
    cpuSeconds: cpuSeconds() - began.cpuSeconds,
  });
  if (options.json) console.log(JSON.stringify(figures));
  else printFigures(figures);
  if (totals.violations > 0 || figures.coverageBroken) process.exitCode = 1;
}

function emptyTotals() {
  return {
    seeds: 0,
    faults: 0,
    feedings: 0,
    boots: 0,
    occurrencesChecked: 0,
    punctualityChecked: 0,
    hungerChecked: 0,
    catchUps: 0,
    overshoots: 0,
    falseAlarms: 0,
    violations: 0,
    coverage: emptyCoverage(),
    hashes: [] as string[],
  };
}

function addUp(totals: ReturnType<typeof emptyTotals>, report: SeedReport): void {
  totals.seeds += 1;
  totals.faults += report.faults;
  totals.feedings += report.feedings;
  totals.boots += report.boots;
  totals.occurrencesChecked += report.occurrencesChecked;
  totals.punctualityChecked += report.punctualityChecked;
  totals.hungerChecked += report.hungerChecked;
  totals.falseAlarms += report.falseAlarms;
  totals.overshoots += report.overshoots;
  totals.catchUps += report.catchUps;
  totals.violations += report.violations.length;
  totals.hashes.push(report.traceHash);
  for (const name of feedingClasses) {
    const sum = totals.coverage[name];
    const part = report.coverage[name];
    sum.feedings += part.feedings;
    sum.covered += part.covered;
    sum.tooLow += part.tooLow;
    sum.tooHigh += part.tooHigh;
    sum.widthGrams += part.widthGrams;
  }
}

function figuresOf(
  totals: ReturnType<typeof emptyTotals>,
  options: SimOptions,
  took: { readonly seconds: number; readonly cpuSeconds: number },
) {
  const { seeds, faults, feedings, coverage } = totals;
  const covered = feedingClasses.reduce((sum, name) => sum + coverage[name].covered, 0);
  const feederDays = seeds * options.days;
  const intervalCoverage = feedings === 0 ? 1 : covered / feedings;
  return {
    seeds,
    days: options.days,
    firstSeed: options.firstSeed,
    faults,
    feederDays,
    violations: totals.violations,
    feederDaysPerSecond: Math.round((10 * feederDays) / took.seconds) / 10,
    feederDaysPerCpuSecond: Math.round((10 * feederDays) / took.cpuSeconds) / 10,
    traceHash: foldHashes(totals.hashes),
    feedings,
    boots: totals.boots,
    occurrencesChecked: totals.occurrencesChecked,
    punctualityChecked: totals.punctualityChecked,
    hungerChecked: totals.hungerChecked,
    catchUps: totals.catchUps,
    overshoots: totals.overshoots,
    falseAlarms: totals.falseAlarms,
    intervalCoverage: Math.round(intervalCoverage * 1e5) / 1e5,
    coverageBroken: feedings >= COVERAGE_FEEDINGS_MIN && intervalCoverage < COVERAGE_MIN,
    coverage,
  };
}

function printFigures(figures: ReturnType<typeof figuresOf>): void {
  for (const [name, value] of Object.entries(figures)) {
    console.log(`${name.padEnd(20)} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
  }
}

function printViolation(violation: Violation, options: SimOptions): void {
  const { seed, invariant, atMs, why, trail } = violation;
  const faults = options.faultsText === 'all' ? '' : ` --faults ${options.faultsText}`;
  console.log(`\nseed ${seed}: ${invariant} is broken at ${sinceStart(atMs)}: ${why}`);
  for (const line of trail) console.log(`  ${line}`);
  const dense = options.mixture === 'dense' ? ' --dense' : '';
  console.log(
    `reproduce: npm run sim:device -- --seeds 1 --days ${options.days} --first-seed ${seed}${faults}${dense}\n`,
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof FeederError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 64;
}
