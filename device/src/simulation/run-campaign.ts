import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { endMisused } from '../platform/program-flags.ts';
import type { WorkerAnswer } from './campaign-worker.ts';
import { printFigures, printViolation } from './print-run.ts';
import { RunProgress } from './run-progress.ts';
import { RunTotals } from './run-totals.ts';
import { campaignDefaults, readSimOptions, type SimOptions } from './sim-options.ts';

/** Seeds that a worker has before it, so that it never waits for the next one. */
const AHEAD = 2;

/** A worker that ended before its seeds did: the figures say nothing then. */
class WorkerLost extends Error {}

/** Hands out seeds, in order, to one process per core until enough faults have been injected. */
class Campaign {
  readonly #options: SimOptions;
  readonly #totals: RunTotals;
  readonly #progress = new RunProgress(() => this.#endIfDone());
  readonly #workers: ChildProcess[];
  readonly #cpuSeconds = new Map<ChildProcess, number>();
  readonly #ended = Promise.withResolvers<void>();
  #nextSeed: number;
  /** Seeds that each worker has before it. */
  readonly #running = new Map<ChildProcess, number>();

  constructor(options: SimOptions) {
    this.#options = options;
    this.#totals = new RunTotals(options);
    this.#nextSeed = options.firstSeed;
    const count = options.workers ?? availableParallelism();
    this.#workers = Array.from({ length: count }, () => this.#startWorker());
  }

  /** Resolves with the figures of all seeds that were begun; rejects when a worker is lost. */
  async run() {
    for (const worker of this.#workers) {
      for (let i = 0; i < AHEAD; i++) this.#handOut(worker);
    }
    try {
      await this.#ended.promise;
    } finally {
      for (const worker of this.#workers) if (worker.connected) worker.disconnect();
    }
    const cpuSeconds = [...this.#cpuSeconds.values()].reduce((sum, value) => sum + value, 0);
    return this.#totals.figures({ seconds: this.#progress.seconds, cpuSeconds });
  }

  #startWorker(): ChildProcess {
    const worker = fork(new URL('./campaign-worker.ts', import.meta.url), process.argv.slice(2));
    worker.on('message', (answer: WorkerAnswer) => this.#take(worker, answer));
    worker.on('exit', (code, signal) => {
      // One that a signal met before it could say no takes its seeds with it.
      if (this.#progress.isStopping) this.#running.delete(worker);
      else this.#ended.reject(new WorkerLost(`a worker ended: ${code ?? signal}`));
      this.#endIfDone();
    });
    return worker;
  }

  #take(worker: ChildProcess, { report, cpuSeconds }: WorkerAnswer): void {
    this.#running.set(worker, (this.#running.get(worker) ?? 0) - 1);
    this.#cpuSeconds.set(worker, cpuSeconds);
    this.#totals.add(report);
    for (const violation of report.violations.slice(0, 1)) {
      printViolation(violation, this.#options);
    }
    this.#progress.tell((seconds) => this.#totals.progress(seconds));
    this.#handOut(worker);
    this.#endIfDone();
  }

  #handOut(worker: ChildProcess): void {
    if (this.#isEnough()) return;
    worker.send(this.#nextSeed);
    this.#nextSeed += 1;
    this.#running.set(worker, (this.#running.get(worker) ?? 0) + 1);
  }

  #isEnough(): boolean {
    const { faultsWanted, firstSeed, seeds } = this.#options;
    const hasFaults = faultsWanted !== null && this.#totals.faults >= faultsWanted;
    return hasFaults || this.#nextSeed >= firstSeed + seeds || this.#progress.isStopping;
  }

  #endIfDone(): void {
    const isIdle = [...this.#running.values()].every((seeds) => seeds === 0);
    if (this.#isEnough() && isIdle) this.#ended.resolve();
  }
}

/** `npm run sim:campaign`: the simulator of the device on every core, until a goal is reached. */
async function main(): Promise<void> {
  const options = readSimOptions(process.argv.slice(2), campaignDefaults);
  const figures = await new Campaign(options).run();
  printFigures(figures, options);
  if (figures.violations > 0 || figures.coverageBroken) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof WorkerLost)) endMisused(error);
  console.error(error.message);
  process.exitCode = 70;
}
