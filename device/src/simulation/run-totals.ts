import type { Milliseconds } from '@cat-feeder/shared';
import { DAY_MS } from '@cat-feeder/shared';
import { emptyCoverage, feedingClasses } from './checkers/mass-balance.ts';
import type { SeedReport } from './run-seed.ts';
import { foldHashes } from './sim-figures.ts';
import type { SimOptions } from './sim-options.ts';

/** Share of feedings whose true grams must lie in the booked interval, over the whole run. */
const COVERAGE_MIN = 0.99;
/** Fewer feedings than this say nothing about a share of 99 %. */
const COVERAGE_FEEDINGS_MIN = 1000;

/** What a run took: seconds that passed, and seconds of processor time over all of its programs. */
export interface Effort {
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** The last line of a run; keys and their meaning are in docs/simulation.md. */
export type RunFigures = ReturnType<RunTotals['figures']>;

/** Sums up the reports of the seeds of one run, in whatever order they come. */
export class RunTotals {
  readonly #options: SimOptions;
  readonly #hashes = new Map<number, string>();
  readonly #coverage = emptyCoverage();
  readonly #violatingSeeds: number[] = [];
  #livedMs: Milliseconds = 0;
  #feedings = 0;
  #boots = 0;
  #occurrencesChecked = 0;
  #punctualityChecked = 0;
  #hungerChecked = 0;
  #catchUps = 0;
  #overshoots = 0;
  #falseAlarms = 0;
  #refusalsChecked = 0;
  faults = 0;
  violations = 0;

  constructor(options: SimOptions) {
    this.#options = options;
  }

  get seeds(): number {
    return this.#hashes.size;
  }

  add(report: SeedReport): void {
    const violatedAtMs = report.violations[0]?.atMs;
    if (violatedAtMs !== undefined) this.#violatingSeeds.push(report.seed);
    this.#livedMs += violatedAtMs ?? this.#options.days * DAY_MS;
    this.#hashes.set(report.seed, report.traceHash);
    this.#feedings += report.feedings;
    this.#boots += report.boots;
    this.#occurrencesChecked += report.occurrencesChecked;
    this.#punctualityChecked += report.punctualityChecked;
    this.#hungerChecked += report.hungerChecked;
    this.#catchUps += report.catchUps;
    this.#overshoots += report.overshoots;
    this.#falseAlarms += report.falseAlarms;
    this.#refusalsChecked += report.refusalsChecked;
    this.faults += report.faults;
    this.violations += report.violations.length;
    for (const name of feedingClasses) {
      const sum = this.#coverage[name];
      const part = report.coverage[name];
      sum.feedings += part.feedings;
      sum.covered += part.covered;
      sum.tooLow += part.tooLow;
      sum.tooHigh += part.tooHigh;
      sum.widthGrams += part.widthGrams;
    }
  }

  figures(took: Effort) {
    const { days, firstSeed } = this.#options;
    const covered = feedingClasses.reduce((sum, name) => sum + this.#coverage[name].covered, 0);
    const intervalCoverage = this.#feedings === 0 ? 1 : covered / this.#feedings;
    const feederDays = this.#livedMs / DAY_MS;
    return {
      seeds: this.seeds,
      days,
      firstSeed,
      faults: this.faults,
      faultsPerFeederDay: rounded(this.faults / feederDays, 1),
      feederDays: rounded(feederDays, 1),
      violations: this.violations,
      violatingSeeds: this.#violatingSeeds.toSorted((a, b) => a - b),
      seconds: rounded(took.seconds, 1),
      feederDaysPerSecond: rounded(feederDays / took.seconds, 1),
      feederDaysPerCpuSecond: rounded(feederDays / took.cpuSeconds, 1),
      traceHash: this.#traceHash(),
      feedings: this.#feedings,
      boots: this.#boots,
      occurrencesChecked: this.#occurrencesChecked,
      punctualityChecked: this.#punctualityChecked,
      hungerChecked: this.#hungerChecked,
      catchUps: this.#catchUps,
      overshoots: this.#overshoots,
      falseAlarms: this.#falseAlarms,
      refusalsChecked: this.#refusalsChecked,
      intervalCoverage: rounded(intervalCoverage, 5),
      coverageBroken: this.#feedings >= COVERAGE_FEEDINGS_MIN && intervalCoverage < COVERAGE_MIN,
      coverage: this.#coverage,
    };
  }

  /** One line for somebody who waits. */
  progress(seconds: number): string {
    const days = Math.round(this.#livedMs / DAY_MS);
    const violating = this.#violatingSeeds.length;
    return `${Math.round(seconds)} s: ${this.seeds} seeds, ${days} feeder-days, ${this.faults} faults, ${this.#feedings} feedings, ${violating} seeds with violations`;
  }

  #traceHash(): string {
    const inOrder = [...this.#hashes].sort(([a], [b]) => a - b);
    return foldHashes(inOrder.map(([, hash]) => hash));
  }
}

function rounded(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
