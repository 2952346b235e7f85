import { runSeed, type SeedReport } from './run-seed.ts';
import { drawScenario } from './scenario.ts';
import { cpuSeconds } from './sim-figures.ts';
import { campaignDefaults, readSimOptions } from './sim-options.ts';

/** What a worker of a campaign answers for each seed that it is sent. */
export interface WorkerAnswer {
  readonly report: SeedReport;
  /** Processor time that the worker has used so far. */
  readonly cpuSeconds: number;
}

/*
 * One process of a campaign, with the campaign's own flags: it is sent seeds one after the other,
 * and ends when the channel is closed. A signal that stops the campaign is the campaign's to hear.
 */
const options = readSimOptions(process.argv.slice(2), campaignDefaults);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit());

let queue = Promise.resolve();
process.on('message', (seed: number) => {
  queue = queue.then(async () => {
    const scenario = drawScenario(seed, options.days, options.faults, options.mixture);
    const report = await runSeed({ scenario });
    process.send?.({ report, cpuSeconds: cpuSeconds() } satisfies WorkerAnswer);
  });
});
