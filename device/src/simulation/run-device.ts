import { printFigures, printViolation } from './print-run.ts';
import { RunProgress } from './run-progress.ts';
import { runSeed } from './run-seed.ts';
import { RunTotals } from './run-totals.ts';
import { drawScenario } from './scenario.ts';
import { cpuSeconds, runProgram } from './sim-figures.ts';
import { readSimOptions } from './sim-options.ts';

/** `npm run sim:device`: the whole daemon on a virtual clock, with seeded faults. */
async function main(): Promise<void> {
  const options = readSimOptions(process.argv.slice(2));
  const totals = new RunTotals(options);
  const progress = new RunProgress();
  const beganCpuSeconds = cpuSeconds();
  const lastSeed = options.firstSeed + options.seeds - 1;
  for (let seed = options.firstSeed; seed <= lastSeed && !progress.isStopping; seed++) {
    const report = await runSeed({
      scenario: drawScenario(seed, options.days, options.faults, options.mixture),
      ...(options.trail ? { print: (line: string) => console.log(line) } : {}),
    });
    totals.add(report);
    for (const violation of report.violations.slice(0, 1)) printViolation(violation, options);
    if (report.violations.length > 0 && !options.keepGoing) break;
    progress.tell((seconds) => totals.progress(seconds));
  }
  const { seconds } = progress;
  const figures = totals.figures({ seconds, cpuSeconds: cpuSeconds() - beganCpuSeconds });
  printFigures(figures, options);
  if (totals.violations > 0 || figures.coverageBroken) process.exitCode = 1;
}

await runProgram(main);
